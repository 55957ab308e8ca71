/**
 * The process that is wanted, and ready. It may be found dead although it is there: by a watchdog, when it says nothing for
 * too long; by examinations, when too many in a row are bad; by its size. Then it is ended, and what follows is what
 * follows from a failure. One that has said that it leaves is let go, and has its grace for that.
 */
import { followNamed } from "./daemon.ts";
import type { Draft } from "./draft.ts";
import { impossible } from "./event.ts";
import type { ExitedEvent, Turn } from "./event.ts";
import { keeps } from "./held.ts";
import { end, ended, judged, ranFor, signal, silence, timer } from "./moves.ts";
import { isSuccess } from "./restart.ts";
import { extended, hasNamedAnother, hear, TRIGGERED } from "./said.ts";
import { unawaited } from "./state.ts";
import type { PhaseOf, Slot } from "./state.ts";
import { tellUnhealthy } from "./telling.ts";
import { statusOf } from "./types.ts";
import type { Tidings, Token } from "./types.ts";

type Running = PhaseOf<"running">;

export const running: Turn<"running"> = (draft, slot, phase, event) => {
  const { run, started } = phase;
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, run, started, event.cause, event.by);
    case "resume":
      if (!keeps(draft, slot)) return end(draft, slot, run, started, event.cause, draft.leaveBy);
      // What it has said while nobody listened is not known: its time begins anew.
      return phase.silence === null ? slot : { ...slot, phase: { ...phase, silence: silence(draft, slot, phase.said) } };
    case "signal": return signal(draft, slot, run, started, event.signal, event.by);
    case "exited": return gone(draft, slot, phase, event);
    case "notified": return notified(draft, slot, phase, event.tidings);
    case "examined": return examined(draft, slot, phase, event.ok, event.message);
    case "oversized": return end(draft, slot, run, started, "memory", null, { reason: event.message });
    case "changed": return end(draft, slot, run, started, "watch", null, { reason: event.file });
    case "due": return end(draft, slot, run, started, "schedule", null);
    case "timeUp": return timeUp(draft, slot, phase, event.token);
    case "hurry": case "proven": return slot;
    case "spawned": case "fault": case "cleared": case "followed": case "astray": case "surviving": case "opened":
      return impossible(slot, phase, event);
  }
};

function gone(draft: Draft, slot: Slot, phase: Running, event: ExitedEvent): Slot {
  const { run, started } = phase;
  const { exit } = event;
  const law = draft.law(slot);
  if (phase.leaves === null && hasNamedAnother(phase, event)) {
    return followNamed(draft, slot, phase, exit, draft.now.mono + law.readyTimeout);
  }
  const after = judged(draft, slot, { failed: !isSuccess(law, exit), at: exit.at.mono, ran: ranFor(started, exit) });
  const cause = statusOf(exit) === "known" ? "exited" : "unknown";
  return ended(draft, after.slot, run, started, event, after.next, cause, law.scope);
}

/** Each of these is set only while it is waited for. */
function timeUp(draft: Draft, slot: Slot, phase: Running, token: Token): Slot {
  const { run, started, said } = phase;
  if (token === phase.settles?.token) return unawaited(slot);
  if (token === phase.leaves?.token) return end(draft, slot, run, started, "exited", null, { reason: STAYS });
  const every = said.watchdogEvery ?? draft.law(slot).watchdog;
  // A reload has taken its watchdog away.
  if (every === null) return { ...slot, phase: { ...phase, silence: null } };
  return end(draft, slot, run, started, "watchdog", null, { reason: `it has said nothing for ${every} ms` });
}

const STAYS = "it has said that it is stopping, and has not ended";

/** A new interval counts from now on, as a sign of life does. A watchdog that a reload has given begins with the next one. */
function notified(draft: Draft, slot: Slot, phase: Running, tidings: Tidings): Slot {
  const { watchdog, watchdogEvery, doing } = tidings;
  if (watchdog === "trigger") return end(draft, slot, phase.run, phase.started, "watchdog", null, { reason: TRIGGERED });
  const said = hear(phase.said, tidings);
  const isSign = watchdog === "alive" || watchdogEvery !== null;
  const begun = doing === "stopping" ? timer(draft, draft.now.mono + draft.law(slot).grace) : null;
  const leaves = phase.leaves ?? begun;
  if (leaves !== null) return { ...slot, phase: { ...phase, said, silence: null, leaves: extended(draft, leaves, tidings) } };
  return { ...slot, phase: { ...phase, said, silence: isSign ? silence(draft, slot, said) : phase.silence } };
}

/** An answer may come too late: after a reload that has taken the health away, or after it has said that it leaves. */
function examined(draft: Draft, slot: Slot, phase: Running, ok: boolean, message: string): Slot {
  const { health } = draft.law(slot);
  const ailing = ok || health === null || phase.leaves !== null ? 0 : phase.ailing + 1;
  if (health === null || ailing < health.failures) return ailing === phase.ailing ? slot : { ...slot, phase: { ...phase, ailing } };
  tellUnhealthy(draft, slot, phase.run, phase.started, ailing, message);
  return end(draft, slot, phase.run, phase.started, "unhealthy", null);
}
