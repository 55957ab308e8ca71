/**
 * Those who ask all the time while Sentry is reloaded. None of their requests may fail: not by an error, not by a closed
 * connection, not by an answer that makes no sense.
 */
import { Agent } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import type { Dice } from "./dice.ts";
import { request } from "./request.ts";

/** Between two requests: so that there is a moment in which a kept connection is idle. */
const LONGEST_PAUSE = 4;
/** For so long a reload waits for the rest of a request, in milliseconds. */
const PATIENCE = 1000;
const REQUEST = "GET /processes HTTP/1.1\r\nHost: localhost\r\n\r\n";

export class Client {
  asked = 0;
  readonly failures: string[] = [];
  readonly #done: Promise<void>;
  #over = false;

  /** @param ask one question, again and again; throws where it fails */
  constructor(name: string, dice: Dice, ask: () => Promise<string | null>) {
    this.#done = this.#run(name, dice, ask);
  }

  async end(): Promise<void> {
    this.#over = true;
    await this.#done;
  }

  async #run(name: string, dice: Dice, ask: () => Promise<string | null>): Promise<void> {
    while (!this.#over) {
      try {
        const answer = await ask();
        if (answer !== null) examine(answer);
      } catch (error) {
        const { message, code } = error as NodeJS.ErrnoException;
        this.failures.push(`${name}, request ${this.asked + 1}: ${code ?? ""} ${message}`);
      }
      this.asked++;
      await pause(dice.whole(0, LONGEST_PAUSE));
    }
  }
}

/** Keeps its connection for as long as it may. */
export function keepingAlive(socket: string, dice: Dice): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return new Client("a client that keeps its connection", dice, () => ask(socket, agent));
}

/** Connects anew for each request. */
export function connectingAnew(socket: string, dice: Dice): Client {
  return new Client("a client that connects each time", dice, () => ask(socket, false));
}

/** Knows nothing but sockets: goes on with a connection until it is told that it was the last answer. */
export function byHand(path: string, dice: Dice): Client {
  let socket: Socket | null = null;
  return new Client("a client of bare sockets", dice, async () => {
    socket ??= connect(path);
    socket.write(REQUEST);
    const { head, body } = await answerOf(socket);
    if (/^connection: close/im.test(head)) {
      socket.destroy();
      socket = null;
    }
    return body;
  });
}

/** Sends half a request, and later the other half; or goes away without it. Who takes a second for that may be cut. */
export function halfHearted(path: string, dice: Dice): Client {
  return new Client("a client that sends half a request", dice, async () => {
    const begun = performance.now();
    const socket = connect(path);
    const cut = dice.whole(1, REQUEST.length - 1);
    socket.on("error", () => {}); // told by answerOf, where anybody waits for it
    socket.write(REQUEST.slice(0, cut));
    await pause(dice.whole(0, 40));
    if (dice.chance(0.2)) {
      socket.destroy();
      return null;
    }
    socket.write(REQUEST.slice(cut));
    const took = performance.now() - begun;
    try {
      return (await answerOf(socket)).body;
    } catch (error) {
      if (took < PATIENCE) throw error;
      return null; // this process was not let run for so long
    } finally {
      socket.destroy();
    }
  });
}

async function ask(socket: string, agent: Agent | false): Promise<string> {
  const { status, body } = await request(socket, { path: "/processes", agent });
  if (status !== 200) throw new Error(`answered with ${status}: ${body}`);
  return body;
}

/** One answer with a Content-Length. */
async function answerOf(socket: Socket): Promise<{ head: string; body: string }> {
  const told: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      for (const event of ["data", "error", "close"]) socket.removeAllListeners(event);
      socket.on("error", () => {}); // what comes between two requests shows in the next one
      end();
    };
    socket.on("error", (error) => settle(() => reject(error)));
    socket.on("close", () => settle(() => reject(new Error(`closed after ${Buffer.concat(told).length} bytes`))));
    socket.on("data", (chunk: Buffer) => {
      told.push(chunk);
      const text = Buffer.concat(told).toString("latin1");
      const [head = ""] = text.split("\r\n\r\n", 1);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? NaN);
      if (text.length < head.length + 4) return;
      if (!head.startsWith("HTTP/1.1 200 ") || Number.isNaN(length)) settle(() => reject(new Error(`answered with ${head}`)));
      else if (text.length >= head.length + 4 + length) settle(() => resolve({ head, body: text.slice(head.length + 4) }));
    });
    if (socket.destroyed) settle(() => reject(new Error("closed before it was answered")));
  });
}

/** At no moment two processes in a slot, nor one process in two. */
function examine(answer: string): void {
  const shown = JSON.parse(answer) as { id: string; pid: number | null }[];
  const pids = shown.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  if (new Set(shown.map(({ id }) => id)).size < shown.length) throw new Error(`a slot is shown twice: ${answer}`);
  if (new Set(pids).size < pids.length) throw new Error(`a process is shown twice: ${answer}`);
}
