/** Who holds a slot, as its records are read one after the other. */
import { runOf, startedOf } from "../core/state.ts";
import type { Slot, Started } from "../core/state.ts";
import type { Identity, Micros, Millis, RunId, Stamp } from "../core/types.ts";
import type { Sketch } from "./sketch.ts";
import type { Untold } from "./untold.ts";

/** A process that the records know of. */
export interface Known {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly started: Started;
}

/** Replayed, as far as records of slots write into it. */
export interface Findings {
  readonly sketch: Sketch;
  readonly displaced: Map<RunId, Known>;
  readonly ended: Map<RunId, number | null>;
  readonly left: Map<RunId, Identity>;
  readonly untold: Untold;
}

/** The slot is that run's (null: nobody's) from now on. Whoever had it must have ended; but that is not recorded. */
export function give({ sketch, displaced }: Findings, slot: Slot, run: RunId | null, change: Partial<Slot>): void {
  const { entry, number, phase } = slot;
  const [holder, started] = [runOf(phase), startedOf(phase)];
  if (holder !== null && holder !== run && started !== null) {
    displaced.set(holder, { run: holder, entry, slot: number, started });
  }
  sketch.set({ ...slot, ...change });
}

/** Where a moment is told by the wall clock alone. It may have been set since, but what was is not to come. */
export function monoOf(at: Micros, now: Stamp): Millis {
  return now.mono - Math.max(0, (now.wall - at) / 1000);
}
