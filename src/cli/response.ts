/**
 * Answers of HTTP/1.1 (RFC 9112), read from a connection one after the other, and just what a server may say to us: a
 * head, and a body that is counted, in chunks, or all that comes until the end. Node's own client would do; but to load
 * it takes a third of the time in which all of Node starts, and the command is to be quick.
 */
import type { Socket } from "node:net";

import { SentryError } from "../errors.ts";

export interface Response {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** To be read to its end before the next answer. Throws a Cut where the connection ends first. */
  readonly body: AsyncGenerator<Buffer>;
}

/** The connection has ended within an answer, or before it. */
export class Cut extends Error {
  override readonly name = "Cut";
}

/** Bytes of a line of the head, or of a chunk's size. */
const LONGEST_LINE = 16 * 1024;
const MOST_HEADERS = 100;

export class Responses {
  readonly #chunks: AsyncIterator<Buffer>;
  /** Has come, and is not used yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @throws Cut @throws SentryError where it is no HTTP */
  async next(): Promise<Response> {
    const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(await this.#line()) ?? [];
    if (status === undefined) throw notHttp("its first line is none");
    const headers = await this.#headers();
    return { status: Number(status), headers, body: this.#body(Number(status), headers) };
  }

  /** Whatever still comes is not wanted. Resolves when nothing comes any more. */
  async end(): Promise<void> {
    do this.#rest = Buffer.alloc(0);
    while (await this.#more());
  }

  async #headers(): Promise<Map<string, string>> {
    const headers = new Map<string, string>();
    for (let count = 0; count <= MOST_HEADERS; count++) {
      const line = await this.#line();
      if (line === "") return headers;
      const colon = line.indexOf(":");
      if (colon < 1) break;
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    throw notHttp("its head is wrong");
  }

  async *#body(status: number, headers: ReadonlyMap<string, string>): AsyncGenerator<Buffer> {
    const [coding, length] = [headers.get("transfer-encoding"), headers.get("content-length")];
    if (status === 204 || status === 304) return;
    if (coding !== undefined) {
      if (coding.toLowerCase() !== "chunked") throw notHttp(`its body is ${coding}`);
      yield* this.#chunked();
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw notHttp("its length is none");
      yield* this.#counted(Number(length));
    } else {
      do yield this.#take(this.#rest.length);
      while (await this.#more());
    }
  }

  async *#chunked(): AsyncGenerator<Buffer> {
    for (;;) {
      const [, digits] = /^([\da-f]{1,8})(?:;.*)?$/i.exec(await this.#line()) ?? [];
      if (digits === undefined) throw notHttp("a chunk has no size");
      const size = parseInt(digits, 16);
      if (size === 0) break;
      yield* this.#counted(size);
      if (await this.#line() !== "") throw notHttp("a chunk is longer than its size");
    }
    await this.#headers(); // the trailer
  }

  async *#counted(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0 && !await this.#more()) throw new Cut();
      const part = this.#take(Math.min(left, this.#rest.length));
      left -= part.length;
      yield part;
    }
  }

  async #line(): Promise<string> {
    let end = this.#rest.indexOf("\r\n");
    while (end === -1) {
      if (this.#rest.length > LONGEST_LINE) throw notHttp("a line has no end");
      if (!await this.#more()) throw new Cut();
      end = this.#rest.indexOf("\r\n");
    }
    const line = this.#take(end).toString("latin1");
    this.#take(2);
    return line;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  /** Whether there was more. A connection that was reset has just as little. */
  async #more(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
      return true;
    } catch {
      return false;
    }
  }
}

function notHttp(why: string): SentryError {
  return new SentryError("E_FAILED", `what answers is no Sentry: ${why}`);
}
