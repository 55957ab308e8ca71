/** Which slot a process gets whose start was not recorded, and what becomes of a process for which there is no slot. */
import { NO_FAILURES } from "../core/restart.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { Phase } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { RunId } from "../core/types.ts";
import type { Sketch } from "./sketch.ts";
import type { Trace } from "./traces.ts";

export class Places {
  readonly #sketch: Sketch;
  readonly #told: string[];
  /** Starts that were not recorded, and have a process. */
  readonly #begun = new Set<RunId>();

  constructor(sketch: Sketch, told: string[]) {
    this.#sketch = sketch;
    this.#told = told;
  }

  /** The slot is that run's, unless it has one with a process already: then the newer of the two has it. */
  take({ run, entry, slot: number }: Trace): void {
    this.#sketch.know(entry);
    const slot = this.#sketch.slot(entry, number);
    const holder = runOf(slot.phase);
    if (holder === run) {
      this.#begun.add(run);
      return;
    }
    const starting = { kind: "starting", run } as const;
    // What an earlier run has left is gone by the time that a newer one is started.
    const isThere = startedOf(slot.phase) !== null || (slot.phase.kind === "clearing" && slot.phase.run > run);
    const isTaken = holder !== null && (isThere || this.#begun.has(holder));
    if (isTaken) this.#told.push(`two processes were found for ${slotId(entry, number)}; the older one is ended`);
    if (isTaken && holder > run) this.beyond(entry, starting);
    else {
      if (isTaken) this.beyond(entry, slot.phase);
      this.#sketch.set({ ...slot, phase: starting });
    }
    this.#begun.add(run);
  }

  /** A number above all others, where nobody wants it: so it is told to end. */
  beyond(entry: string, phase: Phase): void {
    this.#sketch.set({ entry, number: this.#sketch.beyond(entry), wanted: false, starts: 1, lastExit: null, failures: NO_FAILURES, phase });
  }
}
