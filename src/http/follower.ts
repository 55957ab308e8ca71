/**
 * One who listens to what happens: a place in the history, and no queue. Who takes events slower than they happen reads
 * them from the file later, and costs no memory.
 */
import type { HistoryId } from "../engine/line.ts";
import { eventOf } from "./herald.ts";
import type { Herald, Listener } from "./herald.ts";
import type { Stream } from "./streams.ts";
import type { View } from "./view.ts";

export class Follower {
  readonly #view: View;
  readonly #herald: Herald;
  readonly #stream: Stream;
  /** The last that was told. */
  #told: HistoryId;
  /** Reads from the history; what happens meanwhile stands there too. */
  #behind = false;

  constructor(view: View, herald: Herald, stream: Stream, after: HistoryId) {
    this.#view = view;
    this.#herald = herald;
    this.#stream = stream;
    this.#told = after;
  }

  begin(): void {
    const { over } = this.#stream;
    if (over.aborted) return;
    const listener: Listener = (events, last) => {
      if (!this.#behind) this.#tell(events, last);
    };
    this.#herald.add(listener);
    over.addEventListener("abort", () => this.#herald.remove(listener), { once: true });
    if (this.#told < this.#view.past.lastId) void this.#catchUp();
  }

  #tell(events: string | Buffer, last: HistoryId): void {
    this.#told = last;
    this.#stream.write(events);
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
          this.#tell(eventOf(line), line.id);
          await this.#stream.taken();
        }
        // What is not there any more, this reader has missed: the ids that it gets say so.
        this.#told = Math.max(this.#told, goal);
      }
      this.#herald.tell(); // the others: what is still to be told this one has read
      this.#behind = false;
    } catch (error) {
      this.#view.bug(error, "events were told from the history");
      this.#stream.destroy();
    }
  }
}
