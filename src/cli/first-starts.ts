/** Watches the records until each process that is to be started at the beginning has been, or could not be. */
import type { HistoryRecord } from "../core/record.ts";
import type { State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { Law, SlotId } from "../core/types.ts";

/** Of a state that was left behind, what is at rest and should not be; what waits for its restart may wait for long. */
export function toBeStarted(state: State | null, laws: readonly Law[]): SlotId[] {
  if (state === null) return laws.flatMap(({ name, count }) => Array.from({ length: count }, (_, slot) => slotId(name, slot)));
  return [...state.slots]
    .filter(([, { wanted, phase }]) => phase.kind === "starting" || (wanted && phase.kind === "stopped"))
    .map(([id]) => id);
}

const ANSWERS: readonly HistoryRecord["type"][] = ["started", "fault", "stopped", "finished", "failed"];

export class FirstStarts {
  readonly #awaited: Set<SlotId>;
  readonly #done: () => void;

  constructor(awaited: Iterable<SlotId>, done: () => void) {
    this.#awaited = new Set(awaited);
    this.#done = done;
    // Nothing to wait for: done, but not before the caller has what it made.
    if (this.#awaited.size === 0) setImmediate(done);
  }

  record(record: HistoryRecord): void {
    if (record.slot === null || !ANSWERS.includes(record.type)) return;
    if (record.type === "fault" && record.run === null) return; // of a process that there is
    if (this.#awaited.delete(slotId(record.entry, record.slot)) && this.#awaited.size === 0) this.#done();
  }
}
