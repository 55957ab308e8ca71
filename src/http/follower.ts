/**
 * One who listens to what happens: a place in the history, and no queue. Who takes events slower than they happen reads
 * them from the file later, and costs no memory.
 */
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import type { Stream } from "./streams.ts";
import type { View } from "./view.ts";

export class Follower {
  readonly #view: View;
  readonly #stream: Stream;
  /** The last that was told. */
  #told: HistoryId;
  /** Reads from the history; what happens meanwhile stands there too. */
  #behind = false;

  constructor(view: View, stream: Stream, after: HistoryId) {
    this.#view = view;
    this.#stream = stream;
    this.#told = after;
  }

  begin(): void {
    const { over } = this.#stream;
    if (over.aborted) return;
    const forget = this.#view.past.subscribe((line) => {
      if (!this.#behind) this.#tell(line);
    });
    over.addEventListener("abort", forget, { once: true });
    if (this.#told < this.#view.past.lastId) void this.#catchUp();
  }

  #tell(line: HistoryLine): void {
    this.#told = line.id;
    this.#stream.write(`id: ${line.id}\nevent: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`);
    if (this.#stream.isBehind && !this.#behind) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const { past } = this.#view;
    const { over } = this.#stream;
    this.#behind = true;
    try {
      await this.#stream.taken();
      while (!over.aborted && this.#told < past.lastId) {
        const goal = past.lastId;
        for await (const line of past.since(this.#told)) {
          if (over.aborted) return;
          this.#tell(line);
          await this.#stream.taken();
        }
        // What is not there any more, this reader has missed: the ids that it gets say so.
        this.#told = Math.max(this.#told, goal);
      }
      this.#behind = false;
    } catch (error) {
      this.#view.bug(error, "events were told from the history");
      this.#stream.destroy();
    }
  }
}
