/**
 * What happens, for all who listen: the text is made once, and goes out a hundred times a second at most. A thousand
 * restarts are some thousand records, and to write each to each reader would hold up the next restart.
 */
import type { Millis } from "../core/types.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import type { View } from "./view.ts";

/** Hears all that happens from now on: whole events, and the id of the last of them. */
export type Listener = (events: Buffer, last: HistoryId) => void;

const SOON: Millis = 10;

/** What waits until then is no more than that. */
const MOST_LETTERS = 256 * 1024;

export class Herald {
  readonly #view: Pick<View, "past" | "engine">;
  readonly #listeners = new Set<Listener>();
  #forget = (): void => {};
  #untold = "";
  #last: HistoryId = 0;

  constructor(view: Pick<View, "past" | "engine">) {
    this.#view = view;
  }

  add(listener: Listener): void {
    this.tell(); // of what was before this one is not told
    if (this.#listeners.size === 0) this.#forget = this.#view.past.subscribe((line) => this.#hear(line));
    this.#listeners.add(listener);
  }

  remove(listener: Listener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#forget();
  }

  /** All that has happened, now. */
  tell(): void {
    if (this.#untold === "") return;
    const events = Buffer.from(this.#untold);
    this.#untold = "";
    for (const listener of [...this.#listeners]) listener(events, this.#last);
  }

  #hear(line: HistoryLine): void {
    // Soon would be too late for the last that happens.
    if (this.#view.engine.state.course !== "keeping") setImmediate(() => this.tell());
    else if (this.#untold === "") setTimeout(() => this.tell(), SOON);
    this.#untold += eventOf(line);
    this.#last = line.id;
    if (this.#untold.length >= MOST_LETTERS) this.tell();
  }
}

export function eventOf(line: HistoryLine): string {
  return `id: ${line.id}\nevent: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`;
}
