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
  /**
   * What makes a process ready: that it is there; that it says so itself by sd_notify(3); or that somebody who looks at it from
   * outside has found it ready.
   */
  readonly ready: "started" | "notify" | "probe";
  /** How long a daemon, and then readiness, may take; counted from the start. */
  readonly readyTimeout: Millis;
  /** So many bad examinations in a row, and the process is another one; null: it is not examined. */
  readonly health: { readonly failures: number } | null;
  /** How long a process that is ready may be silent; null: for ever. */
  readonly watchdog: Millis | null;
  /** What has to be there before its first process is started. Never itself, and never in a circle. */
  readonly after: readonly After[];
  /** Null: it is kept running. Otherwise it runs when it is due, and this is for a process that still runs then. */
  readonly schedule: "skip" | "kill" | null;
}

/** All wanted processes of that entry have been started, are ready, or have finished. */
export interface After {
  readonly entry: string;
  readonly on: "started" | "ready" | "finished";
}

/** When Sentry leaves by itself: once the first slot has come to its end, or the last; null: never. */
export type ExitWhen = "any" | "all" | null;

/** What a process is probed for: whether it is ready; the same, but only by what it shows by itself; or whether it is well. */
export type Sought = "ready" | "sign" | "health";

/** What a process says of itself, in one message of sd_notify(3). What it does not say is null, or false. */
export interface Tidings {
  readonly ready: boolean;
  readonly doing: "reloading" | "stopping" | null;
  readonly status: string | null;
  readonly errno: number | null;
  /** Which process is the main one. */
  readonly mainPid: number | null;
  readonly watchdog: "alive" | "trigger" | null;
  /** How long it may be silent from now on; 0: for ever. */
  readonly watchdogEvery: Millis | null;
  /** It needs that much more from now, for what it is at: its start, or its end. */
  readonly extend: Millis | null;
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
  /** The name of the socket on which its run speaks to Sentry: a successor binds it again. Null: it was given none. */
  readonly notify: string | null;
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

/**
 * Who asked. Null where nobody did: the law itself decided. Of who comes over TCP with the token, no more is known; and a
 * signal that the kernel sends (Ctrl-C, a terminal that is gone) comes from no process.
 */
export type By =
  | { readonly kind: "signal"; readonly pid: number | null; readonly uid: number | null }
  | { readonly kind: "socket"; readonly pid: number; readonly uid: number }
  | { readonly kind: "token"; readonly pid: null; readonly uid: null }
  | null;

/** Why a process ended, or was made to. */
export type Cause =
  | "exited" | "stopped" | "restarted" | "scaled" | "replaced" | "removed" | "readyTimeout"
  | "unhealthy" | "watchdog" | "memory" | "schedule" | "watch" | "leftover" | "unknown";
