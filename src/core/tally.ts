/**
 * How the slots of an entry stand, counted: what order and `exitWhen` ask, whatever the number of slots. The counts follow
 * from the slots. So they are kept with each change of one, and never written down.
 *
 * All but the living are of slots that are wanted, and below the count: the extra slot of a rolling restart stands nowhere.
 */
import type { Slot } from "./state.ts";
import type { After } from "./types.ts";

/** `absent`: it has no process, or only one that is being ended; and yet it is not at rest, or will not be for long. */
export type Standing = "absent" | "started" | "ready" | "finished" | "failed" | "blocked" | "scheduled";

/** `live`: how many are not at rest, whatever their number, and whoever wants them. */
export type Tally = Readonly<Record<Standing | "live", number>>;

export const NOBODY: Tally = { live: 0, absent: 0, started: 0, ready: 0, finished: 0, failed: 0, blocked: 0, scheduled: 0 };

/** Null: nobody wants it. */
export function standingOf({ wanted, phase }: Pick<Slot, "wanted" | "phase">): Standing | null {
  if (!wanted) return null;
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
  const by = (standing: Standing): number => Number(to === standing) - Number(from === standing);
  return {
    live: tally.live + more, absent: tally.absent + by("absent"), started: tally.started + by("started"), ready: tally.ready + by("ready"),
    finished: tally.finished + by("finished"), failed: tally.failed + by("failed"), blocked: tally.blocked + by("blocked"),
    scheduled: tally.scheduled + by("scheduled"),
  };
}

/** How a slot stands that is not there yet for whoever comes after it. */
export const MISSING: Readonly<Record<After["on"], readonly Standing[]>> = {
  started: ["absent", "failed", "blocked"],
  ready: ["absent", "failed", "blocked", "started"],
  finished: ["absent", "failed", "blocked", "started", "ready", "scheduled"],
};
