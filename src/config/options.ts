/** The options of entries and of the whole, as an editor completes and `tsc` checks them. */
import type { Signal } from "./signals.ts";

/** Milliseconds as a whole number, or with a unit: `"500ms"`, `"10s"`, `"2m"`, `"1h"`. */
export type Duration = number | `${bigint}${"ms" | "s" | "m" | "h"}`;

/** Bytes as a whole number, or with a unit: `"64K"`, `"512M"`, `"2G"` (K = 1024 bytes). */
export type Size = number | `${bigint}${"K" | "M" | "G"}`;

/** The environment of a process. What is `undefined` is left out. */
export type Environment = Record<string, string | undefined>;

/** One place of an entry: there are `count` of them, numbered from 0. */
export interface Slot {
  entry: string;
  slot: number;
}

/** A value for both limits of getrlimit(2), or for each. */
export type Limit<Value> = Value | { soft: Value; hard: Value };

/** Limits that are counted in bytes. */
export type ByteLimit = "as" | "core" | "data" | "fsize" | "memlock" | "msgqueue" | "rss" | "stack";

export type LimitValue = number | "unlimited";
export type ByteLimits = { [name in ByteLimit]?: Limit<Size | "unlimited"> };
export interface CountLimits {
  /** CPU time in seconds. */
  cpu?: Limit<LimitValue>;
  locks?: Limit<LimitValue>;
  nice?: Limit<LimitValue>;
  /** One more than the highest number of a file descriptor. */
  nofile?: Limit<LimitValue>;
  /** Processes and threads of the user. */
  nproc?: Limit<LimitValue>;
  rtprio?: Limit<LimitValue>;
  /** CPU time of a real-time process between two waits, in microseconds. */
  rttime?: Limit<LimitValue>;
  sigpending?: Limit<LimitValue>;
}

/** Resource limits by their names in getrlimit(2), in lower case and without `RLIMIT_`. */
export type Limits = ByteLimits & CountLimits;

/** A TCP port of all addresses, `"host:port"`, or the path of a Unix socket (with a slash in it). */
export type Listener = number | string;

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

/** When a process counts as started. */
export interface Ready {
  /** How long a daemon may take until it has forked itself away; more is a failure. More than 0, at most 24 days. */
  timeout: Duration;
}

export interface EntryOptions {
  /** How many processes are kept running, 0 to `maxCount`. Default: 1. */
  count?: number;
  /** Wait before a restart, counted from the exit. Default: 1000 ms. At most 24 days. */
  delay?: Duration;
  /** How that wait grows with each failure in a row: `{ factor: 2, max: "60s", jitter: 0.2, resetAfter: "30s" }`. Default: it does not. */
  backoff?: Backoff;
  /** Which ends are followed by a restart; others are `finished` or `failed`, until `up`. Default: `"always"`. */
  restart?: RestartPolicy;
  /** Exit codes that are no failure, 0 to 255. With an empty list every exit is a failure. Default: `[0]`. */
  successCodes?: readonly number[];
  /** How many failures are too many: `{ count: 10, within: "5m" }`; then the slot is `failed`, until `up`. Default: none are. */
  limit?: FailureLimit;
  /** How processes are stopped. Default: `{ signal: "SIGTERM", grace: "10s", scope: "tree" }`. */
  stop?: Stop;
  /**
   * The program forks itself away (`daemonize`, `daemon on`), and what it leaves is the slot's process: the one that its PID
   * file names, or with `true` the only one that is left. Default: false.
   */
  daemon?: boolean | DaemonFile;
  /** Only with `daemon`: how long it may take to fork itself away. Default: `{ timeout: "60s" }`. */
  ready?: Ready;
  /** Working directory; relative to the configuration's folder. Default: that folder. */
  cwd?: string;
  /** Variables added to the environment, or a function that makes them for each start. Default: none. */
  env?: Environment | ((slot: Slot) => Environment | Promise<Environment>);
  /** File of `NAME=value` lines, read anew at each start; relative to the configuration's folder. `env` wins over it. */
  envFile?: string;
  /** Whether Sentry's own environment is passed on, or the names that are. Default: true. */
  inheritEnv?: boolean | readonly string[];
  /** User to run as, by name or number. Also sets the group, the supplementary groups, HOME, USER, LOGNAME and SHELL. */
  user?: string | number;
  /** Group to run as, by name or number. Default: the user's. */
  group?: string | number;
  /** Supplementary groups, by name or number. Default: the user's. */
  groups?: readonly (string | number)[];
  /** File mode creation mask: `0o022`, or `"022"` in octal digits. */
  umask?: number | string;
  /** Scheduling priority, -20 (first) to 19 (last). nice(2). */
  nice?: number;
  /** -1000 (never) to 1000 (first) when memory runs out. proc_pid_oom_score_adj(5). */
  oomScoreAdj?: number;
  /** Whether set-user-ID programs gain nothing. PR_SET_NO_NEW_PRIVS(2const). Default: false. */
  noNewPrivileges?: boolean;
  /** Resource limits: `{ nofile: 4096, core: "unlimited" }`. */
  limits?: Limits;
  /** Sockets that Sentry binds once and passes to every process, from descriptor 3 upwards (LISTEN_FDS). */
  listen?: Listener | readonly Listener[];
}

/** `"host:port"`, the host as a numeric address, `localhost`, or `*` for all of the machine's addresses. */
export type HttpAddress = `${string}:${bigint}` | `[${string}]:${bigint}`;

export interface HttpOptions {
  /** Default: `"127.0.0.1:8001"`, which is done without where somebody else has it. One that is given has to be free. */
  address?: HttpAddress;
  /** Names by which clients may ask for it besides the address itself and localhost: the Host of a request (RFC 9110, 7.2). */
  hosts?: readonly string[];
}

export interface SentryOptions {
  /** The TCP address on which HTTP is served, or `false` for none. The Unix socket is always there. Default: `"127.0.0.1:8001"`. */
  http?: HttpAddress | false | HttpOptions;
  /** The most processes that an entry can have, configured or scaled to: 1 to 100000. Default: 10000. */
  maxCount?: number;
  /** Listen to the kernel's process events where possible: each exit then has the kernel's own time. Default: true. */
  processEvents?: boolean;
}
