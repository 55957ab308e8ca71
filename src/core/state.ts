/**
 * What is. Plain objects in plain maps, no functions, no classes: it can be written down and read back.
 * Slots and entries are never changed in place; a step puts new ones where the old ones were.
 */
import type { Tally } from "./tally.ts";
import type { By, Cause, Exit, ExitWhen, Identity, Law, Micros, Millis, RunId, Scope, SlotId, Stamp, Token } from "./types.ts";

export interface Timer {
  readonly token: Token;
  readonly at: Millis;
}

/** A process that is there: its pid and when it was started. */
export interface Started {
  readonly pid: number;
  readonly at: Stamp;
  readonly identity: Identity;
}

/** What a process has said of itself so far: see said.ts. */
export interface Said {
  readonly doing: "reloading" | "stopping" | null;
  readonly status: string | null;
  readonly errno: number | null;
  /** The process of its tree that takes its place when it ends; null: none does. */
  readonly mainPid: number | null;
  /** In the place of the law's watchdog; null: it has not said. */
  readonly watchdogEvery: Millis | null;
}

export const NOTHING_SAID: Said = { doing: null, status: null, errno: null, mainPid: null, watchdogEvery: null };

/** How an end goes: as the law said when it began. What a reload says differently is for the next one. */
export interface Ending {
  readonly signal: string;
  readonly scope: Scope;
  /**
   * Null once SIGKILL was sent: there is nothing stronger to wait for, but what outlasts even that (`patience`) is told.
   */
  readonly grace: Timer | null;
  readonly patience: Timer | null;
}

/**
 * What a slot is doing. A field exists only in the phase in which it is true: only `running` surely has a process,
 * only `waiting` has a deadline. Timers are not set by hand: one is set exactly as long as a phase names it.
 */
export type Phase =
  /** Nothing is there, and nothing is under way. */
  | { readonly kind: "stopped" }
  /**
   * It has ended well, or badly, and is not to be restarted unless somebody asks for it. `code`: with what Sentry is to exit
   * where it is this that decides (see outcome.ts); `at`: since when, for the first may decide.
   */
  | { readonly kind: "finished" | "failed"; readonly code: number; readonly at: Millis }
  /** What it comes after is not there yet. */
  | { readonly kind: "blocked" }
  /** It is not due yet. */
  | { readonly kind: "scheduled" }
  /** The start has been asked for; its answer, a process or a fault, is still to come. */
  | { readonly kind: "starting"; readonly run: RunId }
  /**
   * A daemon that has not forked itself away yet. Once its process has `ended` well, what it has left is looked for.
   * `started` may be one in between already. Or a process that has named the one that takes its place (`said`: what it has
   * said; null: it is a daemon), and has ended. `wasReady`: before that; or, of a daemon, it has said so already. `proven`: it
   * has shown that it is ready, which holds for whoever is found.
   */
  | {
      readonly kind: "following"; readonly run: RunId; readonly started: Started; readonly ended: Exit | null;
      readonly deadline: Timer; readonly said: Said | null; readonly wasReady: boolean; readonly proven: boolean;
    }
  /**
   * Only one process was left, and it is followed. But a program that forks twice leaves one in between: that ends well
   * within a moment, and leaves another. `until`: what is left of the deadline then.
   */
  | {
      readonly kind: "settling"; readonly run: RunId; readonly started: Started; readonly settles: Timer; readonly until: Millis;
      readonly proven: boolean;
    }
  /** A process that is there, and is not ready yet. `finding`: what was wrong when it was last looked at; null: nothing was found. */
  | {
      readonly kind: "readying"; readonly run: RunId; readonly started: Started; readonly deadline: Timer;
      readonly finding: string | null; readonly said: Said;
    }
  /**
   * `settles` is not null while a rolling restart waits for this run to have stayed that long. `silence`: when its watchdog
   * finds it dead. `leaves`: it has said that it is about to end, and this is its grace. `ailing`: how many examinations in
   * a row were bad.
   */
  | {
      readonly kind: "running"; readonly run: RunId; readonly started: Started; readonly settles: Timer | null;
      readonly silence: Timer | null; readonly leaves: Timer | null; readonly ailing: number; readonly said: Said;
    }
  /** Told to end. `started` is null while the start itself has not been answered. */
  | Ending & {
      readonly kind: "stopping"; readonly run: RunId; readonly started: Started | null; readonly cause: Cause; readonly by: By;
    }
  /**
   * The process has ended, and that is recorded; what it has left behind is told to end as well. The ended process keeps
   * its pid until then.
   */
  | Ending & {
      readonly kind: "clearing"; readonly run: RunId; readonly cause: Cause; readonly by: By; readonly next: Next;
    }
  /** Between an exit, or a fault, and the next start. */
  | { readonly kind: "waiting"; readonly restart: Timer };

/** What comes once nothing is left: what the law of restarts says, or rest, where somebody has told the slot to stop. */
export type Next =
  | { readonly kind: "restart"; readonly at: Millis }
  | { readonly kind: "finished" }
  | { readonly kind: "failed" }
  | { readonly kind: "stopped" };

/** Finished and failed are one shape with two names. */
export type PhaseOf<Kind extends Phase["kind"]> = Extract<Phase, { kind: Kind extends "finished" | "failed" ? "finished" | "failed" : Kind }>;

/** The last life that a slot has lost. */
export interface LastExit {
  readonly exit: Exit;
  readonly cause: Cause;
  readonly ran: Millis;
}

/** The unit of supervision: one place for one process of an entry. What is wanted stands beside what is. */
export interface Slot {
  readonly entry: string;
  readonly number: number;
  readonly wanted: boolean;
  /** How many processes it has had. */
  readonly starts: number;
  readonly lastExit: LastExit | null;
  readonly failures: Failures;
  readonly phase: Phase;
}

/** What decides whether, and when, there is another try. */
export interface Failures {
  /** Without a success, or a stable run, in between. */
  readonly inARow: number;
  /** When the last ones were, the oldest first: no more than the law's limit counts. */
  readonly times: readonly Millis[];
}

export interface Entry {
  readonly law: Law;
  /** How many processes are wanted now: the law's count, until somebody scales it. */
  readonly count: number;
  readonly rolling: Rolling | null;
  /** What it comes after has been there once: nothing holds its starts up any more. */
  readonly opened: boolean;
  /**
   * When it is due next, by the wall clock; null: it is not scheduled, or never due again. Times of schedules are whole
   * seconds. What is none is of a Sentry that was killed: what came of all times up to then is known, and no more.
   */
  readonly due: Micros | null;
  /** How often it was due and did not run. */
  readonly missed: number;
}

/** A rolling restart under way. There is an extra slot as long as it is: the one whose number is the count. */
export interface Rolling {
  /** The slot whose new process has to be there, and to stay for a while, before it goes on. */
  readonly awaited: number;
  /** How many slots come after that one. After the highest comes the lowest. */
  readonly left: number;
  /** Who asked for it. */
  readonly by: By;
}

/** An entry that a reload has taken out. It is forgotten with the last of its processes. */
export interface Removed {
  /** What its processes are ended by. */
  readonly law: Law;
  /** How many of its slots are not at rest. */
  readonly live: number;
}

/** `keeping` until a whole stop is asked for; `left` once nothing is alive after that. */
export type Course = "keeping" | "leaving" | "left";

export interface State {
  course: Course;
  exitWhen: ExitWhen;
  /** With what Sentry itself ends, once a slot has decided that it leaves; null: none has. */
  exitCode: number | null;
  /** Who asked for the whole stop. */
  leaveBy: By;
  /** A signal has asked for it, first or after somebody else: the next one hurries. */
  urged: boolean;
  /**
   * What an earlier image has left is asleep until `resume`: things may happen to it, but it starts nothing, sets no
   * timer and does not leave, for what its phases name is not there yet. The engine says so of each state that it is given.
   */
  asleep: boolean;
  /** In the order of the configuration. */
  readonly entries: Map<string, Entry>;
  /** No name is in both. */
  readonly removed: Map<string, Removed>;
  /**
   * All numbers below an entry's count, and those above it, or of a removed one, that are not yet at rest. Of the latter
   * only the extra slot of a rolling restart is wanted.
   */
  readonly slots: Map<SlotId, Slot>;
  /** Whose run, whose timer: what facts and timers are found by. An ended run or a cancelled timer is in neither. */
  readonly runs: Map<RunId, SlotId>;
  readonly timers: Map<Token, SlotId>;
  /** How many slots are not at rest. */
  live: number;
  /** How the slots of each entry stand: see tally.ts. */
  readonly tallies: Map<string, Tally>;
  /** Who comes directly after whom: see order.ts. */
  followers: ReadonlyMap<string, readonly string[]>;
  /** Where the next jitter comes from: the same state gives the same one. */
  seed: number;
  nextRun: RunId;
  nextToken: Token;
}

export function emptyState(): State {
  return {
    course: "keeping", exitWhen: null, exitCode: null, leaveBy: null, urged: false, asleep: false,
    entries: new Map(), removed: new Map(), slots: new Map(), runs: new Map(), timers: new Map(),
    live: 0, tallies: new Map(), followers: new Map(), seed: 0, nextRun: 1, nextToken: 1,
  };
}

/** Below this number slots are in their place, and not only there until their processes have ended. */
export function roomOf({ count, rolling }: Pick<Entry, "count" | "rolling">): number {
  return rolling === null ? count : count + 1;
}

export function runOf(phase: Phase): RunId | null {
  switch (phase.kind) {
    case "starting": case "following": case "settling": case "readying": case "running": case "stopping": case "clearing":
      return phase.run;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "waiting": return null;
  }
}

/** Nothing is there, nothing is under way, and nothing will be unless somebody, or something else, asks for it. */
export function isAtRest(phase: Phase): boolean {
  switch (phase.kind) {
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": return true;
    case "starting": case "following": case "settling": case "readying": case "running": case "stopping": case "clearing":
    case "waiting":
      return false;
  }
}

/** The process that is there in that phase. */
export function startedOf(phase: Phase): Started | null {
  switch (phase.kind) {
    case "following": case "settling": case "readying": case "running": case "stopping": return phase.started;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting": case "clearing":
    case "waiting":
      return null;
  }
}

const NONE: readonly Timer[] = [];

export function timersOf(phase: Phase): readonly Timer[] {
  switch (phase.kind) {
    case "waiting": return [phase.restart];
    case "settling": return [phase.settles];
    case "following": case "readying": return [phase.deadline];
    case "running": {
      const { settles, silence, leaves } = phase;
      return settles === null && silence === null && leaves === null ? NONE : set(settles, silence, leaves);
    }
    case "stopping": case "clearing": return set(phase.grace ?? phase.patience);
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting": return NONE;
  }
}

function set(...timers: readonly (Timer | null)[]): readonly Timer[] {
  return timers.filter((timer) => timer !== null);
}

/** The same slot, and no rolling restart waits for it to stay. */
export function unawaited(slot: Slot): Slot {
  const { phase } = slot;
  return phase.kind === "running" ? { ...slot, phase: { ...phase, settles: null } } : slot;
}
