/**
 * The words of the law: times, entries, runs, exits. Core knows no clock, no process and no Node;
 * all it knows of the machine is written here.
 */

/** Milliseconds: a duration, or a moment on the monotonic time line. May have a fraction. */
export type Millis = number;

/** Microseconds since the epoch, UTC: a moment of the wall clock. Shown, never reckoned with. */
export type Micros = number;

/** One moment on both time lines. `mono` decides, `wall` is shown. */
export interface Stamp {
  readonly wall: Micros;
  readonly mono: Millis;
}

/** One life of one process. Unique for as long as this Sentry lives, re-execs included; never a pid. */
export type RunId = number;

/** One setting of one timer. Never given twice, so a timer that is late for its phase is known by its token. */
export type Token = number;

/** `dummy:0`: the entry's name and the number of the slot. */
export type SlotId = `${string}:${number}`;

export function slotId(entry: string, slot: number): SlotId {
  return `${entry}:${slot}`;
}

/** As much of a configured entry as decides about starts and stops. How to start it is the spawn port's affair. */
export interface Law {
  readonly name: string;
  /** How many processes are wanted. */
  readonly count: number;
  /** Which ends are followed by a restart. */
  readonly restart: "always" | "on-failure" | "never";
  /** Exit codes that are no failure. */
  readonly successCodes: readonly number[];
  /** Wait before a restart, counted from the exit. */
  readonly delay: Millis;
  /** How that wait grows; null: it does not. */
  readonly backoff: Backoff | null;
  /** Null: it is restarted for ever. */
  readonly limit: Limit | null;
  /** What a process is sent first to stop it … */
  readonly stopSignal: string;
  /** … how long after that it is killed … */
  readonly grace: Millis;
  /** … and who else is meant. */
  readonly scope: Scope;
  /** The program forks itself away, and what it leaves is the slot's process. */
  readonly daemon: boolean;
  /** How long that may take. */
  readonly readyTimeout: Millis;
}

/** The delay is multiplied by `factor` with each failure in a row, up to `max`, and then varied by `jitter` (0 to 1) of itself. */
export interface Backoff {
  readonly factor: number;
  readonly max: Millis;
  readonly jitter: number;
  /** A process that has lived this long ends the row. */
  readonly resetAfter: Millis;
}

/** More failures than `count` within that time are too many. */
export interface Limit {
  readonly count: number;
  readonly within: Millis;
}

/** Of what a process is the beginning: itself alone, all of its process group, or all that it has started. */
export type Scope = "process" | "group" | "tree";

/**
 * What a successor knows a process by, where nobody holds it open any more: a pid alone may be a stranger's by then.
 * The law only carries it.
 */
export interface Identity {
  /** Field 22 of /proc/PID/stat (proc_pid_stat(5)): when it was started, in clock ticks since boot; 0: not known. */
  readonly startTicks: number;
  /** The inodes of the pipes that it was given as stdout and stderr. */
  readonly pipes: readonly [number, number];
  /** The path of its own cgroup below the v2 mount, as /proc/PID/cgroup has it; null: it has none of its own. */
  readonly cgroup: string | null;
}

/** How a process ended, as the kernel told it. One of `code` and `signal` is null; both are where nobody can know. */
export interface Exit {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  readonly at: Stamp;
  /** `at` is the kernel's own stamp, from its process events. */
  readonly kernelTime: boolean;
  readonly userMs: Millis;
  readonly systemMs: Millis;
  /** Null unless it is truly the process's own peak (a child starts with its parent's). */
  readonly maxRssBytes: number | null;
}

/** A start that failed: which step, which errno, on what. */
export interface Fault {
  readonly step: string;
  /** `ENOENT`. */
  readonly errno: string;
  /** `no such file or directory`. */
  readonly message: string;
  /** What the step was about: a path, a user; may be empty. */
  readonly subject: string;
}

/** Whether the true status of an exit is known. */
export type ExitStatus = "known" | "unknown";

export function statusOf({ code, signal }: Pick<Exit, "code" | "signal">): ExitStatus {
  return code === null && signal === null ? "unknown" : "known";
}

/** Who asked. Null where nobody did: the law itself decided. Of who comes over TCP with the token, no more is known. */
export type By =
  | { readonly kind: "signal" | "socket"; readonly pid: number; readonly uid: number }
  | { readonly kind: "token"; readonly pid: null; readonly uid: null }
  | null;

/** Why a process ended, or was made to. */
export type Cause =
  | "exited" | "stopped" | "restarted" | "scaled" | "replaced" | "removed" | "readyTimeout"
  | "unhealthy" | "watchdog" | "memory" | "schedule" | "watch" | "leftover" | "unknown";
