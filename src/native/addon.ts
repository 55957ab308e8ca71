/**
 * The signatures of native/addon.cc, in its order. Plain data both ways: numbers, strings, arrays, and `null`
 * for what is not there. Nothing is validated or defaulted in C++; that is done before it gets here.
 */

/** Names a process for as long as it is known to the addon. Chosen by the caller, never 0. */
export type Run = number;

/** One moment: microseconds since the epoch, and milliseconds (with a fraction) of CLOCK_MONOTONIC. */
export interface Moment { wall: number; mono: number }

/** What native threads have seen, in the order in which they saw it. */
export type Fact =
  | { kind: "spawned"; run: Run; pid: number; at: Moment }
  | { kind: "fault"; run: Run; step: string; errno: string; message: string; subject: string; at: Moment }
  | {
      kind: "exit"; run: Run; pid: number; code: number | null; signal: string | null; coreDumped: boolean;
      at: Moment; kernelTime: boolean; userMs: number; systemMs: number; maxRssBytes: number | null;
    }
  | { kind: "signal"; signal: string; pid: number; uid: number; fromKernel: boolean; terminalGone: boolean; at: Moment }
  | { kind: "lost"; what: "processEvents" | "output"; count: number }
  | { kind: "flushed"; token: number };

/** Everything a child is made of. Descriptors and limits that are not named here do not reach it. */
export interface SpawnRequest {
  run: Run;
  /** A path with a slash, or a name that is looked up in the PATH of `env`, as execvp(3) does. */
  command: string;
  /** argv, with argv[0]. */
  argv: string[];
  /** `NAME=value` each; the whole environment. `LISTEN_PID=` is completed with the child's pid. */
  env: string[];
  cwd: string;
  umask: number | null;
  /** Name or number; with it uid, gid and supplementary groups are set (getgrouplist(3)), and HOME, USER, LOGNAME, SHELL. */
  user: string | null;
  group: string | null;
  /** Supplementary groups; null: the user's own, or none changed where no user is set. */
  groups: string[] | null;
  nice: number | null;
  oomScoreAdj: number | null;
  noNewPrivileges: boolean;
  /** [resource, soft, hard] with the names of getrlimit(2) in lower case, `nofile`; -1 is unlimited. */
  limits: [string, number, number][];
  /** Descriptors of this process that the child gets, from 3 upwards. */
  pass: number[];
  /** Where its output goes: sink numbers of `openSink`. */
  stdout: number;
  stderr: number;
  /** Label of its lines without the pid, and its colour (an SGR parameter such as "36"), or null for none. */
  label: string;
  colour: string | null;
}

export interface Addon {
  /**
   * Starts the threads and takes over HUP, INT, TERM, USR1, USR2. `deliver` gets all facts since its last call, in
   * order. Returns why the kernel's process events are not listened to: null where they are, or were not asked for.
   */
  start(spawners: number, processEvents: boolean, deliver: (facts: Fact[]) => void): string | null;
  /** Answered by `spawned` or `fault`; never throws for what the machine refuses. */
  spawn(request: SpawnRequest): void;
  /** Signals a process, or its whole group, by what is held of it; nothing happens where it is gone. A start under way is ended by it. */
  signal(run: Run, signal: string, scope: "process" | "group"): void;
  /** To be called once per `exit` fact, after it has been recorded: kills what is left in the group, then reaps the zombie. */
  reap(run: Run): void;
  /** A place for output: a descriptor of this process (kept open until the end), as a stream of labelled lines. */
  openTerminal(fd: number): number;
  /** Opens or creates a file (mode 0600, O_NOFOLLOW) for output: labelled lines, or the raw bytes. Throws `{ code, message }`. */
  openFile(path: string, raw: boolean): number;
  /**
   * Writes a line of the transcript to a sink, in order with all other output. `label` null: no label. `opens`: from
   * then on that run's output is read. `closes`: all that the run has printed so far is written first.
   */
  say(sink: number, wall: number, label: string | null, colour: string | null, text: string, opens: Run | null, closes: Run | null): void;
  /** Answered by `flushed` once all that was said before is written or dropped. */
  flush(token: number): void;
  /** Ends the threads. Processes live on; their pipes are closed. Nothing is delivered afterwards. */
  stop(): void;
  /**
   * flock(2) on the file, made if need be, and checked to be still the one at that path; our pid is written to it.
   * Null, or the pid that its holder wrote (0: none yet). Kept to the end of the process. Throws `{ code, message }`.
   */
  lockFile(path: string): number | null;
  /** A clean end: removes a file that `lockFile` locked, if it is still that one. Whether it did. */
  removeLock(path: string): boolean;
  /** Listening Unix socket, mode 0600 before it can be connected to. A dead socket of our own in the way is removed. Throws `{ code, message }`. */
  listenUnix(path: string): number;
  /** Removes the name of a socket that `listenUnix` made, if it is still that one. Whether it did. */
  removeSocket(path: string): boolean;
  /** SO_PEERCRED of a connected Unix socket. unix(7). */
  peer(fd: number): { pid: number; uid: number } | null;
  /** Listening TCP socket; the host is a numeric address or localhost. Throws `{ code, message }`. */
  listenTcp(host: string, port: number): number;
}
