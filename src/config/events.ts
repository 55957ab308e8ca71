/**
 * What happens, as `on` of a configuration gets it, and as `GET /events` and the history show it: one event of each type
 * that there is, told apart by `type`. All have the same fields first, with null where one says nothing; what comes after
 * them is the type's own. This file is part of the public door: it imports nothing, and editors show its comments.
 */

/** Why a process ended, or was made to. */
export type EventCause =
  | "exited" | "stopped" | "restarted" | "scaled" | "replaced" | "removed" | "readyTimeout"
  | "unhealthy" | "watchdog" | "memory" | "schedule" | "watch" | "leftover" | "unknown";

/**
 * Who asked for it. Of who comes over TCP with the token, no more is known; and a signal that the kernel sends (Ctrl-C, a
 * terminal that is gone) comes from no process.
 */
export type EventBy =
  | { readonly kind: "signal"; readonly pid: number | null; readonly uid: number | null }
  | { readonly kind: "socket"; readonly pid: number; readonly uid: number }
  | { readonly kind: "token"; readonly pid: null; readonly uid: null };

/** What every event has. */
interface AnyEvent {
  /** Grows by one with each event, over reloads and crashes: where one is missing, so is an event. */
  readonly id: number;
  /** When, in UTC, to the microsecond: `2026-11-22T06:34:59.120431Z`. */
  readonly at: string;
  /** The entry's name; null where it is about Sentry itself. */
  readonly entry: string | null;
  /** The number of the slot; null where it is about the entry, or about Sentry itself. */
  readonly slot: number | null;
  /** The process's; null where there is none. */
  readonly pid: number | null;
  /** With what a process exited; null where it did not, or nobody can know. */
  readonly code: number | null;
  /** By what a process was ended, or what it was sent: `"SIGTERM"`. */
  readonly signal: string | null;
  readonly coreDumped: boolean;
  /** Whether code or signal of an exit are known; null where it is no exit. */
  readonly status: "known" | "unknown" | null;
  /** Why, where something was made to happen. */
  readonly cause: EventCause | null;
  /** Null where nobody asked for it. */
  readonly by: EventBy | null;
}

interface NoExit extends AnyEvent {
  readonly code: null;
  readonly coreDumped: false;
  readonly status: null;
}

interface OfSlot extends NoExit {
  readonly entry: string;
  readonly slot: number;
  readonly signal: null;
}

interface OfEntry extends NoExit {
  readonly entry: string;
  readonly slot: null;
  readonly pid: null;
  readonly signal: null;
}

interface OfSentry extends NoExit {
  readonly entry: null;
  readonly slot: null;
  readonly signal: null;
  readonly cause: null;
}

/** What the machine refused: which step, which errno, on what. */
interface Refused {
  /** `"exec"` */
  readonly step: string;
  /** `"ENOENT"`; may be empty. */
  readonly errno: string;
  /** `"no such file or directory"` */
  readonly message: string;
  /** What the step was about: a path, a user; may be empty. */
  readonly subject: string;
}

/** What a process is known by, besides its pid. */
export interface EventIdentity {
  /** When it was started, in clock ticks since boot (proc_pid_stat(5), field 22); 0: not known. */
  readonly startTicks: number;
  /** The inodes of the pipes that it was given as stdout and stderr. */
  readonly pipes: readonly [number, number];
  /** The path of its own cgroup; null: it has none of its own. */
  readonly cgroup: string | null;
}

/** A process was started. */
export interface StartedEvent extends OfSlot {
  readonly type: "started";
  readonly pid: number;
  /** Which life of which process: unique for as long as this Sentry lives, reloads included. */
  readonly run: number;
  /** How many processes the slot has had before this one. */
  readonly restarts: number;
  /** When, in milliseconds of the monotonic clock. */
  readonly mono: number;
  readonly identity: EventIdentity;
  /** SENTRY_RUN in its environment. */
  readonly mark: string;
  /** Which life of the machine: /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
}

/**
 * A process is ready; told where that is more than to have been started (`ready`, `daemon`). With another pid than that of
 * `started` it has taken the place of the process that was started.
 */
export interface ReadyEvent extends OfSlot {
  readonly type: "ready";
  readonly pid: number;
  readonly run: number;
  readonly mono: number;
  readonly identity: EventIdentity;
  readonly cause: null;
}

/** A process has ended. */
export interface ExitedEvent extends Omit<OfSlot, "code" | "signal" | "coreDumped" | "status"> {
  readonly type: "exited";
  readonly pid: number;
  readonly run: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  readonly status: "known" | "unknown";
  readonly cause: EventCause;
  /** How long it ran, in milliseconds. */
  readonly ranMs: number;
  /** When, in milliseconds of the monotonic clock. */
  readonly mono: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** The most memory that it had; null where that is not known to be its own. */
  readonly maxRssBytes: number | null;
  /** It has left processes behind, which are ended before anything else. */
  readonly leftovers: boolean;
}

/**
 * Something could not be done. Of a slot with `run` a number: a start; with `run` null: what went wrong otherwise with its
 * process. Of a whole entry (`slot` null), the cause says what it was: `restarted` is a rolling restart that is over before
 * its end, `schedule` that it was due and did not run. Of Sentry itself (`entry` null): a reload's exec.
 */
export interface FaultEvent extends NoExit, Refused {
  readonly type: "fault";
  readonly signal: null;
  readonly run?: number | null;
  /** How many times it was due and did not run. */
  readonly missed?: number;
}

/** A process was told to end; with the cause `leftover` it has ended, and what it has left behind was told to. */
export interface StoppingEvent extends OfSlot {
  readonly type: "stopping";
  readonly run: number;
  /** Whether the slot is to have a process again. */
  readonly wanted: boolean;
  /** The end of its grace, in milliseconds of the monotonic clock. */
  readonly until: number;
  /** What has led to it, where the cause alone does not say: which file, how much memory. */
  readonly reason: string | null;
}

/** A process was found unhealthy so often in a row that it is ended. */
export interface UnhealthyEvent extends OfSlot {
  readonly type: "unhealthy";
  readonly pid: number;
  readonly run: number;
  readonly failures: number;
  /** What was found the last time. */
  readonly message: string;
  readonly cause: null;
}

/** A slot waits for other entries before its first start. */
export interface BlockedEvent extends OfSlot {
  readonly type: "blocked";
  readonly pid: null;
  /** The entries that it waits for. */
  readonly after: readonly string[];
  readonly cause: null;
}

/** A slot is at rest, because it was told to be. */
export interface StoppedEvent extends OfSlot {
  readonly type: "stopped";
  readonly wanted: boolean;
}

/** Everything is stopped: Sentry itself leaves. */
export interface LeftEvent extends OfSentry {
  readonly type: "stopped";
  readonly pid: null;
}

/** A slot waits for its next start. */
export interface WaitingEvent extends OfSlot {
  readonly type: "waiting";
  /** Until when, in milliseconds of the monotonic clock; null: it is never due again. */
  readonly until: number | null;
}

/** A slot's process has ended well, and is not started again. */
export interface FinishedEvent extends OfSlot {
  readonly type: "finished";
}

/** A slot's process has ended badly, or could not be started, and is not started again. */
export interface FailedEvent extends OfSlot {
  readonly type: "failed";
}

/** Somebody has sent a process a signal. */
export interface SignalledEvent extends Omit<OfSlot, "signal"> {
  readonly type: "signalled";
  readonly pid: number;
  readonly signal: string;
  readonly cause: null;
}

/** So many processes of the entry are wanted from now on; with the cause `restarted`: a rolling restart begins. */
export interface ScaledEvent extends OfEntry {
  readonly type: "scaled";
  readonly count: number;
  readonly cause: "restarted" | null;
}

/** A reload has put the entry into the configuration. */
export interface AddedEvent extends OfEntry {
  readonly type: "added";
  readonly count: number;
  readonly cause: null;
}

/** A reload has taken the entry out of the configuration. */
export interface RemovedEvent extends OfEntry {
  readonly type: "removed";
  readonly cause: null;
}

/** A reload is done. */
export interface ReloadedEvent extends OfSentry {
  readonly type: "reloaded";
  readonly pid: null;
}

/** Another Sentry was killed, and this one goes on with its processes. */
export interface TookOverEvent extends OfSentry {
  readonly type: "tookOver";
  /** Of the Sentry that is gone. */
  readonly pid: number | null;
  readonly processes: number;
  /** Which life of the machine: /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
}

/** So much has got lost on its way: the kernel's process events, lines of output that nobody took, events for `on`. */
export interface LostEvent extends Omit<OfSentry, "entry"> {
  readonly type: "lost";
  /** Whose output it was, where that is for a file of its own. */
  readonly entry: string | null;
  readonly pid: null;
  readonly what: "processEvents" | "output" | "events";
  readonly count: number;
}

/** Plain data: what happened, once. Told apart by `type`. */
export type SentryEvent =
  | StartedEvent | ReadyEvent | ExitedEvent | FaultEvent | StoppingEvent | StoppedEvent | WaitingEvent | BlockedEvent
  | UnhealthyEvent | FinishedEvent | FailedEvent | SignalledEvent | ScaledEvent | AddedEvent | RemovedEvent
  | ReloadedEvent | TookOverEvent | LostEvent | LeftEvent;
