/**
 * The law of a slot, one function per phase: what it becomes when something happens to it. Read down a function to see
 * all that a phase can meet; read across the functions to see what an event does everywhere.
 *
 * A new phase, or a new event, does not compile before each function has an answer to it.
 */
import type { Draft } from "./draft.ts";
import { unawaited } from "./state.ts";
import type { Phase, PhaseOf, Slot, Started, Timer } from "./state.ts";
import { tellExited, tellFault, tellSignalled, tellStarted, tellStopped, tellStopping, tellWaiting } from "./telling.ts";
import { statusOf } from "./types.ts";
import type { By, Cause, Exit, Fault, Identity, Law, Millis, RunId, Stamp, Token } from "./types.ts";

/** What can happen to a slot. Only what is meant for its run and its timer gets here: `step` sees to that. */
export type Event =
  /**
   * What is wanted of the slot has been said anew: ask `draft.wants`. `news`: it was not the slot's own wish before.
   * `afresh`: a process that is there is not the one that is wanted, and another has to take its place. `atOnce`: a wait
   * for the restart is over.
   */
  | {
      readonly kind: "wish"; readonly news: boolean; readonly afresh: boolean; readonly atOnce: boolean;
      readonly cause: Cause; readonly by: By;
    }
  /** For the process, if there is one. A start that is not answered would be ended by it, and gets none. */
  | { readonly kind: "signal"; readonly signal: string; readonly by: By }
  /**
   * The slot is taken up from an earlier image. `again`: nobody knows whether it has sent its last signal. The cause is
   * for a process that nobody wants.
   */
  | { readonly kind: "resume"; readonly again: boolean; readonly cause: Cause }
  /** Nobody wants to wait for the grace any more. */
  | { readonly kind: "hurry" }
  | { readonly kind: "spawned"; readonly pid: number; readonly at: Stamp; readonly identity: Identity }
  | { readonly kind: "fault"; readonly fault: Fault; readonly at: Stamp }
  | { readonly kind: "exited"; readonly exit: Exit }
  | { readonly kind: "timeUp"; readonly token: Token };

type Turn<Kind extends Phase["kind"]> =
  (draft: Draft, slot: Slot, phase: PhaseOf<Kind>, event: Event) => Slot;

/** What a failed start waits at least: a program that is not there must not be tried thousands of times a second. */
const LEAST_WAIT_AFTER_FAULT: Millis = 100;

/**
 * How long a new process has to stay before a rolling restart takes it for a good one. A start only says that the program
 * could be executed: one that throws as its first act, because of a missing module or a port that is taken, has started
 * too. Such a one ends within this time, and costs one process, not all.
 */
const SETTLES_AFTER: Millis = 1000;

export function turn(draft: Draft, slot: Slot, event: Event): Slot {
  const { phase } = slot;
  switch (phase.kind) {
    case "stopped": return stopped(draft, slot, phase, event);
    case "starting": return starting(draft, slot, phase, event);
    case "running": return running(draft, slot, phase, event);
    case "stopping": return stopping(draft, slot, phase, event);
    case "waiting": return waiting(draft, slot, phase, event);
  }
}

const stopped: Turn<"stopped"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return slot;
      if (event.news) tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? begin(draft, slot) : slot;
    case "hurry": case "signal": return slot;
    case "spawned": case "fault": case "exited": case "timeUp": return impossible(slot, phase, event);
  }
};

const starting: Turn<"starting"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, phase.run, null, event.cause, event.by);
    // Nobody will answer this start any more. By another number, for it must not be taken for the one that comes now.
    case "resume": return draft.wants(slot) ? begin(draft, slot) : rest(draft, slot, event.cause, draft.leaveBy);
    case "hurry": case "signal": return slot;
    case "spawned": {
      const { pid, at, identity } = event;
      return run(draft, slot, phase.run, { pid, at, identity });
    }
    case "fault":
      tellFault(draft, slot, phase.run, event.fault, event.at, null, null);
      return wait(draft, slot, event.at.mono + Math.max(LEAST_WAIT_AFTER_FAULT, draft.law(slot).delay));
    case "exited": case "timeUp": return impossible(slot, phase, event);
  }
};

const running: Turn<"running"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, phase.run, phase.started, event.cause, event.by);
    case "resume": return draft.wants(slot) ? slot : end(draft, slot, phase.run, phase.started, event.cause, draft.leaveBy);
    case "signal": return signal(draft, slot, phase.run, phase.started, event.signal, event.by);
    case "hurry": return slot;
    case "exited": {
      const cause = statusOf(event.exit) === "known" ? "exited" : "unknown";
      const after = bury(draft, slot, phase.run, phase.started, event.exit, cause, null);
      return wait(draft, after, event.exit.at.mono + draft.law(slot).delay);
    }
    case "timeUp": return unawaited(slot);
    case "spawned": case "fault": return impossible(slot, phase, event);
  }
};

const stopping: Turn<"stopping"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    // Wanted again, or unwanted once more: that is told, and what was begun is brought to its end first.
    case "wish":
      if (event.news && slot.wanted) tellWaiting(draft, slot, phase.started, draft.now.mono, event.by);
      else if (event.news) tellStopping(draft, slot, phase.run, phase.started, phase.grace, event.cause, event.by);
      return slot;
    case "resume":
      if (phase.started === null) return rest(draft, slot, phase.cause, phase.by);
      if (event.again) kill(draft, phase.run, phase.grace === null ? "SIGKILL" : draft.law(slot).stopSignal);
      return slot;
    case "signal":
      return phase.started === null ? slot : signal(draft, slot, phase.run, phase.started, event.signal, event.by);
    case "hurry": case "timeUp":
      if (phase.grace === null) return slot;
      kill(draft, phase.run, "SIGKILL");
      return { ...slot, phase: { ...phase, grace: null } };
    case "spawned": {
      if (phase.started !== null) return impossible(slot, phase, event);
      const started = { pid: event.pid, at: event.at, identity: event.identity };
      tellStarted(draft, slot, phase.run, started);
      // The first signal may have met the start and not the process, so the process gets its own.
      kill(draft, phase.run, phase.grace === null ? "SIGKILL" : draft.law(slot).stopSignal);
      return { ...slot, starts: slot.starts + 1, phase: { ...phase, started } };
    }
    case "fault":
      if (phase.started !== null) return impossible(slot, phase, event);
      tellFault(draft, slot, phase.run, event.fault, event.at, phase.cause, phase.by);
      return rest(draft, slot, phase.cause, phase.by);
    case "exited": {
      if (phase.started === null) return impossible(slot, phase, event);
      const after = bury(draft, slot, phase.run, phase.started, event.exit, phase.cause, phase.by);
      return rest(draft, after, phase.cause, phase.by);
    }
  }
};

const waiting: Turn<"waiting"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (!draft.wants(slot)) return rest(draft, slot, event.cause, event.by);
      if (!event.atOnce) return slot;
      tellWaiting(draft, slot, null, draft.now.mono, event.by);
      return begin(draft, slot);
    case "resume": return draft.wants(slot) ? slot : rest(draft, slot, event.cause, draft.leaveBy);
    case "hurry": case "signal": return slot;
    case "timeUp": return begin(draft, slot);
    case "spawned": case "fault": case "exited": return impossible(slot, phase, event);
  }
};

/** A start is under way from here on: `draft.replace` asks for it. */
function begin(draft: Draft, slot: Slot): Slot {
  return { ...slot, phase: { kind: "starting", run: draft.newRun() } };
}

function run(draft: Draft, slot: Slot, run: RunId, started: Started): Slot {
  tellStarted(draft, slot, run, started);
  const settles = draft.awaits(slot) ? timer(draft, started.at.mono + SETTLES_AFTER) : null;
  return { ...slot, starts: slot.starts + 1, phase: { kind: "running", run, started, settles } };
}

/** Waits for the restart, unless its moment is already past: a loop that was busy must not add to the delay. */
function wait(draft: Draft, slot: Slot, at: Millis): Slot {
  if (at <= draft.now.mono) return begin(draft, slot);
  tellWaiting(draft, slot, null, at, null);
  return { ...slot, phase: { kind: "waiting", restart: timer(draft, at) } };
}

/** Tells a process, or a start that is still under way, to end. */
function end(draft: Draft, slot: Slot, run: RunId, started: Started | null, cause: Cause, by: By): Slot {
  const law: Law = draft.law(slot);
  const grace = timer(draft, draft.now.mono + law.grace);
  tellStopping(draft, slot, run, started, grace, cause, by);
  kill(draft, run, law.stopSignal);
  return { ...slot, phase: { kind: "stopping", run, started, grace, cause, by } };
}

/** Comes to rest, or begins anew where somebody has changed their mind meanwhile. */
function rest(draft: Draft, slot: Slot, cause: Cause, by: By): Slot {
  tellStopped(draft, slot, cause, by);
  return draft.wants(slot) ? begin(draft, slot) : { ...slot, phase: { kind: "stopped" } };
}

/** First the record, then the reap: until then the zombie keeps its pid, and what is left of the group its number. */
function bury(draft: Draft, slot: Slot, run: RunId, started: Started, exit: Exit, cause: Cause, by: By): Slot {
  const ran = Math.max(0, exit.at.mono - started.at.mono);
  tellExited(draft, slot, run, exit, ran, cause, by);
  draft.emit({ kind: "reap", run });
  return { ...slot, lastExit: { exit, cause, ran } };
}

function signal(draft: Draft, slot: Slot, run: RunId, { pid }: Started, signal: string, by: By): Slot {
  tellSignalled(draft, slot, pid, signal, by);
  draft.emit({ kind: "signal", run, signal, scope: "process" });
  return slot;
}

function kill(draft: Draft, run: RunId, signal: string): void {
  draft.emit({ kind: "signal", run, signal, scope: "group" });
}

function timer(draft: Draft, at: Millis): Timer {
  return { token: draft.newToken(), at };
}

/** A bug: the ports promise that this does not happen. Thrown, so that the old state stands. */
function impossible(slot: Slot, phase: Phase, event: Event): never {
  throw new Error(`${slot.entry}:${slot.number} is ${phase.kind} and cannot have ${event.kind}`);
}
