/** What a slot is in another life of the machine: nothing of it runs, and no moment means anything. */
import { NO_FAILURES } from "../core/restart.ts";
import type { Phase, PhaseOf, Slot, Started } from "../core/state.ts";
import type { Millis, RunId, Stamp } from "../core/types.ts";
import { AT_REST, over, SCHEDULED } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";
import type { Untold } from "./untold.ts";

/** The moment has come already, whatever the clock says. */
export const AT_ONCE: Millis = 0;

/** `lost`: a run whose process did not outlive the machine, and whose end is still to be recorded. */
export function rebooted(slot: Slot, sketch: Sketch, now: Stamp, untold: Untold): { readonly slot: Slot; readonly lost: RunId | null } {
  if (slot.phase.kind === "clearing") clearedUp(slot, slot.phase, sketch, untold);
  const phase = phaseNow(slot, sketch, now);
  const lost = "started" in phase && phase.started !== null ? phase.run : null;
  return { slot: { ...slot, failures: NO_FAILURES, phase }, lost };
}

function phaseNow(slot: Slot, sketch: Sketch, now: Stamp): Phase {
  const { phase } = slot;
  switch (phase.kind) {
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting": return phase;
    case "waiting": return { ...phase, restart: { ...phase.restart, at: AT_ONCE } };
    // Whatever was to be found of a daemon is not there: this is the end of the run.
    case "following": return { ...phase, ended: null, started: startedBefore(phase.started, now) };
    case "settling": case "readying": case "running": return { ...phase, started: startedBefore(phase.started, now) };
    case "stopping": {
      const started = phase.started === null ? null : startedBefore(phase.started, now);
      return { ...phase, started, grace: phase.grace === null ? null : { ...phase.grace, at: AT_ONCE } };
    }
    case "clearing": return phaseAfter(slot, phase, sketch);
  }
}

function phaseAfter(slot: Slot, { next }: PhaseOf<"clearing">, sketch: Sketch): Phase {
  if (next.kind === "stopped") return AT_REST;
  if (sketch.law(slot.entry).schedule !== null) return SCHEDULED;
  return next.kind === "restart" ? sketch.waiting(AT_ONCE) : over(slot, next.kind);
}

/** Nothing is left, so nothing is told to end any more; and the law finds a slot that has come to rest already. */
function clearedUp(slot: Slot, { next }: PhaseOf<"clearing">, sketch: Sketch, untold: Untold): void {
  untold.forget(slot.entry, slot.number);
  const isOver = next.kind === "finished" || next.kind === "failed";
  if (isOver && sketch.law(slot.entry).schedule === null) untold.over(slot, next.kind, slot.lastExit?.cause ?? null);
}

/** How long ago it was started is only known by the wall clock. */
function startedBefore(started: Started, now: Stamp): Started {
  const ago = (now.wall - started.at.wall) / 1000;
  return { ...started, at: { ...started.at, mono: now.mono - ago } };
}
