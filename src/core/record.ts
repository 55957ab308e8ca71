/**
 * What is told of what happens: to the history, to those who listen, and on the terminal. The history numbers the
 * records and spells the time out; the law only says what is true.
 *
 * The history is also the log from which a successor of a killed Sentry rebuilds the state. So every change of a slot
 * leaves a record, and each says what cannot be reckoned from the others: what is wanted, and until when.
 */
import type { By, Cause, ExitStatus, Fault, Identity, Micros, Millis, RunId } from "./types.ts";

interface OfSlot {
  readonly at: Micros;
  readonly entry: string;
  readonly slot: number;
  readonly pid: number | null;
  /** Why, where something was made to happen; null where it is told for its own sake. */
  readonly cause: Cause | null;
  /** Who asked for it; null where nobody did. */
  readonly by: By;
}

export interface StartedRecord extends OfSlot {
  readonly type: "started";
  readonly run: RunId;
  readonly pid: number;
  /** How many processes the slot has had before this one. */
  readonly restarts: number;
  /** When it was started, on the monotonic time line. */
  readonly mono: Millis;
  readonly identity: Identity;
}

export interface ExitedRecord extends OfSlot {
  readonly type: "exited";
  readonly run: RunId;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  readonly status: ExitStatus;
  readonly cause: Cause;
  readonly ranMs: Millis;
  /** When, on the monotonic time line: the delay counts from there. */
  readonly mono: Millis;
  readonly userMs: Millis;
  readonly systemMs: Millis;
  readonly maxRssBytes: number | null;
  /** It has left processes behind, which the slot ends before anything else. */
  readonly leftovers: boolean;
}

/**
 * The process is ready: of entries for which that is more than to be started. A daemon has forked itself away, or a process
 * has left its place to another: then this is the slot's process from now on, by the same run.
 */
export interface ReadyRecord extends OfSlot {
  readonly type: "ready";
  readonly run: RunId;
  readonly pid: number;
  readonly mono: Millis;
  readonly identity: Identity;
  readonly cause: null;
}

/** `cause` is not null where the start was being ended already: then the fault may be of our own making. */
export interface FaultRecord extends OfSlot, Fault {
  readonly type: "fault";
  readonly run: RunId;
  readonly pid: null;
}

/**
 * What went wrong with a process that was started: a daemon that cannot be followed, or processes that outlast SIGKILL. It
 * changes nothing by itself; what follows from it is other records.
 */
export interface TroubleRecord extends OfSlot, Fault {
  readonly type: "fault";
  readonly run: null;
}

/**
 * Told to end. `until`: the end of its grace, on the monotonic time line. With the cause `leftover` the process itself has
 * ended, and this is for what it has left behind.
 */
export interface StoppingRecord extends OfSlot {
  readonly type: "stopping";
  readonly run: RunId;
  /** What was wanted of the slot when this was told. */
  readonly wanted: boolean;
  readonly until: Millis;
  /** What has led to it, for people, where the cause alone does not say: which file, how much memory; or null. */
  readonly reason: string | null;
}

/** Examined so often in a row, and never found well. What follows from it is another record. */
export interface UnhealthyRecord extends OfSlot {
  readonly type: "unhealthy";
  readonly run: RunId;
  readonly pid: number;
  readonly failures: number;
  /** What was found the last time. */
  readonly message: string;
  readonly cause: null;
}

/** Wanted, and not started before what it comes after is there. */
export interface BlockedRecord extends OfSlot {
  readonly type: "blocked";
  readonly pid: null;
  /** The entries that it waits for. */
  readonly after: readonly string[];
  readonly cause: null;
}

/** At rest, because it was told to be. */
export interface StoppedRecord extends OfSlot {
  readonly type: "stopped";
  readonly wanted: boolean;
}

/**
 * Waits for its start, until that moment of the monotonic time line. `by` is not null where somebody asked for the
 * slot to be up: then the moment is now, or the end of the process that is still there. With the cause `schedule` it waits
 * until it is due; null: never again, or that is not known yet, and then it is told once more.
 */
export interface WaitingRecord extends OfSlot {
  readonly type: "waiting";
  readonly until: Millis | null;
}

/** Ended well, and is not to be restarted. */
export interface FinishedRecord extends OfSlot {
  readonly type: "finished";
}

/** Ended badly, and is not to be restarted: by its policy, or because there were too many failures. */
export interface FailedRecord extends OfSlot {
  readonly type: "failed";
}

/** Somebody has sent the process a signal. What becomes of it, if anything, is another record. */
export interface SignalledRecord extends OfSlot {
  readonly type: "signalled";
  readonly pid: number;
  readonly signal: string;
  readonly cause: null;
}

interface OfEntry {
  readonly at: Micros;
  readonly entry: string;
  readonly slot: null;
  readonly pid: null;
  readonly cause: null;
  readonly by: By;
}

/**
 * So many processes are wanted from now on. With the cause `restarted` it says so once more, because a rolling restart
 * begins: a successor must not take the extra slot, whose number is `count`, for one of those that are wanted.
 *
 * How that ends is one of these, whichever comes first after it:
 * - `stopped` of the slot `count`, with the cause `restarted` and `wanted` false: all have new processes;
 * - `fault` of the entry, with slot null: it has failed, or was called off. The extra slot's cause is then another one;
 * - `tookOver`: the Sentry that did it was killed, and nobody goes on with it.
 */
export interface ScaledRecord extends Omit<OfEntry, "cause"> {
  readonly type: "scaled";
  readonly count: number;
  readonly cause: "restarted" | null;
}

/** A rolling restart is over before its end, and the message says why. `by`: whoever asked for it. */
export interface RollingFaultRecord extends Omit<OfEntry, "cause">, Fault {
  readonly type: "fault";
  readonly cause: "restarted";
}

/** It was due, and did not run: nobody could see it, or what was to run still did. */
export interface MissedRecord extends Omit<OfEntry, "cause">, Fault {
  readonly type: "fault";
  readonly cause: "schedule";
  /** How many times: a successor goes on counting. */
  readonly missed: number;
}

/** What a reload has put into the configuration: so many processes of it are wanted. */
export interface AddedRecord extends OfEntry {
  readonly type: "added";
  readonly count: number;
}

/** What a reload has taken out of the configuration. */
export interface RemovedRecord extends OfEntry {
  readonly type: "removed";
}

interface OfSentry {
  readonly at: Micros;
  readonly entry: null;
  readonly slot: null;
  readonly cause: null;
  readonly by: By;
}

/** A reload is done: this is the first that the new image tells. */
export interface ReloadedRecord extends OfSentry {
  readonly type: "reloaded";
  readonly pid: null;
}

export interface TookOverRecord extends OfSentry {
  readonly type: "tookOver";
  /** Of the Sentry that is gone. */
  readonly pid: number | null;
  readonly processes: number;
}

/** What the machine refused Sentry itself: a reload's exec. Everything runs on as before. */
export interface OwnFaultRecord extends OfSentry, Fault {
  readonly type: "fault";
  readonly pid: null;
}

/**
 * What has got lost on its way to whoever would have read it: the kernel's process events, lines of output, or events that
 * the configuration's `on` was to get.
 */
export interface LostRecord extends Omit<OfSentry, "entry"> {
  readonly type: "lost";
  /** Of output that was for a file of its own. */
  readonly entry: string | null;
  readonly pid: null;
  readonly what: "processEvents" | "output" | "events";
  readonly count: number;
}

/** Sentry itself is about to leave, after a whole stop: what was scaled, up or down is forgotten with this. */
export interface LeftRecord extends OfSentry {
  readonly type: "stopped";
  readonly pid: null;
}

export type SlotRecord =
  | StartedRecord | ReadyRecord | ExitedRecord | FaultRecord | TroubleRecord | StoppingRecord | StoppedRecord
  | WaitingRecord | BlockedRecord | UnhealthyRecord | FinishedRecord | FailedRecord | SignalledRecord;

/** Those about a slot have its number, those about an entry or about Sentry have none. */
export type HistoryRecord =
  | SlotRecord | ScaledRecord | RollingFaultRecord | MissedRecord | AddedRecord | RemovedRecord
  | ReloadedRecord | TookOverRecord | OwnFaultRecord | LostRecord | LeftRecord;
