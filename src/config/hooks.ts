/**
 * The host of the configuration's `on`. It is user code, so it runs in a worker thread, one of its own: a hook that blocks
 * must not hold up the functions `env`, which starts wait for. It is given one event after the other, each once the one
 * before is done. Whatever it does changes nothing in supervision: what it throws is told; a thread that ends, or takes too
 * long, is replaced, later each time; and what waits for it is bounded. docs/hooks.md
 */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Millis } from "../core/types.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import { Backlog, type Listening } from "./backlog.ts";
import type { Done } from "./hooks-worker.ts";
import { Sparingly } from "./sparingly.ts";
import { thrown, type ProgramCode } from "./thread.ts";

/** `tell` is given what the hook prints and throws, and what becomes of its thread. */
export interface Hooking extends Listening {
  readonly program: ProgramCode;
  /** hooks-worker.ts; asked for when a thread is started. */
  readonly worker: () => URL;
}

export interface Times {
  /** So long may the import, and `on` with each event, take. */
  readonly answer: Millis;
  /** Before a thread is started anew; twice as long each time … */
  readonly shortest: Millis;
  readonly longest: Millis;
  /** … until one has lived that long. */
  readonly stable: Millis;
  /** So long is what was lost not told, for want of room. */
  readonly untold: Millis;
}

const TIMES: Times = { answer: 10_000, shortest: 1000, longest: 60_000, stable: 60_000, untold: 60_000 };

/** It is in the supervisor's own process: with more than that the thread dies. */
const MOST_MEMORY_MB = 256;

/** So much may it print over one event, in characters: the supervisor has to read it, and has other things to do. */
const MOST_PRINTED = 2 ** 20;

export class Hooks {
  readonly #hooking: Hooking;
  readonly #times: Times;
  readonly #faults: Sparingly;
  readonly #backlog: Backlog;
  /** Given, and not done. */
  #inHand: HistoryLine | null = null;
  #worker: Worker | null = null;
  /** It has imported the program. */
  #ready = false;
  #deaths = 0;
  /** Over the event that is in hand. */
  #printed = 0;
  #startedAt: Millis = 0;
  #notBefore: Millis = 0;
  /** The next thread is waited for. */
  #again: NodeJS.Timeout | undefined;
  #answer: NodeJS.Timeout | undefined;
  #resting = false;
  #closed = false;
  /** Told when nothing is in hand, and nothing will be soon. */
  #settled = (): void => {};

  constructor(hooking: Hooking, times = TIMES) {
    this.#hooking = hooking;
    this.#times = times;
    this.#faults = new Sparingly((text) => hooking.tell(text));
    this.#backlog = new Backlog(hooking, times.untold, () => this.#next());
  }

  /** All up to that one is done, or lost: the next image goes on after it. */
  get lastTaken(): HistoryId {
    return this.#backlog.lastTaken;
  }

  /** Before a reload: nothing more is given. Resolves once what is in hand is done; what is not by then is lost. */
  async rest(patience: Millis): Promise<void> {
    this.#resting = true;
    if (this.#inHand !== null) await this.#settling(patience);
    if (this.#inHand !== null) this.#end("the reload could not wait for it");
    this.#backlog.tellLost(true);
  }

  /** Before the end: resolves once all is done, or it is clear that it will not be within that time. What is not given by then is lost. */
  async finish(patience: Millis): Promise<void> {
    this.#resting = false;
    this.#backlog.tellLost(true);
    this.#next();
    if (!this.#isSettled) await this.#settling(patience);
    this.#resting = true;
    this.#backlog.loseAll();
    this.#backlog.tellLost(true);
  }

  /** Ends the thread. What has not been given is left to the next image. */
  close(): void {
    this.#closed = true;
    this.#backlog.close();
    clearTimeout(this.#again);
    clearTimeout(this.#answer);
    void this.#worker?.terminate();
    this.#worker = null;
  }

  get #isSettled(): boolean {
    return this.#inHand === null && (this.#backlog.isOver || this.#again !== undefined);
  }

  #settling(patience: Millis): Promise<unknown> {
    const settled = new Promise<void>((resolve) => { this.#settled = resolve; });
    return Promise.race([settled, pause(patience, undefined, { ref: false })]);
  }

  /** Gives the next event, if there is one and somebody to take it. */
  #next(): void {
    if (this.#closed || this.#inHand !== null) return;
    if (this.#resting || this.#isSettled) return this.#settled();
    if (this.#backlog.isEmpty) return;
    if (this.#worker === null) return this.#startInTime();
    if (!this.#ready) return;
    this.#inHand = this.#backlog.take();
    this.#expectAnswer("it was not done with that");
    this.#worker.postMessage(this.#inHand);
  }

  #expectAnswer(without: string): void {
    const { answer } = this.#times;
    this.#answer = setTimeout(() => this.#end(`${without} within ${answer / 1000} s`), answer);
  }

  #startInTime(): void {
    const rest = this.#notBefore - performance.now();
    if (rest <= 0) return this.#start();
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#next();
    }, rest);
    this.#settled();
  }

  #start(): void {
    const { program, worker: module } = this.#hooking;
    const worker = new Worker(module(), {
      workerData: program, stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
    });
    worker.unref();
    this.#worker = worker;
    this.#ready = false;
    this.#startedAt = performance.now();
    this.#printed = 0;
    this.#expectAnswer("it had not imported the program");
    for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", (text: string) => this.#print(worker, text));
    let reason = "the program has ended it";
    worker.on("message", (done: Done) => {
      if (this.#worker === worker) this.#answered(done);
    });
    worker.on("error", (error) => { reason = thrown(error, program); });
    worker.on("exit", () => {
      if (this.#worker === worker) this.#end(reason);
    });
  }

  #print(worker: Worker, text: string): void {
    this.#printed += text.length;
    if (this.#printed <= MOST_PRINTED) this.#hooking.tell(text.trimEnd());
    else if (this.#worker === worker) this.#end(`it has printed more than ${MOST_PRINTED / 2 ** 20} MiB`);
  }

  /** The first answer says that the program is imported. */
  #answered(done: Done): void {
    clearTimeout(this.#answer);
    this.#ready = true;
    this.#printed = 0;
    if (done !== null && this.#inHand !== null) this.#faults.say(`\`on\` has failed with ${nameOf(this.#inHand)}: ${done}`);
    this.#inHand = null;
    this.#backlog.tellLost();
    this.#next();
  }

  /** The event that the thread was at is lost: it may be what has ended it. */
  #end(reason: string): void {
    clearTimeout(this.#answer);
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    const delay = this.#delay();
    const line = this.#inHand;
    this.#inHand = null;
    const during = line === null ? "" : ` with ${nameOf(line)}`;
    this.#hooking.tell(`The thread of \`on\` has ended${during}: ${reason}. The next one is started in ${delay / 1000} s at the earliest.`);
    if (line !== null) this.#backlog.lose(line);
    this.#backlog.tellLost();
    this.#next();
  }

  #delay(): Millis {
    const { shortest, longest, stable } = this.#times;
    const now = performance.now();
    if (now - this.#startedAt >= stable) this.#deaths = 0;
    const delay = Math.min(longest, shortest * 2 ** this.#deaths++);
    this.#notBefore = now + delay;
    return delay;
  }
}

/** `event 17 (exited of web:0)` */
function nameOf({ id, type, entry, slot }: HistoryLine): string {
  const whose = [entry, slot].filter((part) => part !== null).join(":");
  return `event ${id} (${type}${whose === "" ? "" : ` of ${whose}`})`;
}
