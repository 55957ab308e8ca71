/**
 * The end that somebody waits for: of a process that was told to end (`stopping`), and of what one that has ended has left
 * behind (`clearing`). Both go the same way: the law's signal, its grace, SIGKILL. What outlasts SIGKILL cannot be ended by
 * anybody; that is told once, and waited for, since whatever it holds (a port, a file) the next process would need.
 */
import type { Draft } from "./draft.ts";
import { impossible } from "./event.ts";
import type { ExitedEvent, Turn, WishEvent } from "./event.ts";
import { bury, goOn, judged, leaves, PATIENCE, ranFor, reapFormer, rest, signal, tellToEnd, timer } from "./moves.ts";
import { isFailing, isJudged, isSuccess, NO_FAILURES } from "./restart.ts";
import type { End } from "./restart.ts";
import { extended } from "./said.ts";
import type { Next, PhaseOf, Slot, Started } from "./state.ts";
import { tellFault, tellStarted, tellStopping, tellSurviving, tellWaiting } from "./telling.ts";
import type { Cause, Exit, Law, Millis, Tidings } from "./types.ts";

type Stopping = PhaseOf<"stopping">;
type Clearing = PhaseOf<"clearing">;

export const stopping: Turn<"stopping"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    // Wanted again, or unwanted once more: that is told, and what was begun is brought to its end first.
    case "wish": {
      const after = askedFor(draft, slot, phase, event);
      if (draft.wants(slot) && (event.news || after !== phase)) tellWaiting(draft, slot, phase.started, draft.now.mono, event.by);
      else if (event.news) tellStopping(draft, slot, phase.run, phase.started, phase.grace, event.cause, event.by);
      return { ...slot, phase: after };
    }
    case "resume":
      if (phase.started === null) return rest(draft, slot, phase.cause, phase.by);
      // Nobody knows any more that it is to end. Whoever was told is not told again.
      tellToEnd(draft, phase.run, phase);
      return slot;
    case "signal":
      return phase.started === null ? slot : signal(draft, slot, phase.run, phase.started, event.signal, event.by);
    case "hurry": return phase.grace === null ? slot : kill(draft, slot, phase);
    case "timeUp": return phase.grace === null ? inspect(draft, slot, phase) : kill(draft, slot, phase);
    case "surviving":
      tellSurviving(draft, slot, phase.started, event.survivors, phase.cause, phase.by);
      return slot;
    case "spawned": {
      if (phase.started !== null) return impossible(slot, phase, event);
      const started = { pid: event.pid, at: event.at, identity: event.identity };
      tellStarted(draft, slot, phase.run, started);
      // The first signal may have met the start and not the process, so the process gets its own.
      tellToEnd(draft, phase.run, phase);
      return { ...slot, starts: slot.starts + 1, phase: { ...phase, started } };
    }
    case "fault":
      if (phase.started !== null) return impossible(slot, phase, event);
      tellFault(draft, slot, phase.run, event.fault, event.at, phase.cause, phase.by);
      return rest(draft, slot, phase.cause, phase.by);
    case "exited":
      return phase.started === null ? impossible(slot, phase, event) : gone(draft, slot, phase, phase.started, event);
    case "notified": return extend(draft, slot, phase, event.tidings);
    case "changed": return again(draft, slot, phase, "watch", event.file);
    case "due": return again(draft, slot, phase, "schedule", null);
    // They were looked for, or looked at, before it was told to end.
    case "proven": case "examined": case "oversized": return slot;
    case "cleared": case "followed": case "astray": case "opened": return impossible(slot, phase, event);
  }
};

export const clearing: Turn<"clearing"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish": return draft.wants(slot) ? wantedAgain(draft, slot, phase, event) : unwanted(draft, slot, phase, event);
    case "resume":
      tellToEnd(draft, phase.run, phase);
      return draft.wants(slot) ? slot : unwanted(draft, slot, phase, { news: false, cause: event.cause, by: draft.leaveBy });
    case "hurry": return phase.grace === null ? slot : kill(draft, slot, phase);
    case "timeUp": return phase.grace === null ? inspect(draft, slot, phase) : kill(draft, slot, phase);
    case "surviving":
      tellSurviving(draft, slot, null, event.survivors, phase.cause, phase.by);
      return slot;
    case "cleared": return cleared(draft, slot, phase);
    // The search was under way when the end was asked for, and has taken a process up after all: that is the run's now, and
    // it is told to end as well. The run's exit is recorded already, so the end of this one is only waited for, and then
    // for what it has left itself.
    case "followed":
      reapFormer(draft, phase.run);
      tellToEnd(draft, phase.run, phase);
      return slot;
    case "exited":
      tellToEnd(draft, phase.run, phase);
      return slot;
    case "changed": return again(draft, slot, phase, "watch", event.file);
    case "due": return again(draft, slot, phase, "schedule", null);
    case "signal": case "astray": case "proven": case "examined": case "notified": case "oversized": return slot;
    case "spawned": case "fault": case "opened": return impossible(slot, phase, event);
  }
};

/** What follows from the end itself follows, unless somebody asks meanwhile for what comes next. */
function askedFor(draft: Draft, slot: Slot, phase: Stopping, { news, afresh, atOnce, cause, by }: WishEvent): Stopping {
  const asked = !draft.wants(slot) || news || afresh || atOnce;
  return isJudged(phase.cause) && asked ? { ...phase, cause, by } : phase;
}

/** The law itself wants another process at once. Where one is to come anyway, that is told already. */
function again(draft: Draft, slot: Slot, phase: Stopping | Clearing, cause: Cause, reason: string | null): Slot {
  const isToCome = phase.kind === "stopping" ? !isJudged(phase.cause) : phase.next.kind === "stopped";
  if (isToCome) return slot;
  tellStopping(draft, slot, phase.run, phase.kind === "stopping" ? phase.started : null, phase.grace, cause, null, reason);
  if (phase.kind === "stopping") return { ...slot, phase: { ...phase, cause, by: null } };
  const failures = phase.next.kind === "restart" ? slot.failures : NO_FAILURES;
  return { ...slot, failures, phase: { ...phase, next: { kind: "stopped" }, cause, by: null } };
}

/** EXTEND_TIMEOUT_USEC, while it stops. A successor must know of it, so it is told. */
function extend(draft: Draft, slot: Slot, phase: Stopping, tidings: Tidings): Slot {
  if (phase.grace === null) return slot;
  const grace = extended(draft, phase.grace, tidings);
  if (grace === phase.grace) return slot;
  tellStopping(draft, slot, phase.run, phase.started, grace, phase.cause, phase.by);
  return { ...slot, phase: { ...phase, grace } };
}

/** The process that was told to end has ended. What it has left behind has what is left of its grace. */
function gone(draft: Draft, slot: Slot, phase: Stopping, started: Started, { exit, alone }: ExitedEvent): Slot {
  const { run, signal, scope, grace, patience, cause, by } = phase;
  const leftovers = leaves(alone, scope);
  const buried = bury(draft, slot, run, started, exit, leftovers, cause, by);
  const after = isJudged(cause) && draft.wants(slot)
    ? judged(draft, buried, endOf(draft.law(slot), cause, started, exit))
    : { slot: buried, next: { kind: "stopped" } satisfies Next };
  if (!leftovers) {
    draft.emit({ kind: "reap", run });
    return goOn(draft, after.slot, after.next, cause, by);
  }
  const clearing: Clearing = { kind: "clearing", run, signal, scope, grace, patience, cause, by, next: after.next };
  tellToEnd(draft, run, clearing);
  return { ...after.slot, phase: clearing };
}

/** One that was not ready in time has never been what it was to be, so nothing counts of how long it has lived. */
function endOf(law: Law, cause: Cause, started: Started, exit: Exit): End {
  const failed = isFailing(cause) || !isSuccess(law, exit);
  return { failed, at: exit.at.mono, ran: cause === "readyTimeout" ? null : ranFor(started, exit) };
}

/** Nothing is left: now the process may go as well, and what was to come comes. */
function cleared(draft: Draft, slot: Slot, { run, next, cause, by }: Clearing): Slot {
  draft.emit({ kind: "reap", run });
  return goOn(draft, slot, next, next.kind === "stopped" ? cause : slot.lastExit?.cause ?? null, by);
}

function unwanted(draft: Draft, slot: Slot, phase: Clearing, { news, cause, by }: Pick<WishEvent, "news" | "cause" | "by">): Slot {
  const already = phase.next.kind === "stopped";
  if (news || !already) tellStopping(draft, slot, phase.run, null, phase.grace, cause, by);
  return already ? slot : { ...slot, failures: NO_FAILURES, phase: { ...phase, next: { kind: "stopped" }, cause, by } };
}

/** A stop is brought to its end first, and then thought better of. Any other wait is over with what is being ended. */
function wantedAgain(draft: Draft, slot: Slot, phase: Clearing, { news, afresh, atOnce, by }: WishEvent): Slot {
  const at = draft.now.mono;
  switch (phase.next.kind) {
    case "stopped":
      if (news) tellWaiting(draft, slot, null, at, by);
      return slot;
    case "restart":
      if (!atOnce) return slot;
      tellWaiting(draft, slot, null, at, by);
      return { ...slot, phase: { ...phase, next: asAsked(draft, slot, at) } };
    case "finished": case "failed":
      if (!atOnce && !afresh) return slot;
      tellWaiting(draft, slot, null, at, by);
      return { ...slot, failures: NO_FAILURES, phase: { ...phase, next: asAsked(draft, slot, at) } };
  }
}

/** What has a schedule does not begin anew by the law of restarts. */
function asAsked(draft: Draft, slot: Slot, at: Millis): Next {
  return draft.law(slot).schedule === null ? { kind: "restart", at } : { kind: "stopped" };
}

function kill(draft: Draft, slot: Slot, phase: Stopping | Clearing): Slot {
  const killed = { ...phase, grace: null, patience: timer(draft, draft.now.mono + PATIENCE) };
  tellToEnd(draft, phase.run, killed);
  return { ...slot, phase: killed };
}

function inspect(draft: Draft, slot: Slot, phase: Stopping | Clearing): Slot {
  draft.emit({ kind: "inspect", run: phase.run, scope: phase.scope });
  return { ...slot, phase: { ...phase, patience: null } };
}
