/**
 * The law of a slot, one function per phase: what it becomes when something happens to it. Read down a function to see
 * all that a phase can meet; read across the functions to see what an event does everywhere. Here is the start; resting.ts
 * has the phases without a process, readiness.ts and running.ts those of a process that is wanted, daemon.ts those of a
 * program that forks itself away, ending.ts those of an end that somebody waits for.
 *
 * A new phase, or a new event, does not compile before each function has an answer to it.
 */
import { following, scopeBefore, settling, startFollowing } from "./daemon.ts";
import type { Draft } from "./draft.ts";
import { clearing, stopping } from "./ending.ts";
import { impossible } from "./event.ts";
import type { Event, Turn } from "./event.ts";
import { begin, end, goOn, judged, rest, toBeReady } from "./moves.ts";
import { codeOfFault } from "./outcome.ts";
import { readying } from "./readiness.ts";
import { blocked, over, scheduled, stopped, waiting } from "./resting.ts";
import { running } from "./running.ts";
import { NOTHING_SAID } from "./state.ts";
import type { Slot } from "./state.ts";
import { tellFault, tellStarted } from "./telling.ts";

export function turn(draft: Draft, slot: Slot, event: Event): Slot {
  const { phase } = slot;
  switch (phase.kind) {
    case "stopped": return stopped(draft, slot, phase, event);
    case "finished": case "failed": return over(draft, slot, phase, event);
    case "blocked": return blocked(draft, slot, phase, event);
    case "scheduled": return scheduled(draft, slot, phase, event);
    case "starting": return starting(draft, slot, phase, event);
    case "following": return following(draft, slot, phase, event);
    case "settling": return settling(draft, slot, phase, event);
    case "readying": return readying(draft, slot, phase, event);
    case "running": return running(draft, slot, phase, event);
    case "stopping": return stopping(draft, slot, phase, event);
    case "clearing": return clearing(draft, slot, phase, event);
    case "waiting": return waiting(draft, slot, phase, event);
  }
}

const starting: Turn<"starting"> = (draft, slot, phase, event) => {
  const { run } = phase;
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, run, null, event.cause, event.by, { scope: scopeBefore(draft.law(slot)) });
    // Nobody will answer this start any more. By another number, for it must not be taken for the one that comes now.
    case "resume": return draft.wants(slot) ? begin(draft, slot) : rest(draft, slot, event.cause, draft.leaveBy);
    case "spawned": {
      const { pid, at, identity } = event;
      const started = { pid, at, identity };
      tellStarted(draft, slot, run, started);
      const after = { ...slot, starts: slot.starts + 1 };
      const { daemon, readyTimeout } = draft.law(slot);
      return daemon
        ? startFollowing(draft, after, run, started)
        : toBeReady(draft, after, run, started, NOTHING_SAID, at.mono + readyTimeout);
    }
    case "fault": {
      tellFault(draft, slot, run, event.fault, event.at, null, null);
      const after = judged(draft, slot, { failed: true, at: event.at.mono, ran: null });
      return goOn(draft, after.slot, after.next, null, null, codeOfFault(event.fault));
    }
    case "changed": case "due": {
      const [cause, reason] = event.kind === "changed" ? ["watch", event.file] as const : ["schedule", null] as const;
      return end(draft, slot, run, null, cause, null, { scope: scopeBefore(draft.law(slot)), reason });
    }
    case "hurry": case "signal": return slot;
    case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven": case "examined": case "notified":
    case "oversized": case "opened": case "timeUp":
      return impossible(slot, phase, event);
  }
};
