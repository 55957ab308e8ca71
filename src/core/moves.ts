/** The moves that more than one phase makes: each brings a slot into its next phase, and tells it. */
import type { Draft } from "./draft.ts";
import type { ExitedEvent } from "./event.ts";
import { codeOf } from "./outcome.ts";
import { judge, NO_FAILURES } from "./restart.ts";
import type { End } from "./restart.ts";
import type { Ending, Next, Said, Slot, Started, Timer } from "./state.ts";
import { tellExited, tellOver, tellReady, tellScheduled, tellSignalled, tellStopped, tellStopping, tellWaiting } from "./telling.ts";
import type { By, Cause, Exit, Law, Millis, RunId, Scope } from "./types.ts";

/** How long a SIGKILL may take before it is said that something outlasts it. */
export const PATIENCE: Millis = 5000;

/**
 * How long a new process has to stay before a rolling restart takes it for a good one. A start only says that the program
 * could be executed: one that throws as its first act, because of a missing module or a port that is taken, has started
 * too. Such a one ends within this time, and costs one process, not all.
 */
const SETTLES_AFTER: Millis = 1000;

/** A start is under way from here on, which placing.ts asks for; unless what it comes after is not there yet. */
export function begin(draft: Draft, slot: Slot): Slot {
  return draft.entries.get(slot.entry)?.opened === false
    ? { ...slot, failures: NO_FAILURES, phase: { kind: "blocked" } }
    : { ...slot, phase: { kind: "starting", run: draft.newRun() } };
}

/** What is wanted, without anybody asking for it now: what has a schedule waits until it is due. */
export function enter(draft: Draft, slot: Slot): Slot {
  if (draft.law(slot).schedule === null) return begin(draft, slot);
  tellScheduled(draft, slot);
  return { ...slot, failures: NO_FAILURES, phase: { kind: "scheduled" } };
}

/** `until`: its deadline, where it is not ready by being there. */
export function toBeReady(draft: Draft, slot: Slot, id: RunId, started: Started, said: Said, until: Millis): Slot {
  return draft.law(slot).ready === "started"
    ? run(draft, slot, id, started, said)
    : { ...slot, phase: { kind: "readying", run: id, started, deadline: timer(draft, until), finding: null, said } };
}

export function ready(draft: Draft, slot: Slot, id: RunId, started: Started, said: Said): Slot {
  tellReady(draft, slot, id, started);
  return run(draft, slot, id, started, said);
}

/** The process is the one that is wanted, and ready. Where that is more than to be started, a rolling restart waits no longer. */
export function run(draft: Draft, slot: Slot, run: RunId, started: Started, said: Said): Slot {
  const isTried = draft.awaits(slot) && draft.law(slot).ready === "started";
  const settles = isTried ? timer(draft, started.at.mono + SETTLES_AFTER) : null;
  return { ...slot, phase: { kind: "running", run, started, settles, silence: silence(draft, slot, said), leaves: null, ailing: 0, said } };
}

/** From now on. Its own word comes before that of the law, and 0 is for ever. */
export function silence(draft: Draft, slot: Slot, { watchdogEvery }: Said): Timer | null {
  const every = watchdogEvery ?? draft.law(slot).watchdog ?? 0;
  return every === 0 ? null : timer(draft, draft.now.mono + every);
}

/** What follows from an end that nobody has asked for. */
export function judged(draft: Draft, slot: Slot, end: End): { readonly slot: Slot; readonly next: Next } {
  const { failures, next } = judge(draft.law(slot), slot.failures, end, draft.random());
  return { slot: { ...slot, failures }, next };
}

/** `cause`: why the process has ended; null: there was none, and `code` is what the fault of its start comes to. */
export function goOn(draft: Draft, slot: Slot, next: Next, cause: Cause | null, by: By, code: number | null = null): Slot {
  // What the whole stop still holds, and has ended by itself, is not started again.
  const isHeld = next.kind === "restart" && !draft.wants(slot);
  if (next.kind === "stopped" || isHeld) return rest(draft, slot, cause, by);
  if (draft.wants(slot) && draft.law(slot).schedule !== null) return enter(draft, slot);
  if (next.kind === "restart") return wait(draft, slot, next.at);
  tellOver(draft, slot, next.kind, cause);
  return { ...slot, failures: NO_FAILURES, phase: { kind: next.kind, code: code ?? codeOf(next.kind, slot), at: draft.now.mono } };
}

/** Waits for the restart, unless its moment is already past: a loop that was busy must not add to the delay. */
function wait(draft: Draft, slot: Slot, at: Millis): Slot {
  if (at <= draft.now.mono) return begin(draft, slot);
  tellWaiting(draft, slot, null, at, null);
  return { ...slot, phase: { kind: "waiting", restart: timer(draft, at) } };
}

/**
 * Comes to rest, or begins anew where somebody has changed their mind meanwhile. At rest no failures are remembered: it is
 * somebody who asks for the next start, and the program may be another one by then.
 */
export function rest(draft: Draft, slot: Slot, cause: Cause | null, by: By): Slot {
  tellStopped(draft, slot, cause, by);
  return draft.wants(slot) ? begin(draft, slot) : { ...slot, failures: NO_FAILURES, phase: { kind: "stopped" } };
}

export interface Told {
  /** As the law says, if it is left out. */
  readonly scope?: Scope;
  /** For people, where the cause alone does not say it. */
  readonly reason?: string | null;
}

/** Tells a process, or a start that is still under way, to end. */
export function end(
  draft: Draft, slot: Slot, run: RunId, started: Started | null, cause: Cause, by: By, { scope, reason = null }: Told = {},
): Slot {
  const ending = endingOf(draft, slot, scope ?? draft.law(slot).scope, cause);
  tellStopping(draft, slot, run, started, ending.grace, cause, by, reason);
  tellToEnd(draft, run, ending);
  return { ...slot, phase: { kind: "stopping", run, started, ...ending, cause, by } };
}

/** How an end goes that begins now. Nothing comes after SIGKILL, so whoever is told that first has no grace. */
export function endingOf(draft: Draft, slot: Slot, scope: Scope, cause: Cause): Ending {
  const law = draft.law(slot);
  const signal = signalOf(law, cause);
  return signal === "SIGKILL"
    ? { signal, scope, grace: null, patience: timer(draft, draft.now.mono + PATIENCE) }
    : { signal, scope, grace: timer(draft, draft.now.mono + law.grace), patience: null };
}

/**
 * What it is told first. Whoever has been silent for too long leaves a core file, to see where it hangs: systemd.service(5),
 * WatchdogSignal=. And whoever has said that it ends, and has not, has had its grace.
 */
export function signalOf({ stopSignal }: Law, cause: Cause): string {
  if (cause === "exited") return "SIGKILL";
  return cause === "watchdog" ? "SIGABRT" : stopSignal;
}

/** Whoever was told this signal is not told it again. */
export function tellToEnd(draft: Draft, run: RunId, { signal, scope, grace }: Ending): void {
  draft.emit({ kind: "end", run, signal: grace === null ? "SIGKILL" : signal, scope });
}

/** The process has ended by itself. What it has left behind ends before anything else is done. */
export function ended(
  draft: Draft, slot: Slot, run: RunId, started: Started, { exit, alone }: Omit<ExitedEvent, "kind">, next: Next,
  cause: Cause, scope: Scope,
): Slot {
  const leftovers = leaves(alone, scope);
  const after = bury(draft, slot, run, started, exit, leftovers, cause, null);
  if (!leftovers) {
    draft.emit({ kind: "reap", run });
    return goOn(draft, after, next, cause, null);
  }
  const ending = endingOf(draft, slot, scope, "leftover");
  tellStopping(draft, slot, run, null, ending.grace, "leftover", null);
  tellToEnd(draft, run, ending);
  return { ...after, phase: { kind: "clearing", run, ...ending, cause: "leftover", by: null, next } };
}

/** Where the process alone is meant, what it has left behind is nobody's affair. */
export function leaves(alone: boolean, scope: Scope): boolean {
  return !alone && scope !== "process";
}

/**
 * The process that another one has been followed on from. Where the image before had seen that, and only told it, it has
 * reaped that one as it gave the run away; and what would be reaped now is the run's own, if that has ended by then.
 */
export function reapFormer(draft: Draft, run: RunId): void {
  if (!draft.asleep) draft.emit({ kind: "reap", run });
}

/** First the record, then the reap: until then the zombie keeps its pid, and what is left of the group its number. */
export function bury(
  draft: Draft, slot: Slot, run: RunId, started: Started, exit: Exit, leftovers: boolean, cause: Cause, by: By,
): Slot {
  const ran = ranFor(started, exit);
  tellExited(draft, slot, run, exit, ran, leftovers, cause, by);
  return { ...slot, lastExit: { exit, cause, ran } };
}

export function ranFor(started: Started, exit: Exit): Millis {
  return Math.max(0, exit.at.mono - started.at.mono);
}

export function signal(draft: Draft, slot: Slot, run: RunId, { pid }: Started, signal: string, by: By): Slot {
  tellSignalled(draft, slot, pid, signal, by);
  draft.emit({ kind: "signal", run, signal });
  return slot;
}

export function timer(draft: Draft, at: Millis): Timer {
  return { token: draft.newToken(), at };
}
