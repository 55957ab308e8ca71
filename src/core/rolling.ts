/**
 * A rolling restart: each slot of an entry that is wanted gets a new process, one after the other, and at no moment are
 * fewer ready than before. So an extra slot, one above the count, is started first, and stands in for whichever is being
 * restarted; once the last is ready it is ended. Where a new process does not get ready, it ends there: the slots that
 * were to come keep the processes that they have, and the one that failed is tried again by the law of restarts, without
 * anybody who stands in for it.
 *
 * A new process is ready once it has stayed for a while, the extra one as well: what ends as soon as it is started must
 * not take the place of what works. Nobody else waits for that; for all but the rolling restart it runs from its start on.
 *
 * It goes on when the slot that it awaits changes, and looks at no other: what it costs does not grow with the slots.
 * Slots that are down stay down. A restart of a single slot comes in between as it likes: where it is the one that is
 * awaited, the newer process is. A second rolling restart begins anew behind that slot, so that all are newer than it,
 * and both have the same end.
 */
import { freshSlot, wish } from "./change.ts";
import type { Draft } from "./draft.ts";
import { putEntry, replace } from "./placing.ts";
import { isJudged } from "./restart.ts";
import { runOf, unawaited } from "./state.ts";
import type { Entry, Phase, Rolling, Slot } from "./state.ts";
import { tellRolling, tellRollingFault } from "./telling.ts";
import { slotId } from "./types.ts";
import type { By, Cause } from "./types.ts";

/** Where nothing is wanted there is nothing to do, and nothing is told. */
export function roll(draft: Draft, entry: Entry, by: By): void {
  const { law: { name }, count, rolling } = entry;
  const all: Rolling = { awaited: rolling?.awaited ?? count, left: count, by };
  if (nextWanted(draft, entry, all) === null) return;
  const why = hindrance(entry);
  if (why !== null) {
    tellRolling(draft, name, count, by);
    return tellRollingFault(draft, name, why, by);
  }
  keep(draft, entry, all);
  if (rolling !== null) return;
  tellRolling(draft, name, count, by);
  // One that still ends, from a scaling or from the last rolling restart, has the number until it has ended.
  const extra = draft.slots.get(slotId(name, count)) ?? { ...freshSlot(name, count), wanted: false };
  wish(draft, extra, { wanted: true, cause: "restarted", by });
}

/** Why there is nothing that could be kept ready meanwhile. */
function hindrance({ law, opened }: Entry): string | null {
  if (law.schedule !== null) return "it has a schedule, and is not kept running";
  return opened ? null : "what it comes after is not there yet";
}

/** To be told of each slot to which something has happened: what it was and what it is. */
export function advance(draft: Draft, before: Slot, after: Slot): void {
  const entry = draft.entries.get(after.entry);
  if (entry === undefined || entry.rolling === null) return;
  const id = slotId(after.entry, after.number);
  if (draft.awaits(after)) {
    const failure = failureOf(draft, before, after);
    if (failure === null && hasSettled(after)) return goOn(draft, entry, entry.rolling);
    const others = after.number === entry.count ? "the others" : "those after it";
    if (failure !== null) fail(draft, entry, `${id} ${failure}; ${others} were not touched`);
  } else if (after.number === entry.count && !standsIn(after)) {
    fail(draft, entry, `${id}, the extra one, has ended; those still to come were not touched`);
  }
}

/** It is over, and that is told. What becomes of the extra slot is for the caller to say. Returns what the entry is now. */
export function callOff(draft: Draft, entry: Entry, why: string): Entry {
  const { law: { name }, rolling } = entry;
  if (rolling === null) return entry;
  tellRollingFault(draft, name, why, rolling.by);
  const awaited = draft.slots.get(slotId(name, rolling.awaited));
  if (awaited !== undefined) replace(draft, awaited, unawaited(awaited), null);
  return keep(draft, entry, null);
}

/**
 * A run that is awaited has its timer from the start on: where it has none any more, it has stayed; and where readiness is
 * more than to be started, it has none. One that has finished has done its work, and none is to follow it.
 */
function hasSettled({ phase }: Slot): boolean {
  return phase.kind === "finished" || (phase.kind === "running" && phase.settles === null);
}

/** It runs, perhaps in another process than before; or it has done its work. */
function standsIn({ phase }: Slot): boolean {
  switch (phase.kind) {
    case "finished": return true;
    case "running": return phase.leaves === null;
    case "following": return phase.said !== null && phase.wasReady;
    case "clearing": return phase.next.kind === "finished";
    case "stopped": case "failed": case "blocked": case "scheduled": case "starting": case "settling": case "readying": case "stopping":
    case "waiting":
      return false;
  }
}

/**
 * What has become of the awaited slot, where that is no new process any more. Its old process, or what that has left, may
 * still be ending, or its start be under way; but it has one try: without a delay the next one begins with the end of the
 * first.
 */
function failureOf(draft: Draft, before: Slot, after: Slot): string | null {
  const [was, is] = [before.phase, after.phase];
  if (!draft.wants(after)) return "was taken down";
  if (is.kind === "finished" || isOnTheWay(was, is)) return null;
  if (is.kind === "running") return "has said that it is stopping";
  return was.kind === "running" ? `ended ${Math.round(after.lastExit?.ran ?? 0)} ms after its start` : "did not get ready";
}

function isOnTheWay(was: Phase, is: Phase): boolean {
  switch (is.kind) {
    case "following": case "settling": case "readying": case "stopping": return true;
    case "running": return is.leaves === null;
    case "clearing": return was.kind === "clearing" || is.next.kind === "stopped" || is.next.kind === "finished";
    case "starting": return !isTry(was) || runOf(was) === is.run;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "waiting": return false;
  }
}

/** Where the next start comes directly after it, this was the one that counts. */
function isTry(phase: Phase): boolean {
  switch (phase.kind) {
    case "starting": case "following": case "settling": case "readying": case "running": return true;
    case "stopping": return isJudged(phase.cause);
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "clearing": case "waiting": return false;
  }
}

function goOn(draft: Draft, entry: Entry, rolling: Rolling): void {
  const next = nextWanted(draft, entry, rolling);
  if (next === null) return finish(draft, entry, rolling.by);
  keep(draft, entry, next.rolling);
  wish(draft, next.slot, { wanted: true, afresh: true, atOnce: true, cause: "restarted", by: rolling.by });
}

/** Passes over slots that are down: each but once, whatever there is of them. */
function nextWanted(draft: Draft, { law: { name }, count }: Entry, { awaited, left, by }: Rolling) {
  for (let passed = 1; passed <= left; passed++) {
    // Behind the extra slot, and behind the highest, comes the lowest.
    const number = awaited === count ? passed - 1 : (awaited + passed) % count;
    const slot = draft.slots.get(slotId(name, number));
    if (slot !== undefined && draft.wants(slot)) return { slot, rolling: { awaited: number, left: left - passed, by } };
  }
  return null;
}

function finish(draft: Draft, entry: Entry, by: By): void {
  keep(draft, entry, null);
  dropExtra(draft, entry, "restarted", by);
}

/**
 * By another cause than where it has gone well: that is how one tells them apart. In a state that is asleep the extra slot
 * may name a start that nobody has asked for; `resume` ends it, for it is above the count.
 */
export function fail(draft: Draft, entry: Entry, why: string): void {
  const by = entry.rolling?.by ?? null;
  callOff(draft, entry, why);
  if (!draft.asleep) dropExtra(draft, entry, "scaled", by);
}

function dropExtra(draft: Draft, { law: { name }, count }: Entry, cause: Cause, by: By): void {
  const extra = draft.slots.get(slotId(name, count));
  if (extra !== undefined) wish(draft, extra, { wanted: false, cause, by });
}

function keep(draft: Draft, entry: Entry, rolling: Rolling | null): Entry {
  const kept = { ...entry, rolling };
  putEntry(draft, kept);
  return kept;
}
