/**
 * A process that is there, and not ready yet: it says so itself, by sd_notify(3), or somebody who looks at it finds it ready.
 * To run out of time is a failure. A daemon gets here once it has forked itself away, with what is left of its time.
 */
import { followNamed } from "./daemon.ts";
import type { Draft } from "./draft.ts";
import { impossible } from "./event.ts";
import type { Turn } from "./event.ts";
import { keeps } from "./held.ts";
import { end, ended, judged, ready, signal, timer } from "./moves.ts";
import { extended, hasNamedAnother, hear, TRIGGERED } from "./said.ts";
import type { PhaseOf, Slot } from "./state.ts";
import { statusOf } from "./types.ts";
import type { Millis, Tidings } from "./types.ts";

/** What it has said, and what was found, while nobody listened is told after a resume. So much time there is for that. */
const LEAST_AFTER_RESUME: Millis = 1000;

export const readying: Turn<"readying"> = (draft, slot, phase, event) => {
  const { run: id, started } = phase;
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, id, started, event.cause, event.by);
    case "resume": {
      if (!keeps(draft, slot)) return end(draft, slot, id, started, event.cause, draft.leaveBy);
      const { at } = phase.deadline;
      const least = draft.now.mono + LEAST_AFTER_RESUME;
      return at >= least ? slot : { ...slot, phase: { ...phase, deadline: timer(draft, least) } };
    }
    case "signal": return signal(draft, slot, id, started, event.signal, event.by);
    case "exited": {
      if (hasNamedAnother(phase, event)) return followNamed(draft, slot, phase, event.exit, phase.deadline.at);
      const after = judged(draft, slot, { failed: true, at: event.exit.at.mono, ran: null });
      const cause = statusOf(event.exit) === "known" ? "exited" : "unknown";
      return ended(draft, after.slot, id, started, event, after.next, cause, draft.law(slot).scope);
    }
    case "proven": return draft.law(slot).ready === "probe" ? ready(draft, slot, id, started, phase.said) : slot;
    case "notified": return notified(draft, slot, phase, event.tidings);
    case "oversized": return end(draft, slot, id, started, "memory", null, { reason: event.message });
    case "changed": return end(draft, slot, id, started, "watch", null, { reason: event.file });
    case "due": return end(draft, slot, id, started, "schedule", null);
    case "timeUp": return end(draft, slot, id, started, "readyTimeout", null, { reason: phase.finding });
    case "examined": return event.ok ? slot : { ...slot, phase: { ...phase, finding: event.message } };
    case "hurry": return slot;
    case "spawned": case "fault": case "cleared": case "followed": case "astray": case "surviving": case "opened":
      return impossible(slot, phase, event);
  }
};

function notified(draft: Draft, slot: Slot, phase: PhaseOf<"readying">, tidings: Tidings): Slot {
  const said = hear(phase.said, tidings);
  if (tidings.watchdog === "trigger") return end(draft, slot, phase.run, phase.started, "watchdog", null, { reason: TRIGGERED });
  if (tidings.ready && draft.law(slot).ready === "notify") return ready(draft, slot, phase.run, phase.started, said);
  return { ...slot, phase: { ...phase, said, deadline: extended(draft, phase.deadline, tidings) } };
}
