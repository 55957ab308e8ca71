/** The options of entries and of the whole, as an editor completes and `tsc` checks them. */
import type { SentryEvent } from "./events.ts";
import type { Backoff, DaemonFile, FailureLimit, RestartPolicy, Stop } from "./options-ends.ts";
import type { After, Schedule } from "./options-order.ts";
import type { Log } from "./options-output.ts";
import type { Health, Ready } from "./options-readiness.ts";
import type { Duration, Size } from "./options-units.ts";

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

/** A TCP port of all addresses, `"host:port"` (the host as with `HttpAddress`), or the path of a Unix socket (with a slash in it). */
export type Listener = number | string;

/** What every entry can have, however it comes to run. */
export interface ProcessOptions {
  /** How many processes run, 0 to `maxCount`. Default: 1. */
  count?: number;
  /** Exit codes that are no failure, 0 to 255. With an empty list every exit is a failure. Default: `[0]`. */
  successCodes?: readonly number[];
  /** How processes are stopped. Default: `{ signal: "SIGTERM", grace: "10s", scope: "tree" }`. */
  stop?: Stop;
  /**
   * What makes a process ready: `"notify"` (sd_notify(3)), or one of `{ tcp }`, `{ http }`, `{ exec }`, `{ fd }`, `{ log }`,
   * with `timeout` and `interval`. Default: that it was started; of a `daemon`: that it has forked itself away.
   */
  ready?: Ready;
  /** Look at each process that is ready; one that is not well `failures` times in a row is restarted, as after a failure. Default: do not. */
  health?: Health;
  /**
   * How long a process that is ready may be silent: it has to send WATCHDOG=1 in time (sd_watchdog_enabled(3); twice in that
   * time is usual), or gets SIGABRT and is restarted, as after a failure. More than 0, at most 24 days. Default: for ever.
   */
  watchdog?: Duration;
  /**
   * What has to be there before the first process is started, by the names of entries (they are ready) or as
   * `{ entry, on }`; what comes after something is stopped before it. Never in a circle. Default: nothing.
   */
  after?: string | After | readonly (string | After)[];
  /** Globs of files; with a change of one the processes are restarted. Relative to the configuration's folder. Default: none. */
  watch?: string | readonly string[];
  /** The memory that a process and all that it has started may take together; with more it is restarted, as after a failure. Default: any. */
  restartAbove?: Size;
  /**
   * Where its output goes: `{ file, maxSize, keep, compress, format, terminal }`; `"inherit"`: to Sentry's own stdout and
   * stderr, as it is; `"none"`: nowhere. Default: to the terminal with labels, or when detached to a file in the run folder.
   */
  log?: Log;
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

/** What an entry can have that is kept running. */
export interface KeptOptions {
  /** Wait before a restart, counted from the exit. Default: 1000 ms. At most 24 days. */
  delay?: Duration;
  /** How that wait grows with each failure in a row: `{ factor: 2, max: "60s", jitter: 0.2, resetAfter: "30s" }`. Default: it does not. */
  backoff?: Backoff;
  /** Which ends are followed by a restart; others are `finished` or `failed`, until `up`. Default: `"always"`. */
  restart?: RestartPolicy;
  /** How many failures are too many: `{ count: 10, within: "5m" }`; then the slot is `failed`, until `up`. Default: none are. */
  limit?: FailureLimit;
  /**
   * The program forks itself away (`daemonize`, `daemon on`), and what it leaves is the slot's process: the one that its PID
   * file names, or with `true` the only one that is left. Default: false.
   */
  daemon?: boolean | DaemonFile;
  schedule?: never;
}

/** An entry that runs when it is due. A process that has ended is not restarted. */
export interface ScheduledOptions extends Partial<Record<Exclude<keyof KeptOptions, "schedule">, never>> {
  /** Cron text, or `{ cron, timezone, overlap }`: five fields as in crontab(5), or six with the seconds in front. */
  schedule: string | Schedule;
}

export type EntryOptions = ProcessOptions & (KeptOptions | ScheduledOptions);

/** Of the classic form, in which delay and count have places of their own. */
export type ClassicOptions = Omit<ProcessOptions, "count"> & Omit<KeptOptions, "delay">;

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
  /**
   * Gets every event, one after the other. It runs in a thread beside the supervisor: whatever it does, or throws, nothing
   * of that is supervision. Default: nobody does.
   */
  on?: (event: SentryEvent) => void | Promise<void>;
  /**
   * For containers: leave when the first slot is finished or failed, or when every one is, with that exit code (128 + n for
   * a signal; with `"all"` that of the first that ended badly, else 0). Default: never.
   */
  exitWhen?: "any" | "all";
}
