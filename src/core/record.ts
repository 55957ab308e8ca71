/**
 * What is told of what happens: to the history, to those who listen, and on the terminal. The history numbers the
 * records and spells the time out; the law only says what is true.
 */
import type { By, Cause, ExitStatus, Fault, Micros, Millis, RunId } from "./types.ts";

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
  readonly userMs: Millis;
  readonly systemMs: Millis;
  readonly maxRssBytes: number | null;
}

/** `cause` is not null where the start was being ended already: then the fault may be of our own making. */
export interface FaultRecord extends OfSlot, Fault {
  readonly type: "fault";
  readonly run: RunId;
  readonly pid: null;
}

/** `stopping`: told to end. `stopped`: at rest, because it was told to. `waiting`: for its restart. */
export interface PhaseRecord extends OfSlot {
  readonly type: "stopping" | "stopped" | "waiting";
}

export interface ScaledRecord {
  readonly type: "scaled";
  readonly at: Micros;
  readonly entry: string;
  readonly slot: null;
  readonly pid: null;
  readonly count: number;
  readonly cause: null;
  readonly by: By;
}

export type HistoryRecord = StartedRecord | ExitedRecord | FaultRecord | PhaseRecord | ScaledRecord;
