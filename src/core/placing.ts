/**
 * Puts a slot, or an entry, in the place of what it was, and all that follows with it: the start, the timers, the probe, the
 * indexes, the counts. Whoever says what a slot becomes says no more than its phase.
 */
import type { Draft } from "./draft.ts";
import { replaceProbe } from "./probing.ts";
import { isAtRest, runOf, timersOf } from "./state.ts";
import type { Entry, Slot, Timer } from "./state.ts";
import { moved, standingOf } from "./tally.ts";
import type { Standing } from "./tally.ts";
import { slotId } from "./types.ts";
import type { SlotId, Token } from "./types.ts";

/** `fired` is the timer that brought this about, if it was one: it needs no cancelling. */
export function replace(draft: Draft, before: Slot, after: Slot, fired: Token | null): void {
  const id = slotId(after.entry, after.number);
  const was = draft.slots.get(id);
  draft.slots.set(id, after);
  replaceTimers(draft, id, timersOf(before.phase), timersOf(after.phase), fired);
  replaceRun(draft, id, before, after);
  if (!draft.asleep && before.phase !== after.phase) replaceProbe(draft, before, after);
  if (after.phase.kind === "blocked" && before.phase.kind !== "blocked") draft.blocked.push(id);

  const more = Number(isAtRest(before.phase)) - Number(isAtRest(after.phase));
  const isCounted = after.number < draft.count(after.entry);
  count(draft, after.entry, isCounted && was !== undefined ? standingOf(was) : null, isCounted ? standingOf(after) : null, more);
  if (more !== 0) enliven(draft, after.entry, more);
  if (!isCounted && after.phase.kind === "stopped") draft.slots.delete(id);
}

/** Begins what the phase of an inherited slot names: sets its timers for the same moments, asks for its start, probes it. */
export function wake(draft: Draft, slot: Slot): void {
  for (const timer of timersOf(slot.phase)) setTimer(draft, timer);
  start(draft, slot);
  replaceProbe(draft, null, slot);
}

/**
 * Another count makes slots of which nothing else changes stand elsewhere: the extra one of a rolling restart may be one of
 * the others now, and of those that go no one stands anywhere.
 */
export function putEntry(draft: Draft, entry: Entry): void {
  const { law: { name }, count: after } = entry;
  const before = draft.count(name);
  for (let number = Math.min(before, after); number < Math.max(before, after); number++) {
    const slot = draft.slots.get(slotId(name, number));
    if (slot === undefined) continue;
    const standing = standingOf(slot);
    count(draft, name, number < before ? standing : null, number < after ? standing : null, 0);
  }
  draft.entries.set(name, entry);
}

function replaceTimers(draft: Draft, id: SlotId, before: readonly Timer[], after: readonly Timer[], fired: Token | null): void {
  if (before.length === 0 && after.length === 0) return;
  for (const { token } of before) {
    if (after.some((timer) => timer.token === token)) continue;
    draft.timers.delete(token);
    if (!draft.asleep && token !== fired) draft.emit({ kind: "cancelTimer", token });
  }
  for (const timer of after) {
    if (before.some(({ token }) => token === timer.token)) continue;
    draft.timers.set(timer.token, id);
    if (!draft.asleep) setTimer(draft, timer);
  }
}

function setTimer(draft: Draft, { token, at }: Timer): void {
  draft.emit({ kind: "setTimer", token, at });
}

function replaceRun(draft: Draft, id: SlotId, before: Slot, after: Slot): void {
  const [oldRun, run] = [runOf(before.phase), runOf(after.phase)];
  if (oldRun === run) return;
  if (oldRun !== null) draft.runs.delete(oldRun);
  if (run !== null) draft.runs.set(run, id);
  if (!draft.asleep) start(draft, after);
}

function start(draft: Draft, { entry, number, phase }: Slot): void {
  if (phase.kind === "starting") draft.emit({ kind: "spawn", run: phase.run, entry, slot: number });
}

function count(draft: Draft, entry: string, from: Standing | null, to: Standing | null, more: number): void {
  if (from === to && more === 0) return;
  draft.tallies.set(entry, moved(draft.tally(entry), from, to, more));
}

function enliven(draft: Draft, entry: string, more: number): void {
  draft.live += more;
  const removed = draft.removed.get(entry);
  if (removed === undefined) return;
  const live = removed.live + more;
  if (live > 0) draft.removed.set(entry, { ...removed, live });
  else {
    draft.removed.delete(entry);
    draft.tallies.delete(entry);
  }
}
