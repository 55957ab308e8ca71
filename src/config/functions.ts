/**
 * The host of the functions in a configuration. User code never runs in the supervisor's loop: it runs in a worker
 * thread, started with the first call, one call at a time. What a call throws, or that it never ends, is a fault of the
 * start that asked, and no more; a worker that died of it is started again for the next one.
 */
import { Worker } from "node:worker_threads";
import type { Fault } from "../core/types.ts";

/** A fault on its way to the start that it belongs to. */
export class StartFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** To the worker … */
export interface Call { entry: string; slot: number }
/** … and back: what `env` gave, or why it gave nothing. */
export type Returned = { env: Record<string, string> } | { error: string };

interface Waiting {
  call: Call;
  resolve(env: Record<string, string>): void;
  reject(fault: StartFault): void;
}

/** As many as one entry can have slots: all of them may be started at once. */
const longestQueue = 10_000;
const seconds = 10;

export class Functions {
  readonly #code: string;
  readonly #path: string;
  readonly #print: (text: string) => void;
  readonly #program: () => URL;
  /** The first is the one that the worker is at. */
  readonly #calls: Waiting[] = [];
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param code  the compiled program, from the configuration
   * @param path  where the configuration stands
   * @param print is given what the functions print
   * @param program functions-worker.ts; asked for when a worker is started
   */
  constructor(code: string, path: string, print: (text: string) => void, program: () => URL) {
    this.#code = code;
    this.#path = path;
    this.#print = print;
    this.#program = program;
  }

  /**
   * Asks the entry's `env` for the environment of a start.
   * @throws StartFault with step `env`, where it throws, gives no texts, takes longer than 10 s, or too many wait
   */
  env(entry: string, slot: number): Promise<Record<string, string>> {
    return new Promise((resolve, reject) => {
      const call = { entry, slot };
      if (this.#calls.length >= longestQueue) reject(faultOf(call, "EAGAIN", `${longestQueue} calls wait already`));
      else if (this.#calls.push({ call, resolve, reject }) === 1) this.#next();
    });
  }

  /** Ends the worker. Calls that still wait fail. */
  close(): void {
    const waiting = this.#calls.splice(0);
    this.#end("EINTR", "Sentry is stopping");
    for (const { call, reject } of waiting) reject(faultOf(call, "EINTR", "Sentry is stopping"));
  }

  #next(): void {
    const waiting = this.#calls[0];
    if (waiting === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#timer = setTimeout(() => this.#end("ETIMEDOUT", `no answer within ${seconds} s`), seconds * 1000);
    this.#worker.postMessage(waiting.call);
  }

  #start(): Worker {
    const worker = new Worker(this.#program(), {
      workerData: { code: this.#code, path: this.#path }, stdout: true, stderr: true,
    });
    for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", this.#print);
    let reason = "the configuration's functions ended their thread";
    worker.on("message", (returned: Returned) => {
      if (this.#worker !== worker) return; // too late: its call has been given up
      if ("env" in returned) this.#settle((waiting) => waiting.resolve(returned.env));
      else this.#settle((waiting) => waiting.reject(faultOf(waiting.call, "EINVAL", returned.error)));
    });
    worker.on("error", (error: Error) => { reason = error.message; });
    worker.on("exit", () => {
      if (this.#worker === worker) this.#end("EINVAL", reason);
    });
    return worker;
  }

  /** The call that the worker was at has its end, and the next one its turn. */
  #settle(how: (waiting: Waiting) => void): void {
    clearTimeout(this.#timer);
    const waiting = this.#calls.shift();
    if (waiting !== undefined) how(waiting);
    this.#next();
  }

  /** Without its worker, the call that it was at has failed. */
  #end(errno: string, message: string): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    this.#settle((waiting) => waiting.reject(faultOf(waiting.call, errno, message)));
  }
}

function faultOf({ entry, slot }: Call, errno: string, message: string): StartFault {
  return new StartFault({ step: "env", errno, message, subject: `${entry}:${slot}` });
}
