/**
 * What the loop needs of the world. Each has one real implementation, joined in the composition root, and one fake in
 * test/support. None of them calls the engine back before the call to it has returned: what comes of it is a command.
 */
import type { HistoryRecord } from "../core/record.ts";
import type { Millis, RunId, Scope, Sought, Stamp, Token } from "../core/types.ts";

export interface Clock {
  /** This moment. `mono` is CLOCK_MONOTONIC, the same time line as the stamps of exits. */
  now(): Stamp;
}

export interface Timers {
  /** One `timeUp` with this token at `at` of the monotonic clock, or as soon after as may be; never before. */
  set(token: Token, at: Millis): void;
  /** A token that has fired, or was never set, is nothing to worry about. */
  cancel(token: Token): void;
}

export interface Kernel {
  /** Answered by exactly one `spawned` or `fault` of this run. */
  spawn(run: RunId, entry: string, slot: number): void;
  /** To the process alone. */
  signal(run: RunId, signal: string): void;
  /** Also before the start is answered: then the start is ended, or the process that comes of it gets the signal. */
  end(run: RunId, signal: string, scope: Scope): void;
  inspect(run: RunId, scope: Scope): void;
  /** An `end` of the same run ends the search, if that has not been answered by then. */
  follow(run: RunId, entry: string, slot: number, pid: number | null): void;
  /** Lets go of a process whose end was told and recorded. */
  reap(run: RunId): void;
}

/** Who looks at processes from outside. */
export interface Probes {
  /** Answered by `proven` once, or by `examined` again and again. Takes the place of another one of that run. */
  probe(run: RunId, entry: string, slot: number, pid: number, what: Sought): void;
  unprobe(run: RunId): void;
}

export interface Journal {
  record(record: HistoryRecord): void;
  /** Something in Sentry itself has thrown while it did `what`. It runs on; this is to be loud. */
  bug(error: unknown, what: string): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly kernel: Kernel;
  readonly probes: Probes;
  readonly journal: Journal;
  /** The whole stop is done. */
  leave(code: number): void;
}
