/**
 * How many requests are handled at a time. Node parses all that a read has brought, which may be thousands of requests,
 * and hands them over at once; and it reads all connections in a turn of the loop. Whoever sends without waiting for
 * answers would have the loop for itself, and all memory. So of each connection one request is begun when the answer to
 * the one before has been written, one connection after the other, for some milliseconds in each turn of the loop;
 * between turns the loop sees to what is supervised. Who is ahead of its answers is not read.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Millis } from "../core/types.ts";

/** After that time, no more are begun in this turn of the loop. */
const A_TURN: Millis = 5;
/** Read in a turn, of all connections: then nobody is read until the next. A read is not stopped, and brings up to 2500. */
const ENOUGH = 512;
/** Waiting, of all connections. When there are that many, whoever has some already and asks for more is cut. */
const MOST_WAITING = 10_000;
const SOME = 16;

type Asked = readonly [IncomingMessage, ServerResponse];

/** Of a connection. */
interface Queue {
  readonly waiting: Asked[];
  /** One is begun, and its answer has not been written yet. */
  isBusy: boolean;
}

export class Turns {
  readonly #handle: RequestListener;
  readonly #queues = new Map<Socket, Queue>();
  /** Those of which a request can be begun, in the order in which it is their turn. */
  readonly #line = new Set<Queue>();
  #waiting = 0;
  /** Since the last turn. */
  #read = 0;
  #isNextComing = false;

  constructor(handle: RequestListener) {
    this.#handle = handle;
  }

  /** A connection that http.Server has begun to serve. */
  add(socket: Socket): void {
    const queue: Queue = { waiting: [], isBusy: false };
    this.#queues.set(socket, queue);
    const pauseAgain = (): void => {
      if (this.#isHeld || isAhead(queue)) stopReading(socket);
    };
    pauseAgain();
    socket.on("resume", pauseAgain); // http.Server lets it flow whenever an answer is done, or a body is read
    socket.once("close", () => {
      this.#queues.delete(socket);
      this.#line.delete(queue);
      this.#waiting -= queue.waiting.length;
      queue.waiting.length = 0;
    });
  }

  ask(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#comeAgain(); // in any case: that is where reading goes on
    if (++this.#read === ENOUGH) for (const each of this.#queues.keys()) stopReading(each);
    const queue = this.#queues.get(socket);
    if (queue === undefined || socket.destroyed) return; // the rest of what the same read has brought
    if (this.#waiting >= MOST_WAITING && queue.waiting.length >= SOME) return void socket.destroy();
    queue.waiting.push([request, response]);
    this.#waiting++;
    if (isAhead(queue)) stopReading(socket);
    this.#enter(queue);
  }

  get #isHeld(): boolean {
    return this.#read >= ENOUGH;
  }

  #enter(queue: Queue): void {
    if (queue.isBusy || queue.waiting.length === 0) return;
    this.#line.add(queue);
    this.#comeAgain();
  }

  #comeAgain(): void {
    if (this.#isNextComing) return;
    this.#isNextComing = true;
    setImmediate(() => void this.#turn());
  }

  async #turn(): Promise<void> {
    const end = performance.now() + A_TURN;
    for (const queue of this.#line) { // one that is answered meanwhile comes again
      this.#line.delete(queue);
      this.#begin(queue);
      await settled();
      if (performance.now() >= end) break;
    }
    this.#readOn();
    this.#isNextComing = false;
    if (this.#line.size > 0) this.#comeAgain();
  }

  #begin(queue: Queue): void {
    const asked = queue.waiting.shift();
    if (asked === undefined) return;
    this.#waiting--;
    const [{ socket }, response] = asked;
    if (socket.writableEnded) return; // told that the connection closes: what comes after that is not done (RFC 9112, 9.6)
    queue.isBusy = true;
    response.once("close", () => {
      queue.isBusy = false;
      if (!isAhead(queue)) socket.resume();
      this.#enter(queue);
    });
    this.#handle(...asked);
  }

  #readOn(): void {
    const wasHeld = this.#isHeld;
    this.#read = 0;
    if (wasHeld) for (const [socket, queue] of this.#queues) if (!isAhead(queue)) socket.resume();
  }
}

/** It has sent more than the request that it is to be answered next. */
function isAhead({ waiting, isBusy }: Queue): boolean {
  return waiting.length + Number(isBusy) > 1;
}

/** What http.Server does where it is paused. It may be reading all the same, when it was let flow in this turn of the loop. */
function stopReading(socket: Socket): void {
  socket.pause();
  socket.emit("pause");
}

/** All that can be done at once has been: no promise and no tick is left, and the loop has not gone on yet. */
function settled(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}
