/**
 * The phases in which a slot has no process, and none is on its way: at rest, or waiting for its moment. What they differ in
 * is who may begin: somebody who asks, a timer, the schedule, or those that it comes after.
 */
import { impossible } from "./event.ts";
import type { Turn } from "./event.ts";
import { begin, enter, rest } from "./moves.ts";
import { tellWaiting } from "./telling.ts";

export const stopped: Turn<"stopped"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return slot;
      if (event.news) tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return event.atOnce ? begin(draft, slot) : enter(draft, slot);
    case "resume": return draft.wants(slot) ? enter(draft, slot) : slot;
    case "hurry": case "signal": case "changed": case "due": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized": case "opened": case "timeUp":
      return impossible(slot, phase, event);
  }
};

/** Finished or failed: it is wanted, and yet nothing is done until somebody asks, or the program is another one. */
export const over: Turn<"finished" | "failed"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!slot.wanted) return rest(draft, slot, event.cause, event.by);
      if (!draft.wants(slot) || !(event.afresh || event.atOnce)) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return slot.wanted ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "changed":
      tellWaiting(draft, slot, null, draft.now.mono, null, "watch");
      return begin(draft, slot);
    case "due": return begin(draft, slot);
    case "hurry": case "signal": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized": case "opened": case "timeUp":
      return impossible(slot, phase, event);
  }
};

/** What it comes after is not there. Nobody who asks for it changes that; it has been asked for already. */
export const blocked: Turn<"blocked"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, event.by);
    case "resume": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "opened": return begin(draft, slot);
    case "hurry": case "signal": case "changed": case "due": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized": case "timeUp":
      return impossible(slot, phase, event);
  }
};

/** It is not due. Another program changes nothing of that, but who asks for it has it now. */
export const scheduled: Turn<"scheduled"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return rest(draft, slot, event.cause, event.by);
      if (!event.atOnce) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "due": return begin(draft, slot);
    case "hurry": case "signal": case "changed": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized": case "opened": case "timeUp":
      return impossible(slot, phase, event);
  }
};

export const waiting: Turn<"waiting"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return rest(draft, slot, event.cause, event.by);
      if (!event.atOnce) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "changed":
      tellWaiting(draft, slot, null, draft.now.mono, null, "watch");
      return begin(draft, slot);
    case "due": return begin(draft, slot);
    case "timeUp": return begin(draft, slot);
    case "hurry": case "signal": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized": case "opened":
      return impossible(slot, phase, event);
  }
};
