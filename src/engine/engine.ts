/**
 * The loop: everything that is asked and everything that happens waits in one queue; one after the other is put to the
 * law, and what the law says is done. Doing it never leads back into the law: what comes of it waits in the queue too.
 *
 * Requests are refused where a thousand wait already. Facts never are: an exit must not get lost.
 */
import type { Answer, Command, Happening, Request } from "../core/command.ts";
import type { Effect } from "../core/effect.ts";
import { emptyState } from "../core/state.ts";
import type { State } from "../core/state.ts";
import { step } from "../core/step.ts";
import type { RunId } from "../core/types.ts";
import type { Ports } from "./ports.ts";
import { Queue } from "./queue.ts";

const MOST_REQUESTS = 1000;

/** After so many commands in a row the event loop gets its turn: timers, sockets and signals wait for it. */
const MOST_IN_A_ROW = 256;

/** What becomes of a request: the law's answer, or none because too many wait, or because another image goes on. */
export type Outcome = Answer | { readonly kind: "refused"; readonly why: "busy" | "reloading" };

/** A request as it is made: whom to answer is the engine's affair. */
export type Ask = Request extends infer R ? (R extends Request ? Omit<R, "reply"> : never) : never;

export type Unanswered = Request & { readonly reply: null };

interface Asker {
  answer(outcome: Outcome): void;
  fail(error: unknown): void;
}

export class Engine {
  readonly #state: State;
  readonly #ports: Ports;
  readonly #queue = new Queue<Command>();
  readonly #askers = new Map<number, Asker>();
  #lastAsker = 0;
  #turning = false;
  #revision = 0;
  /** What has come since the pause, and waits for another image. */
  #left: (Happening | Unanswered)[] | null = null;

  /** What an earlier image has `left` sleeps until it is told to `resume`. */
  constructor(ports: Ports, left: State | null = null) {
    this.#ports = ports;
    this.#state = left ?? emptyState();
    this.#state.asleep = left !== null;
  }

  /** To be looked at; only `step` changes it. */
  get state(): Readonly<State> {
    return this.#state;
  }

  /** All that was posted and asked so far has been obeyed. */
  get settled(): boolean {
    return !this.#turning && this.#left === null && !this.#state.asleep;
  }

  /** Grows with every command: as long as it is the same, so is the state. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * What has happened, in the order in which it happened; a whole batch is one turn of the loop. A signal to stop is
   * such a fact as well: a request that cannot be refused, with nobody who waits for an answer.
   */
  post(facts: readonly (Happening | Unanswered)[]): void {
    for (const fact of facts) this.#arrive(fact);
    this.#turn();
  }

  /** Asks for something, and gives what the law says to it. Rejects only where Sentry itself has a bug. */
  ask(request: Ask): Promise<Outcome> {
    if (this.#left !== null) return Promise.resolve({ kind: "refused", why: "reloading" });
    if (this.#askers.size >= MOST_REQUESTS) return Promise.resolve({ kind: "refused", why: "busy" });
    const reply = ++this.#lastAsker;
    return new Promise((answer, fail) => {
      this.#askers.set(reply, { answer, fail });
      this.#queue.push({ ...request, reply });
      this.#turn();
    });
  }

  /**
   * Obeys nothing any more: the state stays as it is now, and no timer is set. Gives what was not obeyed, in order; what
   * is posted later is added to the same list. Requests that somebody waits for are refused instead.
   */
  pause(): readonly (Happening | Unanswered)[] {
    if (this.#left !== null) return this.#left;
    this.#left = [];
    for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
      if (!("reply" in command)) this.#left.push(command);
      else if (command.reply === null) this.#left.push({ ...command, reply: null });
      else this.#take(command.reply)?.answer({ kind: "refused", why: "reloading" });
    }
    for (const token of this.#state.timers.keys()) this.#ports.timers.cancel(token);
    return this.#left;
  }

  #arrive(fact: Happening | Unanswered): void {
    if (this.#left === null) this.#queue.push(fact);
    else this.#left.push(fact);
  }

  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    for (let n = 0; n < MOST_IN_A_ROW; n++) {
      const command = this.#queue.shift();
      if (command === undefined) {
        this.#turning = false;
        return;
      }
      this.#obey(command);
    }
    setImmediate(() => {
      this.#turning = false;
      this.#turn();
    });
  }

  #obey(command: Command): void {
    let effects: Effect[];
    try {
      effects = step(this.#state, command, this.#ports.clock.now());
    } catch (error) {
      this.#bug(error, `${command.kind} was to be decided`);
      if ("reply" in command && command.reply !== null) this.#take(command.reply)?.fail(error);
      return;
    }
    this.#revision++;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    try {
      this.#do(effect);
    } catch (error) {
      this.#bug(error, `${effect.kind} was to be done`);
      if (effect.kind === "spawn") this.#neverStarted(effect.run, error);
    }
  }

  #do(effect: Effect): void {
    const { kernel, timers, probes, journal } = this.#ports;
    switch (effect.kind) {
      case "spawn": return kernel.spawn(effect.run, effect.entry, effect.slot);
      case "signal": return kernel.signal(effect.run, effect.signal);
      case "end": return kernel.end(effect.run, effect.signal, effect.scope);
      case "inspect": return kernel.inspect(effect.run, effect.scope);
      case "follow": return kernel.follow(effect.run, effect.entry, effect.slot, effect.pid);
      case "probe": return probes.probe(effect.run, effect.entry, effect.slot, effect.pid, effect.what);
      case "unprobe": return probes.unprobe(effect.run);
      case "reap": return kernel.reap(effect.run);
      case "setTimer": return timers.set(effect.token, effect.at);
      case "cancelTimer": return timers.cancel(effect.token);
      case "record": return journal.record(effect.record);
      case "reply": return this.#take(effect.to)?.answer(effect.answer);
      case "leave": return this.#ports.leave(effect.code);
    }
  }

  /** Every start is answered, also one that did not get as far as the kernel. */
  #neverStarted(run: RunId, error: unknown): void {
    const fault = { step: "spawn", errno: "", message: String(error), subject: "" };
    this.#arrive({ kind: "fault", run, fault, at: this.#ports.clock.now() });
  }

  #take(reply: number): Asker | undefined {
    const asker = this.#askers.get(reply);
    this.#askers.delete(reply);
    return asker;
  }

  #bug(error: unknown, what: string): void {
    try {
      this.#ports.journal.bug(error, what);
    } catch {
      // Whoever is to be told has failed as well. The processes come first: go on.
    }
  }
}
