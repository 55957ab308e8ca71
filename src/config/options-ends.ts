/** The options that say how a process ends, and what follows. */
import type { Duration } from "./options-units.ts";
import type { Signal } from "./signals.ts";

/**
 * Which ends of a process are followed by another start: all of them; failures; or none. A failure is an exit with a code
 * that is not among `successCodes`, an end by a signal, a start that failed, or a `ready.timeout` that ran out.
 */
export type RestartPolicy = "always" | "on-failure" | "never";

/**
 * How the delay grows with failures in a row: before the n-th try after the first it is `delay` × `factor`^(n-1), at most
 * `max`, and then varied by `jitter`. A success, or a process that has lived for `resetAfter`, ends the row.
 */
export interface Backoff {
  /** What each failure multiplies the delay by; 1 or more. Default: 2. */
  factor?: number;
  /** The longest delay; not below `delay`. Default: 60 s. At most 24 days. */
  max?: Duration;
  /** The share of the delay by which it is shorter or longer at random, 0 to 1: not all come back at once. Default: 0.2. */
  jitter?: number;
  /** A process that has lived this long starts the row anew, however it ends. Default: 30 s. At most 24 days. */
  resetAfter?: Duration;
}

/** More failures than `count` `within` that time, fast or slow, and there is no other start: the slot is `failed`. */
export interface FailureLimit {
  /** 0 to 1000: with 10 the eleventh failure is too many. */
  count: number;
  /** The time up to now that is looked at. More than 0, at most 24 days. */
  within: Duration;
}

/** Whom a stop is for: all that the process has started, however it detached; its process group; or the process alone. */
export type StopScope = "tree" | "group" | "process";

/** A signal of signal(7) that can end a process. SIGSTOP and SIGCONT cannot: they hold it up, and let it go on. */
export type StopSignal = Exclude<Signal, "SIGSTOP" | "SIGCONT">;

/** How processes are stopped: the signal at once to every process of the scope, and after the grace SIGKILL to what is left. */
export interface Stop {
  /** By its name in signal(7). With `"SIGKILL"` there is no grace. Default: `"SIGTERM"`. */
  signal?: StopSignal;
  /** From the signal to SIGKILL. 0: SIGKILL at once after it. Default: 10 s. At most 24 days. */
  grace?: Duration;
  /** What a process that ended by itself has left behind is ended by the same scope. Default: `"tree"`. */
  scope?: StopScope;
}

/** A daemon whose PID file says which of the processes that it leaves is the daemon. */
export interface DaemonFile {
  /**
   * Where the program writes its PID; relative to the configuration's folder. `{slot}` in it is replaced by the slot's
   * number, and has to be there where `count` is more than 1.
   */
  pidFile: string;
}
