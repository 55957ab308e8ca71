/**
 * A reader of the event stream, which comes back with Last-Event-ID as often as the stream ends. Whatever happens to
 * Sentry, it sees each id once, in order.
 */
import { request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import type { HistoryLine } from "../../../src/engine/line.ts";

/** An end that was not asked for is no trouble; but who is refused must not try as fast as it can. */
const BEFORE_NEXT = 2;

export class Stream {
  readonly seen = new Map<number, string>();
  readonly failures: string[] = [];
  connections = 0;
  last = 0;
  readonly #socket: string;
  readonly #done: Promise<void>;
  #request: ClientRequest | null = null;
  #over = false;

  constructor(socket: string) {
    this.#socket = socket;
    this.#done = this.#run();
  }

  async end(): Promise<void> {
    this.#over = true;
    this.#request?.destroy();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      await this.#read().catch((error: unknown) => {
        const where = `the event stream, connection ${this.connections}, after id ${this.last}`;
        if (!this.#over) this.failures.push(`${where}: ${(error as Error).message}`);
      });
      await pause(BEFORE_NEXT);
    }
  }

  /** One connection, to its end. */
  #read(): Promise<void> {
    this.connections++;
    return new Promise((resolve, reject) => {
      const headers = { "Accept": "text/event-stream", "Last-Event-ID": String(this.last) };
      const where = { socketPath: this.#socket, path: "/events", agent: false, headers };
      this.#request = request(where, (response: IncomingMessage) => {
        if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
        let told = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          told += chunk;
          const events = told.split("\n\n");
          // What is cut off in the middle does not count, and comes again. HTML standard, 9.2.6.
          told = events.pop() ?? "";
          for (const event of events) this.#take(event);
        });
        response.on("error", reject).on("end", resolve);
      }).on("error", reject).end();
    });
  }

  #take(event: string): void {
    const fields = new Map(event.split("\n").map((line) => {
      const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      return [name, value] as const;
    }));
    const data = fields.get("data");
    if (data === undefined) return; // a comment
    const { id, type } = JSON.parse(data) as HistoryLine;
    if (fields.get("id") !== String(id) || fields.get("event") !== type) {
      this.failures.push(`an event that is not what it says: ${event}`);
    }
    if (id !== this.last + 1) {
      this.failures.push(`after the event ${this.last} comes ${id} (${type}), on connection ${this.connections}`);
    }
    this.seen.set(id, type);
    this.last = id;
  }
}
