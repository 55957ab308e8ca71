/** How the command talks to a running Sentry: HTTP over its Unix socket. It knows the address, and nothing of the engine. */
import { existsSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { dirname, basename } from "node:path";

import { SentryError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Place } from "./place.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A connection to one Sentry. It ends when that process does; a reload may end it as well, once it is answered. */
export class Client {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // told by "close"
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** @throws SentryError E_NOT_RUNNING, or E_PERMISSION */
  static open(place: Place): Promise<Client> {
    return new Promise((resolve, reject) => {
      // A socket's address has room for 107 bytes (unix(7)); from its own folder any path is short enough.
      try {
        process.chdir(dirname(place.socket));
      } catch (error) {
        return reject(refusal(place, error as NodeJS.ErrnoException));
      }
      const socket = connect({ path: basename(place.socket) });
      socket.once("connect", () => resolve(new Client(socket)));
      socket.once("error", (error) => reject(refusal(place, error)));
    });
  }

  post(path: string): Promise<Answer | null> {
    return this.request("POST", path);
  }

  /** Null where the connection ended before an answer came: Sentry was just about to leave. */
  async request(method: string, path: string, body?: object): Promise<Answer | null> {
    const response = await this.#ask(method, path, {}, body);
    if (response === null) return null;
    let text = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
    } catch {
      return null;
    }
    return { status: response.statusCode ?? 0, body: text };
  }

  /** What happens after the event with that id, until the connection ends. */
  async *events(after: number): AsyncGenerator<unknown> {
    const response = await this.#ask("GET", "/events", { "last-event-id": after });
    if (response?.statusCode !== 200) return;
    let text = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) {
        const lines = (text + String(chunk)).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice("data: ".length));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
    }
  }

  /** The process at the other end is gone: the kernel closes what it leaves open. */
  gone(): Promise<void> {
    return this.#closed;
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(method: string, path: string, headers: Record<string, string | number>, body?: object): Promise<IncomingMessage | null> {
    return new Promise((resolve) => {
      const asked = request({ method, path, createConnection: () => this.#socket, headers: { connection: "keep-alive", ...headers } });
      asked.on("error", () => resolve(null));
      asked.on("response", resolve);
      if (body !== undefined) asked.setHeader("content-type", "application/json");
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/**
 * Asks one thing, on a connection of its own. Gives the document that is the answer.
 * @throws SentryError as Sentry's problem says
 */
export async function ask(place: Place, method: string, path: string, body?: object): Promise<unknown> {
  const client = await Client.open(place);
  const answer = await client.request(method, path, body);
  client.close();
  if (answer === null) throw new SentryError("E_FAILED", `Sentry closed the connection to ${place.socket} without an answer`);
  const document: unknown = JSON.parse(answer.body);
  if (answer.status < 300) return document;
  const { code, detail } = document as { code: string; detail: string };
  throw new SentryError(MEANT_FOR_US[code] ?? "E_FAILED", detail);
}

/** What Sentry's problems are to whoever gave the command. */
const MEANT_FOR_US: Readonly<Record<string, ErrorCode>> = {
  E_USAGE: "E_USAGE", E_NO_SUCH_ENTRY: "E_NO_SUCH_ENTRY", E_NO_SUCH_SLOT: "E_NO_SUCH_SLOT", E_REFUSED: "E_REFUSED",
  E_CONFIG_INVALID: "E_CONFIG_INVALID",
};

function refusal(place: Place, { code, message }: NodeJS.ErrnoException): SentryError {
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") {
    const hint = existsSync(place.pidFile) ? `${place.pidFile} is there: if the process that it names is Sentry, its socket was removed, and SIGTERM ends it`
      : `start one with: sentry start ${place.config}`;
    return new SentryError("E_NOT_RUNNING", `no Sentry answers for ${place.config} (tried ${place.socket}); ${hint}`);
  }
  return new SentryError("E_PERMISSION", `cannot talk to Sentry at ${place.socket}: ${message}`);
}
