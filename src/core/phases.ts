/**
 * The law of a slot, one function per phase: what it becomes when something happens to it. Read down a function to see
 * all that a phase can meet; read across the functions to see what an event does everywhere. Here are the phases that
 * every entry knows, from the start to the end that nobody has asked for; daemon.ts has those of a program that forks
 * itself away, ending.ts those of an end that somebody waits for.
 *
 * A new phase, or a new event, does not compile before each function has an answer to it.
 */
import { following, scopeBefore, settling, startFollowing } from "./daemon.ts";
import type { Draft } from "./draft.ts";
import { clearing, stopping } from "./ending.ts";
import { impossible } from "./event.ts";
import type { Event, Turn } from "./event.ts";
import { begin, end, ended, goOn, judged, ranFor, rest, run, signal } from "./moves.ts";
import { isSuccess } from "./restart.ts";
import { unawaited } from "./state.ts";
import type { Slot } from "./state.ts";
import { tellFault, tellStarted, tellWaiting } from "./telling.ts";
import { statusOf } from "./types.ts";

export function turn(draft: Draft, slot: Slot, event: Event): Slot {
  const { phase } = slot;
  switch (phase.kind) {
    case "stopped": return stopped(draft, slot, phase, event);
    case "finished": case "failed": return over(draft, slot, phase, event);
    case "starting": return starting(draft, slot, phase, event);
    case "following": return following(draft, slot, phase, event);
    case "settling": return settling(draft, slot, phase, event);
    case "running": return running(draft, slot, phase, event);
    case "stopping": return stopping(draft, slot, phase, event);
    case "clearing": return clearing(draft, slot, phase, event);
    case "waiting": return waiting(draft, slot, phase, event);
  }
}

const stopped: Turn<"stopped"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return slot;
      if (event.news) tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? begin(draft, slot) : slot;
    case "hurry": case "signal": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "timeUp":
      return impossible(slot, phase, event);
  }
};

/** Finished or failed: it is wanted, and yet nothing is done until somebody asks, or the program is another one. */
const over: Turn<"finished" | "failed"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!slot.wanted) return rest(draft, slot, event.cause, event.by);
      if (!draft.wants(slot) || !(event.afresh || event.atOnce)) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return slot.wanted ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "hurry": case "signal": return slot;
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "timeUp":
      return impossible(slot, phase, event);
  }
};

const starting: Turn<"starting"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, phase.run, null, event.cause, event.by, scopeBefore(draft.law(slot)));
    // Nobody will answer this start any more. By another number, for it must not be taken for the one that comes now.
    case "resume": return draft.wants(slot) ? begin(draft, slot) : rest(draft, slot, event.cause, draft.leaveBy);
    case "hurry": case "signal": return slot;
    case "spawned": {
      const { pid, at, identity } = event;
      const started = { pid, at, identity };
      tellStarted(draft, slot, phase.run, started);
      const after = { ...slot, starts: slot.starts + 1 };
      return draft.law(slot).daemon ? startFollowing(draft, after, phase.run, started) : run(draft, after, phase.run, started);
    }
    case "fault": {
      tellFault(draft, slot, phase.run, event.fault, event.at, null, null);
      const after = judged(draft, slot, { failed: true, at: event.at.mono, ran: null });
      return goOn(draft, after.slot, after.next, null, null);
    }
    case "exited": case "cleared": case "followed": case "astray": case "surviving": case "timeUp":
      return impossible(slot, phase, event);
  }
};

const running: Turn<"running"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, phase.run, phase.started, event.cause, event.by);
    case "resume": return draft.wants(slot) ? slot : end(draft, slot, phase.run, phase.started, event.cause, draft.leaveBy);
    case "signal": return signal(draft, slot, phase.run, phase.started, event.signal, event.by);
    case "hurry": return slot;
    case "exited": {
      const { exit } = event;
      const law = draft.law(slot);
      const ran = ranFor(phase.started, exit);
      const after = judged(draft, slot, { failed: !isSuccess(law, exit), at: exit.at.mono, ran });
      const cause = statusOf(exit) === "known" ? "exited" : "unknown";
      return ended(draft, after.slot, phase.run, phase.started, event, after.next, cause, law.scope);
    }
    case "timeUp": return unawaited(slot);
    case "spawned": case "fault": case "cleared": case "followed": case "astray": case "surviving":
      return impossible(slot, phase, event);
  }
};

const waiting: Turn<"waiting"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return rest(draft, slot, event.cause, event.by);
      if (!event.atOnce) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "hurry": case "signal": return slot;
    case "timeUp": return begin(draft, slot);
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving":
      return impossible(slot, phase, event);
  }
};
