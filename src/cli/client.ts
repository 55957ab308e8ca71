/** How the command talks to a running Sentry: HTTP over its Unix socket. It knows the address, and nothing of the engine. */
import { existsSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { dirname, basename } from "node:path";

import { SentryError } from "../errors.ts";
import type { Place } from "./place.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A connection to one Sentry. It ends when that process does, and not before. */
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

  /** Null where the connection ended before an answer came: Sentry was just about to leave. */
  post(path: string): Promise<Answer | null> {
    return new Promise((resolve) => {
      const asked = request({ method: "POST", path, createConnection: () => this.#socket, headers: { connection: "keep-alive" } });
      asked.on("error", () => resolve(null));
      asked.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => { text += chunk; });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on("error", () => resolve(null));
      });
      asked.end();
    });
  }

  /** The process at the other end is gone: the kernel closes what it leaves open. */
  gone(): Promise<void> {
    return this.#closed;
  }

  close(): void {
    this.#socket.destroy();
  }
}

function refusal(place: Place, { code, message }: NodeJS.ErrnoException): SentryError {
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") {
    const hint = existsSync(place.pidFile) ? `${place.pidFile} is there: if the process that it names is Sentry, its socket was removed, and SIGTERM ends it`
      : `start one with: sentry start ${place.config}`;
    return new SentryError("E_NOT_RUNNING", `no Sentry answers for ${place.config} (tried ${place.socket}); ${hint}`);
  }
  return new SentryError("E_PERMISSION", `cannot talk to Sentry at ${place.socket}: ${message}`);
}
