/** The options of entries and of the whole, as an editor completes and `tsc` checks them. */

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

export interface EntryOptions {
  /** How many processes are kept running, 0 to `maxCount`. Default: 1. */
  count?: number;
  /** Wait before a restart, counted from the exit. Default: 1000 ms. At most 24 days. */
  delay?: Duration;
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
