/**
 * Answers that go on: server-sent events (the HTML standard, 9.2). They are few, none of them keeps anything for a reader
 * that does not take it, and one whose reader has gone to sleep is dropped.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import type { Millis } from "../core/types.ts";
import type { HistoryId } from "../engine/line.ts";
import { Follower } from "./follower.ts";
import { Herald } from "./herald.ts";
import type { Limits } from "./limits.ts";
import { Problem } from "./problem.ts";
import type { View } from "./view.ts";

/** What they tell. */
export type StreamKind = "events" | "followers";

type StreamLimits = Pick<Limits, StreamKind | "untaken" | "farewell">;

const FULL = { events: "event streams are open already", followers: "logs are followed already" };

export class Streams {
  readonly #view: View;
  readonly #limits: StreamLimits;
  readonly #herald: Herald;
  readonly #open = { events: new Set<Stream>(), followers: new Set<Stream>() };
  /** Those that are over, but not to their readers. */
  readonly #dropped = new Set<Stream>();
  #ended = false;

  constructor(view: View, limits: StreamLimits) {
    this.#view = view;
    this.#limits = limits;
    this.#herald = new Herald(view);
  }

  /** Tells all events after that one, those of the past first. @throws Problem E_BUSY */
  begin(response: ServerResponse, after: HistoryId): void {
    new Follower(this.#view, this.#herald, this.admit("events", response), after).begin();
  }

  /** Begins the answer. @throws Problem E_BUSY where there are too many, and then nothing is begun */
  admit(kind: StreamKind, response: ServerResponse): Stream {
    const open = this.#open[kind];
    const { [kind]: most, untaken } = this.#limits;
    if (open.size >= most) throw new Problem("E_BUSY", `${most} ${FULL[kind]}`);
    const stream = new Stream(response, this.#limits, () => {
      open.delete(stream);
      this.#dropped.add(stream);
      this.#view.tell(`A stream over HTTP was dropped: its reader has taken nothing for ${untaken / 1000} s.`);
    });
    open.add(stream);
    response.once("close", () => {
      stream.end();
      open.delete(stream);
      this.#dropped.delete(stream);
    });
    if (this.#ended) stream.end();
    return stream;
  }

  /** The same, once all that has happened is told; resolves when it was taken, or the patience is over. */
  async endWithAll(patience: Millis): Promise<void> {
    const all = [...this.#open.events, ...this.#open.followers];
    this.#herald.tell();
    this.#ended = true;
    for (const stream of this.#open.events) stream.end();
    for (const stream of this.#open.followers) stream.finish();
    await Promise.race([Promise.all(all.map(({ closed }) => closed)), pause(patience, undefined, { ref: false })]);
    this.end();
  }

  /** Their clients come again, and say where they were. */
  end(): void {
    this.#ended = true;
    for (const stream of [...this.#open.events, ...this.#open.followers]) stream.end();
    for (const stream of this.#dropped) stream.destroy();
  }
}

export class Stream {
  readonly #response: ServerResponse;
  readonly #limits: Pick<Limits, "untaken" | "farewell">;
  readonly #dropped: () => void;
  readonly #over = new AbortController();
  readonly #last = new AbortController();
  /** All of it is sent, or nobody is there to take it. */
  readonly closed: Promise<void>;
  #goOn = (): void => {};

  /** @param dropped is told when its reader has taken nothing for too long */
  constructor(response: ServerResponse, limits: Pick<Limits, "untaken" | "farewell">, dropped: () => void) {
    this.#response = response;
    this.#limits = limits;
    this.#dropped = dropped;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.flushHeaders();
    response.socket?.setTimeout(0); // where nothing happens nothing moves
    response.on("drain", () => this.#goOn());
    this.closed = new Promise((resolve) => response.once("close", () => resolve()));
  }

  /** Aborted when it ends, whoever ends it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Aborted when what is there by then is the last that it is to tell: whoever tells it ends it. */
  get last(): AbortSignal {
    return this.#last.signal;
  }

  /** Its reader has not taken all that was written: before more is, `taken` is to be waited for. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Whole events, or comments. */
  write(events: string | Buffer): void {
    if (!this.over.aborted) this.#response.write(events);
  }

  /** What was written has been taken, or the stream is over. */
  async taken(): Promise<void> {
    if (this.over.aborted || !this.isBehind) return;
    const timer = setTimeout(() => this.#drop(), this.#limits.untaken);
    await new Promise<void>((resolve) => { this.#goOn = resolve; });
    clearTimeout(timer);
  }

  finish(): void {
    this.#last.abort();
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

  /** Its reader may only sleep. What was written, which is little, is kept for it, so that it ends with a whole event and why. */
  #drop(): void {
    this.write(`: dropped: nothing was taken for ${this.#limits.untaken / 1000} s\n\n`);
    this.end();
    const timer = setTimeout(() => this.#response.destroy(), this.#limits.farewell);
    this.#response.once("close", () => clearTimeout(timer));
    this.#dropped();
  }
}
