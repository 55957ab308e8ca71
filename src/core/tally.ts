/**
 * How the slots of an entry stand, counted: what order and `exitWhen` ask, whatever the number of slots. The counts follow
 * from the slots. So they are kept with each change of one, and never written down.
 *
 * All but the living are of slots that are wanted, and below the count: the extra slot of a rolling restart stands nowhere.
 */
import type { Phase } from "./state.ts";

/** `absent`: it has no process, or only one that is being ended; and yet it is not at rest, or will not be for long. */
export type Standing = "absent" | "started" | "ready" | "finished" | "failed" | "blocked" | "scheduled";

/** `live`: how many are not at rest, whatever their number, and whoever wants them. */
export type Tally = Readonly<Record<Standing | "live", number>>;

export const NOBODY: Tally = { live: 0, absent: 0, started: 0, ready: 0, finished: 0, failed: 0, blocked: 0, scheduled: 0 };

export function standingOf(phase: Phase): Standing {
  switch (phase.kind) {
    case "stopped": case "starting": case "stopping": case "clearing": case "waiting": return "absent";
    case "following": return phase.said !== null && phase.wasReady ? "ready" : "started";
    case "settling": case "readying": return "started";
    case "running": return "ready";
    case "finished": case "failed": case "blocked": case "scheduled": return phase.kind;
  }
}

/** One less here, one more there; null: nowhere. `more`: by how many more are alive. */
export function moved(tally: Tally, from: Standing | null, to: Standing | null, more: number): Tally {
  const after: Record<Standing | "live", number> = { ...tally };
  after.live += more;
  if (from !== null) after[from]--;
  if (to !== null) after[to]++;
  return after;
}
