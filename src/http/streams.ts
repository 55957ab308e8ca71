/**
 * Answers that go on: server-sent events (the HTML standard, 9.2). They are few, none of them keeps anything for a reader
 * that does not take it, and one whose reader has gone to sleep is dropped.
 */
import type { ServerResponse } from "node:http";

import type { Millis } from "../core/types.ts";
import type { HistoryId } from "../engine/line.ts";
import { Follower } from "./follower.ts";
import type { Limits } from "./limits.ts";
import type { View } from "./view.ts";

/** What they tell. */
export type StreamKind = "events" | "followers";

/** How long a reader that is dropped may take to read why. */
const FAREWELL: Millis = 1000;

export class Streams {
  readonly #view: View;
  readonly #limits: Pick<Limits, StreamKind | "untaken">;
  readonly #open = { events: new Set<Stream>(), followers: new Set<Stream>() };
  #ended = false;

  constructor(view: View, limits: Pick<Limits, StreamKind | "untaken">) {
    this.#view = view;
    this.#limits = limits;
  }

  /** So many are open, and there may not be more; null: there may. */
  full(kind: StreamKind): number | null {
    return this.#open[kind].size < this.#limits[kind] ? null : this.#limits[kind];
  }

  /** Tells all events after that one, those of the past first. Ask first whether it is full. */
  begin(response: ServerResponse, after: HistoryId): void {
    const stream = this.admit("events", response);
    if (stream !== null) new Follower(this.#view, stream, after).begin();
  }

  /** Begins the answer. Null, and nothing is done: they are too many. */
  admit(kind: StreamKind, response: ServerResponse): Stream | null {
    if (this.full(kind) !== null) return null;
    const { untaken } = this.#limits;
    const stream = new Stream(response, untaken, () =>
      this.#view.tell(`A stream over HTTP was dropped: its reader has taken nothing for ${untaken / 1000} s.`));
    this.#open[kind].add(stream);
    response.once("close", () => {
      stream.end();
      this.#open[kind].delete(stream);
    });
    if (this.#ended) stream.end();
    return stream;
  }

  /** Their clients come again, and say where they were. */
  end(): void {
    this.#ended = true;
    for (const stream of [...this.#open.events, ...this.#open.followers]) stream.end();
  }
}

export class Stream {
  readonly #response: ServerResponse;
  readonly #patience: Millis;
  readonly #dropped: () => void;
  readonly #over = new AbortController();
  #goOn = (): void => {};

  /** @param dropped is told when its reader has taken nothing for longer than the patience */
  constructor(response: ServerResponse, patience: Millis, dropped: () => void) {
    this.#response = response;
    this.#patience = patience;
    this.#dropped = dropped;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.flushHeaders();
    response.socket?.setTimeout(0); // where nothing happens nothing moves
    response.on("drain", () => this.#goOn());
  }

  /** Aborted when it ends, whoever ends it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Its reader has not taken all that was written: before more is, `taken` is to be waited for. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Whole events, or comments. */
  write(text: string): void {
    if (!this.over.aborted) this.#response.write(text);
  }

  /** What was written has been taken, or the stream is over. */
  async taken(): Promise<void> {
    if (this.over.aborted || !this.isBehind) return;
    const timer = setTimeout(() => this.#drop(), this.#patience);
    await new Promise<void>((resolve) => { this.#goOn = resolve; });
    clearTimeout(timer);
  }

  end(): void {
    if (this.over.aborted) return;
    this.#over.abort();
    this.#goOn();
    this.#response.end();
  }

  destroy(): void {
    this.end();
    this.#response.destroy();
  }

  #drop(): void {
    this.write(`: dropped: nothing was taken for ${this.#patience / 1000} s\n\n`);
    this.end();
    const timer = setTimeout(() => this.#response.destroy(), FAREWELL);
    this.#response.once("close", () => clearTimeout(timer));
    this.#dropped();
  }
}
