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
  | {
      kind: "spawned"; run: Run; pid: number; startTicks: number; outPipe: number; errPipe: number; cgroup: string | null;
      /** The name of its socket. */
      notify: string | null; at: Moment;
    }
  | { kind: "fault"; run: Run; step: string; errno: string; message: string; subject: string; at: Moment }
  /**
   * `code` and `signal` both null: nobody can know how it ended. `alone`: nothing is left of what it has started, as far as
   * can be known; then nothing ever will be.
   */
  | {
      kind: "exit"; run: Run; pid: number; code: number | null; signal: string | null; coreDumped: boolean;
      at: Moment; kernelTime: boolean; userMs: number; systemMs: number; maxRssBytes: number | null; alone: boolean;
    }
  /** After the run's `exit`, the answer to `end`: nothing of that scope is left. */
  | { kind: "cleared"; run: Run }
  /** Answers to `follow`: the run's process is this one now, or why there is none. */
  | { kind: "followed"; run: Run; pid: number; startTicks: number; outPipe: number; errPipe: number; cgroup: string | null; at: Moment }
  | { kind: "astray"; run: Run; step: string; errno: string; message: string; subject: string }
  /** The answer to `inspect`; not empty. */
  | { kind: "surviving"; run: Run; survivors: { pid: number; name: string; state: string; errno: string | null }[] }
  /** The answer to `strays`. */
  | { kind: "strays"; token: number; strays: Stray[] }
  /** One datagram on the run's NOTIFY_SOCKET, of its own user or of root. No other of that socket is read before this one is delivered. */
  | { kind: "notified"; run: Run; pid: number; uid: number; text: string }
  /** A newline came on the run's `readyFd`; told once. */
  | { kind: "newline"; run: Run }
  /**
   * What the run has printed, whole lines of it: no more of that stream leaves its pipe, or is told, before `seenLines`. Each line ends
   * with a newline, also a last one that had none. Of one of more than 64 KiB only so much is told, and U+FFFD. What is not UTF-8 is U+FFFD.
   */
  | { kind: "lines"; run: Run; stream: 0 | 1; text: string }
  /** The moment of `setAlarm` has come, or the wall clock was set. */
  | { kind: "alarm" }
  /** `pid` and `uid` are its sender's, and both null where no process is known to have sent it. */
  | { kind: "signal"; signal: string; pid: number | null; uid: number | null; fromKernel: boolean; terminalGone: boolean; at: Moment }
  /** `sink`: that of the output, where it leads to a place of its own; otherwise null. */
  | { kind: "lost"; what: "processEvents" | "output"; count: number; sink: number | null }
  /** A file of output has been rotated; or it could not be, and grows on. */
  | { kind: "rotated"; sink: number; fault: FaultOfFile | null }
  /** `packed` has been done, as far as it could be. */
  | { kind: "packed"; sink: number }
  | { kind: "flushed"; token: number }
  /** The answer to `quiesce`: no start is under way. */
  | { kind: "quiet" }
  /** The keeper has ended, or does not answer. What it held is not held by anybody but us. */
  | { kind: "keeperGone" };

/** A process that one of ours has started, and of which nothing says which one it was. */
export interface Stray { pid: number; name: string; state: string; startTicks: number }

/** Everything a child is made of. Descriptors and limits that are not named here do not reach it. */
export interface SpawnRequest {
  run: Run;
  /** A path with a slash, or a name that is looked up in the PATH of `env`, as execvp(3) does. */
  command: string;
  /** argv, with argv[0]. */
  argv: string[];
  /** `NAME=value` each; the whole environment. `LISTEN_PID=` and `WATCHDOG_PID=` are completed with the child's pid. */
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
  /** The name of an abstract socket (unix(7), without the NUL) that is bound for it: what comes there is told. Null: none. */
  notify: string | null;
  /** By this number it gets the write end of a pipe, beside what it is passed; a newline there is told. Null: none. */
  readyFd: number | null;
  /** What it prints is told as well, until `hush`, or a line that `closes` it. What goes nowhere is not told. */
  tellLines: boolean;
  /** Where its output goes: sink numbers of `openTerminal` and its like; null: nowhere (/dev/null); or to our own stdout or stderr. */
  stdout: number | null | "inherit";
  stderr: number | null | "inherit";
  /** Label of its lines without the pid: the entry's name; and its colour (an SGR parameter such as "36"), or null for none. */
  label: string;
  slot: number;
  colour: string | null;
  /** The keeper files its descriptors under `pid `, `out ` and `err ` and this text. No newline, at most 4000 bytes. */
  kept: string;
  /** The value of its SENTRY_RUN, by which what it starts is known as well. */
  mark: string;
}

/** A process that an earlier image started, or another Sentry that is gone. */
export interface Adoption {
  run: Run;
  pid: number;
  /** Who it is: checked after a pidfd has been opened, where none is given. 0 with a pidfd: read from /proc. */
  startTicks: number;
  /** Belongs to the addon from then on. Null: to be opened. */
  pidfd: number | null;
  /** Its exit has been delivered already; `reap` will be called for it, and perhaps `end` before. */
  ended: boolean;
  /** As in its `spawned`: by these, and by its mark, what it has started is known. 0, or null: not known. */
  outPipe: number;
  errPipe: number;
  cgroup: string | null;
  mark: string;
  /** As `detach` gave it: what it has started besides its own children, as far as it was seen. */
  descendants: Descendant[];
  /** Its socket; `fd` null: it is bound anew, under the same name. The descriptor belongs to the addon from then on. */
  notify: { name: string; fd: number | null } | null;
  /** The read end of its readiness pipe, likewise. */
  readyPipe: number | null;
  /** A peak of its memory that is not above this may be that of the memory which called exec, in bytes. */
  inheritedRss: number;
  /** As `detach` gave it: the kernel's process events up to then. Null: it is not known what it did before. */
  threads: Threads | null;
  kept: string;
}

/** A process that a run has started, in whatever way; known by both numbers. */
export interface Descendant { pid: number; startTicks: number; signals: string[] }

/** How many threads a process had when its events were last read; nanoseconds of CLOCK_MONOTONIC. */
export interface Threads { bornNs: number; countable: boolean; living: number; leaderOver: boolean; lastExitNs: number }

/** A pipe that a run prints into. */
export interface Output {
  run: Run;
  stream: 0 | 1;
  /** Its read end; belongs to the addon from then on. */
  fd: number;
  sink: number;
  /** With the pid: `dummy.1514`. */
  label: string;
  slot: number;
  colour: string | null;
  /** It is read from now on; otherwise from the line that `opens` its run. */
  open: boolean;
  /** What it prints is told as well. */
  tell: boolean;
  kept: string;
}

/** All that the threads had, as data. Its descriptors are the caller's. */
export interface Detached {
  /** Seen and not delivered before. */
  facts: Fact[];
  processes: Adoption[];
  outputs: Output[];
  /** What a sink has still to take: the rest of a line, or more. Any bytes: `text` has a character for each (latin1). */
  owed: { sink: number; text: string }[];
  inherited: Inherited;
}

/** What an image leaves to the next one by exec. */
export interface Inherited {
  /** The subscription to the kernel's process events, and how many it had dropped. */
  events: { fd: number; drops: number } | null;
  /** The same for the forks of all processes, by which it is known who has started what. */
  forks: { fd: number; drops: number } | null;
  /** Where signals are written that came before the exec; `size`: of a record, which a newer version may have changed. */
  signals: { fd: number; size: number } | null;
  /** The limit of open files before Node raised it: [soft, hard]. */
  fileLimit: [number, number] | null;
}

export interface Start {
  spawners: number;
  processEvents: boolean;
  /** Each process gets a cgroup of its own below one with this name, where that is possible. */
  cgroups: string;
  inherited: Inherited | null;
}

/** Why something is done without, in words; null: it is there, or was not asked for. */
export interface Missing {
  processEvents: string | null;
  cgroups: string | null;
}

/** What the keeper had, and gives back: a duplicate of each descriptor. */
export interface Held { label: string; fd: number }

/** The connection to the keeper, and a pidfd of it. */
export interface KeeperDescriptors { connection: number; process: number }

export interface FaultOfFile { step: string; errno: string; message: string; subject: string }

/** How many files were opened anew, and what kept others from it. */
export interface Reopened { files: number; faults: FaultOfFile[] }

/** A file for output, and its bounds. */
export interface LogFile {
  path: string;
  /** The bytes alone; lines with labels; or an object a line, as docs/output.md has them. */
  format: "raw" | "prefixed" | "json";
  /** Bytes, for whole lines; only one line alone may be longer. Before that is passed, `path` becomes `path.1`. 0: any number. */
  maxSize: number;
  /** How many rotated files stay: `path.1`, the newest, to `path.KEEP`; each may also be there as `.gz`. */
  keep: number;
  /** The sink of a terminal which shows the same lines with labels; null: none. It never holds the file up for more than a second. */
  echo: number | null;
}

/** A listening Unix socket, and which file of the file system is its name. */
export interface UnixSocket { fd: number; device: number; inode: number }

/**
 * Of a process and all its descendants: CPU time in milliseconds, also that of descendants which have ended and were waited
 * for, and resident memory. What several of them share is counted once for each.
 */
export interface Consumption { cpu: number; memoryBytes: number }

export interface Addon {
  /** From now on signals to Sentry are noted, and `start` delivers them: whoever finds our pid may use it. Throws `{ code, message }`. */
  noteSignals(): void;
  /**
   * Starts the threads, takes over HUP, INT, TERM, USR1, USR2, and becomes a subreaper (PR_SET_CHILD_SUBREAPER(2const)): what
   * our processes leave behind becomes our child, and is reaped when it ends. `deliver` gets all facts since its last
   * call, in order. May be called again after `detach`.
   */
  start(how: Start, deliver: (facts: Fact[]) => void): Missing;
  /** Answered by `spawned` or `fault`; never throws for what the machine refuses. */
  spawn(request: SpawnRequest): void;
  /**
   * Takes a process up. False where there is no such process any more: then nothing of it is heard, and it needs no `reap`.
   * One that has `ended` is always taken up, for what it may have left behind.
   */
  adopt(process: Adoption): boolean;
  /** Signals a process by what is held of it; nothing happens where it is gone. */
  signal(run: Run, signal: string): void;
  /**
   * Signals each process of the scope once, and then with SIGCONT; with SIGKILL whatever of it is left, until nothing is. A
   * start under way is ended by it. Once the run's `exit` was delivered, it is for what the process has left behind, and is
   * answered by one `cleared`, also where it comes again with another signal.
   */
  end(run: Run, signal: string, scope: "process" | "group" | "tree"): void;
  /** Answered by `surviving`, where something of the scope is left, and by nothing otherwise. */
  inspect(run: Run, scope: "process" | "group" | "tree"): void;
  /**
   * After the run's `exit` was delivered: takes up, in the place of the process that has ended, the one of its tree with that
   * pid; null: the only one that was left to us, whatever that has started itself. Answered by `followed` or `astray`. With a
   * pid it may also be a stray. One that is not there (0 never is): `astray` with ESRCH, and without an errno once nothing is left that could come.
   */
  follow(run: Run, pid: number | null): void;
  /**
   * To be called once per `exit` fact, after it has been recorded: reaps the zombie, and nothing is known of the run any
   * more. After `followed`: only the zombie of the one before is reaped.
   */
  reap(run: Run): void;
  /**
   * Node is about to have children of its own (true), or has none any more: whoever we have not started is reaped only then.
   * It has some after `start`, until this says otherwise: whoever is to be adopted comes first.
   */
  spare(on: boolean): void;
  /** Ready, or given up: no lines of that run are told any more. */
  hush(run: Run): void;
  /** The lines of that fact have been looked at: they may leave the pipe, and the next ones are told. */
  seenLines(run: Run, stream: 0 | 1): void;
  /**
   * One `alarm` at that moment of the wall clock (microseconds since the epoch), or when the clock is set before: timerfd_create(2),
   * TFD_TIMER_CANCEL_ON_SET. It takes the place of the last one; null: none.
   */
  setAlarm(wall: number | null): void;
  /**
   * Sends one datagram to a socket as NOTIFY_SOCKET names it (a path, or `@` and an abstract name). Never waits. Gives the errno
   * (`ECONNREFUSED`) where it could not, or null.
   */
  notify(socket: string, text: string): string | null;
  /** Answered by `strays`: what is ours by descent, and of which it is not known whose. */
  strays(token: number): void;
  /** A place for output: a descriptor of this process (kept open until the end), as a stream of labelled lines, or of JSON objects. */
  openTerminal(fd: number, json: boolean): number;
  /** A place for output of which nothing is kept. Other than with null, its lines can be told. */
  openNowhere(): number;
  /** Opens or creates a file (mode 0600, O_NOFOLLOW) for output. Throws `{ code, message }`. */
  openFile(file: LogFile): number;
  /**
   * A rotated file, by a descriptor of it (not kept), has been compressed into another one: that takes its place as
   * `path.N.gz`, whatever N is by now, or is removed where the original is gone. Answered by `packed`.
   */
  packed(sink: number, original: number, path: string): void;
  /** Takes up a pipe. */
  adoptOutput(output: Output): void;
  /** What was owed to the sink, as `detach` gave it: it goes there before anything else. */
  owe(sink: number, text: string): void;
  /**
   * Writes a line of the transcript to a sink, in order with all other output. `label` null: no label. `opens`: from
   * then on that run's output is read. `closes`: all that the run has printed so far is written first.
   */
  say(sink: number, wall: number, label: string | null, colour: string | null, text: string, opens: Run | null, closes: Run | null): void;
  /** Answered by `flushed` once all that was said before is written or dropped. */
  flush(token: number): void;
  /**
   * True: begins no start any more; what is asked for waits. Answered by `quiet` when no start is under way. False: what
   * has waited begins.
   */
  quiesce(on: boolean): void;
  /** Ends the threads, and gives what they had. Call it when it is quiet. Signals to Sentry go on being noted (`inherited.signals`). */
  detach(): Detached;
  /**
   * The clean end: ends the threads, and gives what they have not told. Processes live on; their pipes are closed. Signals to
   * Sentry are noted by nobody, and do nothing.
   */
  finish(): Fact[];
  /** The same, and nothing is told. Signals to this process do again what they did before `start`. */
  stop(): void;
  /**
   * flock(2) on the file, made if need be, and checked to be still the one at that path; our pid is written to it.
   * Null, or the pid that its holder wrote (0: none yet). Kept to the end of the process. Throws `{ code, message }`.
   */
  lockFile(path: string): number | null;
  /** The descriptor of a file that `lockFile` locked, to be inherited. */
  lockDescriptor(path: string): number;
  /** Takes up a lock that an earlier image of this process had. */
  inheritLock(path: string, fd: number): void;
  /** A clean end: removes a file that `lockFile` locked, if it is still that one. Whether it did. */
  removeLock(path: string): boolean;
  /** Listening Unix socket, mode 0600 before it can be connected to. A dead socket of our own in the way is removed. Throws `{ code, message }`. */
  listenUnix(path: string): number;
  /** Of a socket that `listenUnix` made: the addon's own descriptor, which stays open, and which file it is. */
  socketDescriptor(path: string): UnixSocket;
  /** Takes up a socket that `listenUnix` made in an earlier image, or that the keeper had. Gives a duplicate for Node, as `listenUnix` does. */
  inheritSocket(path: string, socket: UnixSocket): number;
  /** Removes the name of a socket that `listenUnix` made, if it is still that one. Whether it did. */
  removeSocket(path: string): boolean;
  /** SO_PEERCRED of a connected Unix socket. unix(7). */
  peer(fd: number): { pid: number; uid: number } | null;
  /** Listening TCP socket; the host is a numeric address or localhost. Throws `{ code, message }`. */
  listenTcp(host: string, port: number): number;
  /** dup(2), with CLOEXEC. Throws `{ code, message }`. */
  duplicate(fd: number): number;
  /** close(2). */
  close(fd: number): void;
  /**
   * Asks a keeper that listens at that path for all that it holds, and keeps the connection: it is our keeper then.
   * Null where nobody answers.
   */
  takeKeeper(path: string): Held[] | null;
  /** Starts a keeper that listens at that path. What is known to the threads is given to it at once. Throws `{ code, message }`. */
  startKeeper(program: string, path: string): void;
  /** What there is of the keeper, to be inherited; null where there is none. */
  keeperDescriptors(): KeeperDescriptors | null;
  /** Takes up what an earlier image of this process had. */
  inheritKeeper(keeper: KeeperDescriptors): void;
  /** Gives the keeper a duplicate, under a label of at most 4095 bytes without a newline. One that has that label already is replaced. */
  hold(label: string, fd: number): void;
  /** The keeper is to let go of what has that label. */
  release(label: string): void;
  /** A clean end: the keeper ends, and lets go of everything. */
  endKeeper(): void;
  /** A sealed memfd with this text, read from its beginning. memfd_create(2). Throws `{ code, message }`. */
  memfd(text: string): number;
  /**
   * execve(2) with this process's own environment: returns only by throwing `{ code, message }`. The descriptors named,
   * and 0, 1 and 2, go along; where it fails they are CLOEXEC again. The signals that Sentry takes are blocked in the new
   * image until it calls `start`: for that, the file of its addon is loaded before anything else (native/preload.c).
   */
  exec(program: string, argv: string[], descriptors: number[], addon: string): void;
  /** After an exec: these are not to reach children. */
  closeOnExec(descriptors: number[]): void;
  /**
   * One pass over /proc, on another thread: what whole trees of processes use, in the order of their roots. Null: there is
   * no process with that pid and that start time (0: whoever has the pid). Where one root is below another its tree
   * counts for itself alone. Rejects with `{ code, message }` where /proc cannot be read.
   */
  sweep(roots: readonly { readonly pid: number; readonly startTicks: number }[]): Promise<(Consumption | null)[]>;
  /**
   * What is to keep the newest output of an entry without a file (native/tail.h): an empty memfd, which is the caller's. To
   * be read, and watched, through /proc/self/fd. Throws `{ code, message }`.
   */
  openTail(): number;
  /**
   * A place for output that leads to another, a terminal's, and all that goes through it is kept in the tail as well. Of
   * one that leads to a terminal itself, only the terminal is used. The descriptor stays the caller's. Throws
   * `{ code, message }`.
   */
  openTailed(sink: number, tail: number): number;
  /**
   * Opens all files of `openFile` anew, by their paths. Each goes over where a line ends, if the old file takes that. Where a
   * path cannot be opened the old file goes on.
   */
  reopenFiles(): Reopened;
  /**
   * By name or number, as `spawn` takes it. False only where it is certain that this machine has none: where its name services
   * cannot be asked, the start says what is wrong. May block for as long as these do.
   */
  userMayExist(user: string): boolean;
  groupMayExist(group: string): boolean;
}
