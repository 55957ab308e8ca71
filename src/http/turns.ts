/**
 * How many requests are handled at a time. Node parses all that a read has brought, which may be thousands of requests,
 * and hands them over at once; and it reads all connections in a turn of the loop. Whoever sends without waiting for
 * answers would have the loop for itself, and all memory. So in each turn only so many requests are begun, one connection
 * after the other; between turns the loop sees to what is supervised. And while enough of them wait nobody is read.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Begun in a turn of the loop, of all connections: a few milliseconds. */
const A_TURN = 64;
/** Read, and waiting for their turn, of all connections. A read is not stopped, and brings up to 2500 (in its 64 KiB). */
const ENOUGH = 512;
/** Begun and not answered, of one connection. Answers are sent in the order of the requests, so more are of no use. */
const MOST_UNDER_WAY = 16;
/** Waiting, also for other answers of their own connection. When there are that many, whoever asks for yet more is cut. */
const MOST_WAITING = 10_000;

type Asked = readonly [IncomingMessage, ServerResponse];

interface Queue {
  readonly waiting: Asked[];
  underWay: number;
}

export class Turns {
  readonly #handle: RequestListener;
  readonly #queues = new Map<Socket, Queue>();
  /** The queues whose next request can be begun, in the order in which it is their turn. */
  readonly #line = new Set<Queue>();
  #waiting = 0;
  /** Of those in the line, and what was read in this turn. */
  #ready = 0;
  /** In this turn. */
  #begun = 0;
  #isNextComing = false;

  constructor(handle: RequestListener) {
    this.#handle = handle;
  }

  /** A connection that http.Server has begun to serve. */
  add(socket: Socket): void {
    const queue: Queue = { waiting: [], underWay: 0 };
    this.#queues.set(socket, queue);
    const pauseAgain = (): void => {
      if (this.#isHeld || queue.waiting.length > 0) stopReading(socket);
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
    const queue = this.#queues.get(socket);
    if (queue === undefined || socket.destroyed) return; // the rest of what the same read has brought
    if (this.#begun < A_TURN && queue.waiting.length === 0 && queue.underWay < MOST_UNDER_WAY) {
      return this.#begin(queue, [request, response]);
    }
    if (this.#waiting >= MOST_WAITING && queue.waiting.length >= MOST_UNDER_WAY) return void socket.destroy();
    queue.waiting.push([request, response]);
    this.#waiting++;
    stopReading(socket);
    this.#enter(queue);
    if (++this.#ready === ENOUGH) this.#stopReading();
  }

  get #isHeld(): boolean {
    return this.#ready >= ENOUGH;
  }

  #begin(queue: Queue, [request, response]: Asked): void {
    this.#begun++;
    queue.underWay++;
    response.once("close", () => {
      queue.underWay--;
      this.#enter(queue);
    });
    this.#comeAgain();
    this.#handle(request, response);
  }

  #enter(queue: Queue): void {
    if (queue.waiting.length === 0 || queue.underWay >= MOST_UNDER_WAY) return;
    this.#line.add(queue);
    this.#comeAgain();
  }

  #comeAgain(): void {
    if (this.#isNextComing) return;
    this.#isNextComing = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const wasHeld = this.#isHeld;
    this.#isNextComing = false;
    this.#begun = 0;
    for (const queue of this.#line) { // one that is added meanwhile comes again
      if (this.#begun === A_TURN) break;
      this.#line.delete(queue);
      const asked = queue.waiting.shift();
      if (asked === undefined) continue;
      this.#waiting--;
      if (queue.waiting.length === 0) asked[0].socket.resume();
      this.#begin(queue, asked);
      this.#enter(queue);
    }
    this.#ready = 0;
    for (const { waiting } of this.#line) this.#ready += waiting.length;
    if (this.#isHeld && !wasHeld) this.#stopReading();
    if (wasHeld && !this.#isHeld) this.#readOn();
  }

  #stopReading(): void {
    for (const socket of this.#queues.keys()) stopReading(socket);
  }

  #readOn(): void {
    for (const [socket, { waiting }] of this.#queues) if (waiting.length === 0) socket.resume();
  }
}

/** What http.Server does where it is paused. It may be reading all the same, when it was let flow in this turn of the loop. */
function stopReading(socket: Socket): void {
  socket.pause();
  socket.emit("pause");
}
