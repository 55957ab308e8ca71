/** A history in memory. What a test takes out of `lines` is what cannot be read any more. */
import type { HistoryRecord } from "../../src/core/record.ts";
import { lineOf } from "../../src/engine/line.ts";
import type { HistoryLine } from "../../src/engine/line.ts";
import type { Past } from "../../src/http/view.ts";

export class FakePast implements Past {
  readonly lines: HistoryLine[] = [];
  lastId = 0;
  /** How many lines were read by `since`. */
  given = 0;
  readonly #listeners = new Set<(line: HistoryLine) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Something happens: an entry is scaled. Gives the id of its line. */
  happen(entry = "dummy", count = 1): number {
    return this.record({ type: "scaled", at: 1_763_793_299_120_431, entry, slot: null, pid: null, count, cause: null, by: null });
  }

  record(record: HistoryRecord): number {
    const line = lineOf(record, ++this.lastId);
    this.lines.push(line);
    for (const listener of this.#listeners) listener(line);
    return line.id;
  }

  async read({ entry, limit }: { entry?: string; limit: number }): Promise<HistoryLine[]> {
    return this.lines.filter((line) => entry === undefined || line.entry === entry).slice(-limit);
  }

  /** As a file is read: some lines now, the next ones later. */
  async *since(id: number): AsyncIterable<HistoryLine> {
    for (const line of this.lines.filter((each) => each.id > id)) {
      if (line.id % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      this.given++;
      yield line;
    }
  }

  subscribe(listener: (line: HistoryLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
