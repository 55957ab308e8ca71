/** Watches the records until each process that is wanted at the beginning has been started, or could not be. */
import type { EntryConfiguration } from "../config/configuration.ts";
import type { HistoryRecord } from "../core/record.ts";
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";

export class FirstStarts {
  readonly #awaited: Set<SlotId>;
  readonly #done: () => void;

  constructor(entries: readonly EntryConfiguration[], done: () => void) {
    this.#awaited = new Set(entries.flatMap(({ law }) =>
      Array.from({ length: law.count }, (_, slot) => slotId(law.name, slot))));
    this.#done = done;
    // Nothing to wait for: done, but not before the caller has what it made.
    if (this.#awaited.size === 0) setImmediate(done);
  }

  record(record: HistoryRecord): void {
    if (record.type !== "started" && record.type !== "fault" && record.type !== "stopped") return;
    if (this.#awaited.delete(slotId(record.entry, record.slot)) && this.#awaited.size === 0) this.#done();
  }
}
