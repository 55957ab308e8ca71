/** How a step tells what happens to a slot, or to its entry. */
import type { Survivor } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { Slot, Started, Timer } from "./state.ts";
import { statusOf } from "./types.ts";
import type { By, Cause, Exit, Fault, Millis, RunId, Stamp } from "./types.ts";

export function tellStarted(draft: Draft, slot: Slot, run: RunId, { pid, at, identity }: Started): void {
  const { entry, number, starts } = slot;
  draft.record({
    type: "started", at: at.wall, entry, slot: number, pid, run, restarts: starts, mono: at.mono, identity,
    cause: null, by: null,
  });
}

/** Ready: also where another process than the one that was started is the slot's from now on. */
export function tellReady(draft: Draft, slot: Slot, run: RunId, { pid, at, identity }: Started): void {
  const { mono } = at;
  draft.record({ type: "ready", ...about(draft, slot), pid, run, mono, identity, cause: null, by: null });
}

export function tellFault(
  draft: Draft, slot: Slot, run: RunId, fault: Fault, at: Stamp, cause: Cause | null, by: By,
): void {
  const { entry, number } = slot;
  draft.record({ type: "fault", at: at.wall, entry, slot: number, pid: null, run, ...fault, cause, by });
}

export function tellExited(
  draft: Draft, slot: Slot, run: RunId, exit: Exit, ran: Millis, leftovers: boolean, cause: Cause, by: By,
): void {
  const { entry, number } = slot;
  const { pid, code, signal, coreDumped, at, userMs, systemMs, maxRssBytes } = exit;
  draft.record({
    type: "exited", at: at.wall, entry, slot: number, pid, run, code, signal, coreDumped, status: statusOf(exit),
    cause, by, ranMs: ran, mono: at.mono, userMs, systemMs, maxRssBytes, leftovers,
  });
}

export function tellAstray(draft: Draft, slot: Slot, { pid }: Started, fault: Fault): void {
  draft.record({ type: "fault", ...about(draft, slot), pid, run: null, ...fault, cause: null, by: null });
}

/** `started`: the process that is to end, where it is still there itself. */
export function tellSurviving(
  draft: Draft, slot: Slot, started: Started | null, survivors: readonly Survivor[], cause: Cause, by: By,
): void {
  const pid = survivors.find((survivor) => survivor.pid === started?.pid)?.pid ?? null;
  const errno = survivors.find((survivor) => survivor.errno !== null)?.errno ?? "";
  const message = `${survivors.map(outlasts).join(", ")}; Sentry goes on waiting`;
  draft.record({
    type: "fault", ...about(draft, slot), pid, run: null, step: "kill", errno, message, subject: "", cause, by,
  });
}

function outlasts({ pid, name, state, errno }: Survivor): string {
  if (errno !== null) return `${pid} (${name}): ${errno}`;
  return `${pid} (${name}) is in state ${state}${state === "D" ? " and cannot be interrupted" : ""}`;
}

/** Without a grace it was killed already. */
export function tellStopping(
  draft: Draft, slot: Slot, run: RunId, started: Started | null, grace: Timer | null, cause: Cause, by: By,
  reason: string | null = null,
): void {
  const { wanted } = slot;
  const until = grace?.at ?? draft.now.mono;
  draft.record({ type: "stopping", ...about(draft, slot), pid: started?.pid ?? null, run, wanted, until, reason, cause, by });
}

export function tellUnhealthy(draft: Draft, slot: Slot, run: RunId, { pid }: Started, failures: number, message: string): void {
  draft.record({ type: "unhealthy", ...about(draft, slot), pid, run, failures, message, cause: null, by: null });
}

export function tellBlocked(draft: Draft, slot: Slot, after: readonly string[]): void {
  draft.record({ type: "blocked", ...about(draft, slot), pid: null, after, cause: null, by: null });
}

/** By the wall clock it is known when it is due; but who reads the records knows one time line, and it is the other. */
export function tellScheduled(draft: Draft, slot: Slot): void {
  const due = draft.entries.get(slot.entry)?.due ?? null;
  const { wall, mono } = draft.now;
  const until = due === null ? null : mono + Math.max(0, (due - wall) / 1000);
  draft.record({ type: "waiting", ...about(draft, slot), pid: null, until, cause: "schedule", by: null });
}

export function tellMissed(draft: Draft, entry: string, missed: number, message: string): void {
  const fault: Fault = { step: "schedule", errno: "", message, subject: "" };
  draft.record({ type: "fault", at: draft.now.wall, entry, slot: null, pid: null, ...fault, missed, cause: "schedule", by: null });
}

export function tellStopped(draft: Draft, slot: Slot, cause: Cause | null, by: By): void {
  draft.record({ type: "stopped", ...about(draft, slot), pid: null, wanted: slot.wanted, cause, by });
}

/** `cause`: why the last process has ended; null: there was none, its start has failed. */
export function tellOver(draft: Draft, slot: Slot, type: "finished" | "failed", cause: Cause | null): void {
  const record = { ...about(draft, slot), pid: null, cause, by: null };
  draft.record(type === "finished" ? { type, ...record } : { type, ...record });
}

/** `started`: the process that has to end before. */
export function tellWaiting(
  draft: Draft, slot: Slot, started: Started | null, until: Millis, by: By, cause: Cause | null = null,
): void {
  draft.record({ type: "waiting", ...about(draft, slot), pid: started?.pid ?? null, until, cause, by });
}

export function tellSignalled(draft: Draft, slot: Slot, pid: number, signal: string, by: By): void {
  draft.record({ type: "signalled", ...about(draft, slot), pid, signal, cause: null, by });
}

export function tellScaled(draft: Draft, entry: string, count: number, by: By): void {
  draft.record({ type: "scaled", at: draft.now.wall, entry, slot: null, pid: null, count, cause: null, by });
}

export function tellRolling(draft: Draft, entry: string, count: number, by: By): void {
  draft.record({ type: "scaled", at: draft.now.wall, entry, slot: null, pid: null, count, cause: "restarted", by });
}

export function tellRollingFault(draft: Draft, entry: string, message: string, by: By): void {
  const fault: Fault = { step: "rolling restart", errno: "", message, subject: "" };
  draft.record({ type: "fault", at: draft.now.wall, entry, slot: null, pid: null, ...fault, cause: "restarted", by });
}

function about(draft: Draft, { entry, number }: Slot) {
  return { at: draft.now.wall, entry, slot: number };
}
