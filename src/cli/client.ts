/** How the command talks to a running Sentry: HTTP over its Unix socket. It knows the address, and not the engine. */
import { existsSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { basename, dirname } from "node:path";

import { SentryError } from "../errors.ts";
import type { Place } from "./place.ts";
import { problemOf, whoseOf } from "./problem.ts";
import type { Whose } from "./problem.ts";
import { Cut, Responses } from "./response.ts";
import type { Response } from "./response.ts";
import { serverSent } from "./server-sent.ts";
import type { ServerSent } from "./server-sent.ts";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Milliseconds within which the loop of a Sentry answers what it need not think about, on a machine however busy. */
const PATIENCE = 10_000;

/** A connection to one Sentry. It ends when that process does; a reload may end it as well, once it is answered. */
export class Client {
  readonly #place: Place;
  readonly #socket: Socket;
  readonly #responses: Responses;

  private constructor(place: Place, socket: Socket) {
    this.#place = place;
    this.#socket = socket;
    this.#responses = new Responses(socket);
    socket.on("error", () => {}); // told by the end of what can be read
  }

  /** @throws SentryError E_NOT_RUNNING, E_PERMISSION, or E_FAILED */
  static open(place: Place): Promise<Client> {
    return new Promise((resolve, reject) => {
      // A socket's address has room for 107 bytes (unix(7)); from its own folder any path is short enough.
      try {
        process.chdir(dirname(place.socket));
      } catch (error) {
        return reject(refusal(place, error as NodeJS.ErrnoException));
      }
      const socket = connect({ path: basename(place.socket) });
      socket.once("connect", () => resolve(new Client(place, socket)));
      socket.once("error", (error) => reject(refusal(place, error)));
    });
  }

  /**
   * The answer as soon as its head is there.
   * @throws Cut where the connection ended before: Sentry was just about to leave
   */
  begin(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = ""): Promise<Response> {
    const length = method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    // Where it runs for another, nothing is done.
    const meant = encodeURIComponent(this.#place.config);
    const lines = Object.entries({ "host": "localhost", "sentry-config": meant, ...headers, ...length })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
    return this.#responses.next();
  }

  /** Null where the connection ended before all of the answer was there. */
  async request(method: string, path: string, body?: object): Promise<Answer | null> {
    try {
      const asked = body === undefined ? this.begin(method, path)
        : this.begin(method, path, { "content-type": "application/json" }, JSON.stringify(body));
      return await complete(await asked);
    } catch (error) {
      if (error instanceof Cut) return null;
      throw error;
    }
  }

  post(path: string): Promise<Answer | null> {
    return this.request("POST", path);
  }

  /**
   * Server-sent events, until the connection ends. Taken slowly, they are sent slowly.
   * @param after the id of the last one that was seen; null: from now on
   * @throws SentryError as Sentry's problem says
   */
  async *follow(path: string, after: string | number | null): AsyncGenerator<ServerSent> {
    try {
      const response = await this.begin("GET", path, after === null ? {} : { "last-event-id": String(after) });
      if (response.status !== 200) throw await problemOf(await complete(response), `GET ${path}`, this.#place);
      yield* serverSent(response.body);
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
    }
  }

  /** The process at the other end is gone: the kernel closes what it leaves open. */
  gone(): Promise<void> {
    return this.#responses.end();
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function complete({ status, headers, body }: Response): Promise<Answer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return { status, headers, body: Buffer.concat(parts) };
}

/**
 * Asks one thing, on a connection of its own. Gives the document that is the answer.
 * @param patience milliseconds; what has Sentry evaluate a configuration takes longer than the rest
 * @throws SentryError as Sentry's problem says, or E_TIMEOUT
 */
export async function ask(place: Place, method: string, path: string, body?: object, patience = PATIENCE): Promise<unknown> {
  const answer = await answerTo(place, method, path, body, patience);
  try {
    return JSON.parse(answer.body.toString()) as unknown;
  } catch {
    throw new SentryError("E_FAILED", `what answers ${method} ${path} is no Sentry: it is no JSON`);
  }
}

/** The same, and gives the answer as it came. */
export async function answerTo(place: Place, method: string, path: string, body?: object, patience = PATIENCE): Promise<Answer> {
  // A reload cuts an answer that takes long. To ask again changes nothing: RFC 9110, 9.2.2.
  const answer = await tryFor(patience, place, method, path, body) ?? (method === "GET" ? await tryFor(patience, place, method, path) : null);
  if (answer === null) throw new SentryError("E_FAILED", `Sentry closed the connection to ${place.socket} without an answer`);
  if (answer.status >= 300) throw await problemOf(answer, `${method} ${path}`, place);
  return answer;
}

/** Null where the connection ended before all of the answer was there. */
async function tryFor(patience: number, place: Place, method: string, path: string, body?: object): Promise<Answer | null> {
  const client = await Client.open(place);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    client.close();
  }, patience);
  const answer = await client.request(method, path, body);
  clearTimeout(timer);
  client.close();
  if (late) throw new SentryError("E_TIMEOUT", `Sentry has not answered ${method} ${path} within ${patience / 1000} s (at ${place.socket})`);
  return answer;
}

/** Whose Sentry it is that answers in the run folder; null: nobody does, or it does not say. */
export async function whoRuns(place: Place): Promise<Whose | null> {
  try {
    const answer = await tryFor(PATIENCE, place, "GET", "/health");
    return answer && whoseOf(answer.headers);
  } catch {
    return null;
  }
}

/** `web`, an entry, or `web:0`, a slot of it: no entry has a colon in its name. */
export function pathOf(name: string): string {
  return `/${name.includes(":") ? "processes" : "entries"}/${encodeURIComponent(name)}`;
}

function refusal(place: Place, { code = "", message }: NodeJS.ErrnoException): SentryError {
  const where = `Sentry at ${place.socket}`;
  switch (code) {
    case "ECONNREFUSED":
      return new SentryError("E_NOT_RUNNING", `the Sentry of ${place.config} is gone (nobody answers at ${place.socket}); sentry start takes over what is left of it`);
    case "ENOENT": case "ENOTDIR": {
      const hint = existsSync(place.pidFile)
        ? `${place.pidFile} is there: if the process that it names is Sentry, its socket was removed, and SIGHUP brings it back with a reload`
        : `start one with: sentry start ${place.config}`;
      return new SentryError("E_NOT_RUNNING", `no Sentry answers for ${place.config} (tried ${place.socket}); ${hint}`);
    }
    case "EACCES": case "EPERM": return new SentryError("E_PERMISSION", `cannot talk to ${where}: permission denied; it belongs to another user`);
    // connect(2): a Unix socket's queue is full.
    case "EAGAIN": return new SentryError("E_BUSY", `more wait for ${where} than its queue holds`);
    default: return new SentryError("E_FAILED", `cannot talk to ${where}: ${message}`);
  }
}
