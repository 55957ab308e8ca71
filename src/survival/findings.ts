/** What a take-over finds: processes and pipes to be taken up, and what the engine is to be told of them. */
import type { Happening } from "../core/command.ts";
import type { SlotRecord } from "../core/record.ts";
import type { State } from "../core/state.ts";
import type { RunId } from "../core/types.ts";
import type { Held } from "./kept.ts";

/** A process to be taken up: the addon's Adoption, as far as it is known here. */
export interface Adopted {
  readonly run: RunId;
  readonly entry: string;
  readonly pid: number;
  readonly startTicks: number;
  readonly pidfd: number | null;
  /**
   * Its exit is known to the state, or recorded. Where its run is one of the state's (`state.runs`), core goes on with what
   * it has left behind, and says when it is to be reaped; all others are to be reaped at once.
   */
  readonly ended: boolean;
  /** By these, and by its mark, is known what it has started. 0 and null: not known. */
  readonly outPipe: number;
  readonly errPipe: number;
  readonly cgroup: string | null;
  readonly mark: string;
  /** Its NOTIFY_SOCKET. `fd` null: it is to be bound anew; `name` empty: the descriptor knows it. Null: it has none. */
  readonly notify: { readonly name: string; readonly fd: number | null } | null;
  /** The read end of the pipe on which it says that it is ready. */
  readonly readyPipe: number | null;
  readonly kept: string;
}

/** A pipe to be read on: the addon's Output, as far as it is known here. */
export interface OutputLeft {
  readonly run: RunId;
  readonly stream: 0 | 1;
  readonly fd: number;
  readonly entry: string;
  /** `dummy.1514`; `dummy:0` where no pid is known. */
  readonly label: string;
  readonly slot: number;
  /** False: its `started` is only recorded now, and opens it. */
  readonly open: boolean;
  readonly kept: string;
}

export interface Survey {
  /** Null: nothing says so. */
  readonly instance: string | null;
  /** Of the Sentry that is gone; null: nothing says so. */
  readonly oldPid: number | null;
  /** Null: nothing is to be taken up, and Sentry begins as for the first time. */
  readonly state: State | null;
  readonly adoptions: readonly Adopted[];
  /** Programs that were looking at others. They are nobody's slot's: to be taken up, ended and reaped. */
  readonly probes: readonly Adopted[];
  readonly outputs: readonly OutputLeft[];
  /**
   * To be posted before `resume`, and after the adoptions: starts that were not recorded (their slots are `starting` with
   * that run), then ends of which nobody knows how.
   */
  readonly facts: readonly Happening[];
  /** What is to be recorded before anything else: a Sentry that was killed did not get to it. */
  readonly untold: readonly SlotRecord[];
  /** How many processes live. */
  readonly living: number;
  /** `tcp *:8080` and what listens there. What is not used is to be closed, and released as `listen tcp *:8080`. */
  readonly listening: ReadonlyMap<string, number>;
  /** What is kept of the output of entries, by their names. */
  readonly tails: ReadonlyMap<string, number>;
  /** Descriptors of another Sentry. */
  readonly close: readonly number[];
  /** What the keeper has twice, of a daemon's run, or of whom nothing will be heard: to be closed, and released. */
  readonly superfluous: readonly Held[];
  /** What could not be trusted, in words. */
  readonly told: readonly string[];
}
