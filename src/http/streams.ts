/**
 * Those who listen to what happens. A stream is a place in the history, and no queue: who takes events slower than they
 * happen reads them from the file later, and costs no memory.
 */
import type { ServerResponse } from "node:http";

import type { HistoryId, HistoryLine } from "../engine/line.ts";
import type { View } from "./view.ts";

/** Per listener. */
export const MOST_STREAMS = 64;

export class Streams {
  readonly #view: View;
  readonly #open = new Set<Stream>();
  #ended = false;

  constructor(view: View) {
    this.#view = view;
  }

  get full(): boolean {
    return this.#open.size >= MOST_STREAMS;
  }

  /** Tells all lines after that one, those of the past first. */
  begin(response: ServerResponse, after: HistoryId): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.flushHeaders();
    if (this.#ended) return void response.end();
    const stream = new Stream(this.#view, response, after);
    this.#open.add(stream);
    response.once("close", () => {
      stream.end();
      this.#open.delete(stream);
    });
    stream.begin();
  }

  /** Their clients come again, and say where they were. */
  end(): void {
    this.#ended = true;
    for (const stream of this.#open) stream.end();
  }
}

class Stream {
  readonly #view: View;
  readonly #response: ServerResponse;
  /** The last that was told. */
  #told: HistoryId;
  #over = false;
  /** Reads from the history; what happens meanwhile stands there too. */
  #behind = false;
  #forget = (): void => {};
  #goOn = (): void => {};

  constructor(view: View, response: ServerResponse, after: HistoryId) {
    this.#view = view;
    this.#response = response;
    this.#told = after;
  }

  begin(): void {
    this.#response.on("drain", () => this.#goOn());
    this.#forget = this.#view.past.subscribe((line) => {
      if (!this.#behind) this.#tell(line);
    });
    if (this.#told < this.#view.past.lastId) void this.#catchUp();
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#forget();
    this.#goOn();
    this.#response.end();
  }

  #tell(line: HistoryLine): void {
    this.#told = line.id;
    this.#response.write(`id: ${line.id}\nevent: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`);
    if (this.#response.writableNeedDrain && !this.#behind) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const { past } = this.#view;
    this.#behind = true;
    try {
      await this.#taken();
      while (!this.#over && this.#told < past.lastId) {
        const goal = past.lastId;
        for await (const line of past.since(this.#told)) {
          if (this.#over) return;
          this.#tell(line);
          await this.#taken();
        }
        // What is not there any more, this reader has missed: the ids that it gets say so.
        this.#told = Math.max(this.#told, goal);
      }
      this.#behind = false;
    } catch (error) {
      this.#view.bug(error, "events were told from the history");
      this.#response.destroy();
    }
  }

  /** The reader has taken what was written, or is gone. */
  async #taken(): Promise<void> {
    if (this.#over || !this.#response.writableNeedDrain) return;
    await new Promise<void>((resolve) => { this.#goOn = resolve; });
  }
}
