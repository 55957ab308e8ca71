/**
 * Another configuration. What it says of an entry is in force from now on; what is under way goes on: a delay or a grace
 * that has begun ends when it was to end. Only the processes that have to be others are touched.
 */
import { addSlots, dropSlots, freshEntry, happen, slotsBelow, wish } from "./change.ts";
import type { Command } from "./command.ts";
import type { Draft } from "./draft.ts";
import { enter, ready } from "./moves.ts";
import { reorder } from "./order.ts";
import { putEntry, replace } from "./placing.ts";
import { reprobe } from "./probing.ts";
import { advance, callOff } from "./rolling.ts";
import { isAtRest, roomOf } from "./state.ts";
import type { Entry, Slot } from "./state.ts";
import { tellScaled } from "./telling.ts";
import type { By, Law } from "./types.ts";

export function reload(draft: Draft, { laws, replaced, exitWhen, by }: Extract<Command, { kind: "reload" }>): void {
  if (draft.course === "left") return;
  draft.record({ type: "reloaded", at: draft.now.wall, entry: null, slot: null, pid: null, cause: null, by });
  if (draft.course === "leaving") return; // nothing is started any more, and everything is told to end
  const afresh = new Set(replaced);
  draft.exitWhen = exitWhen;
  remove(draft, new Set(laws.map(({ name }) => name)), by);
  for (const law of laws) {
    const entry = draft.entries.get(law.name);
    if (entry === undefined) add(draft, law, by);
    else change(draft, entry, law, afresh.has(law.name), by);
  }
  draft.entries.arrange(laws.map(({ name }) => name));
  reorder(draft);
}

function remove(draft: Draft, configured: ReadonlySet<string>, by: By): void {
  const gone = new Map<string, { entry: Entry; slots: Slot[] }>();
  for (const [name, entry] of draft.entries.entries()) {
    if (configured.has(name)) continue;
    gone.set(name, { entry: callOff(draft, entry, "a reload has taken the entry out"), slots: [] });
  }
  for (const [, slot] of draft.slots.entries()) gone.get(slot.entry)?.slots.push(slot);
  for (const [name, { entry, slots }] of gone) {
    draft.record({ type: "removed", at: draft.now.wall, entry: name, slot: null, pid: null, cause: null, by });
    putEntry(draft, { ...entry, count: 0 });
    draft.entries.delete(name);
    const live = slots.filter(({ phase }) => !isAtRest(phase)).length;
    if (live > 0) draft.removed.set(name, { law: entry.law, live });
    else draft.tallies.delete(name);
    for (const slot of slots) wish(draft, slot, { wanted: false, cause: "removed", by });
  }
}

/** Also one that comes back: those of its processes that still end are followed by new ones. */
function add(draft: Draft, law: Law, by: By): void {
  const { name, count } = law;
  draft.record({ type: "added", at: draft.now.wall, entry: name, slot: null, pid: null, count, cause: null, by });
  draft.removed.delete(name);
  putEntry(draft, freshEntry(law));
  addSlots(draft, name, 0, count, by);
}

/** What was scaled, up or down holds, until the configuration itself says another count. */
function change(draft: Draft, entry: Entry, law: Law, afresh: boolean, by: By): void {
  const { name } = law;
  const recounted = law.count !== entry.law.count;
  const count = recounted ? law.count : entry.count;
  const isOther = afresh || count !== entry.count || (law.schedule !== null && entry.law.schedule === null);
  const { rolling } = isOther ? callOff(draft, entry, "a reload has changed the entry") : entry;
  if (count !== entry.count) tellScaled(draft, name, count, by);
  const kept = { ...inForce(draft, entry, law, afresh), count, rolling };
  // A process that has to be another one is ended as its own law says, and what begins does so by the new one.
  putEntry(draft, { ...kept, law: afresh ? { ...entry.law, schedule: law.schedule } : law });
  if (!afresh && isLookedAtOtherwise(entry.law, law)) for (const slot of slotsBelow(draft, name, roomOf(entry))) reprobe(draft, slot, entry.law);
  dropSlots(draft, name, roomOf(entry), roomOf(kept), by);
  if (recounted || afresh) {
    for (const slot of slotsBelow(draft, name, Math.min(roomOf(entry), count))) {
      wish(draft, slot, { wanted: recounted || slot.wanted, afresh, cause: "replaced", by });
    }
  }
  putEntry(draft, kept);
  if (isBegunOtherwise(entry.law, law)) for (const slot of slotsBelow(draft, name, roomOf(kept))) beginOtherwise(draft, slot, law);
  addSlots(draft, name, entry.count, count, by);
}

/**
 * What it comes after holds it up once. What it was not to come after before holds up what is begun from now on: another
 * program, or the first process of an entry of which nothing is there. A process that runs has come before all that.
 */
function inForce(draft: Draft, entry: Entry, law: Law, afresh: boolean): Entry {
  const isNews = law.after.some((one) => !entry.law.after.some((other) => other.entry === one.entry && other.on === one.on));
  const isBegun = draft.tally(law.name).live > 0 && !afresh;
  const { due, missed } = law.schedule === null ? { due: null, missed: 0 } : entry;
  return { ...entry, law, opened: entry.opened && (isBegun || !isNews), due, missed };
}

/** A watchdog is not among it: who was started without one does not know of it. It begins with the next sign of life. */
function isLookedAtOtherwise(before: Law, law: Law): boolean {
  return before.ready !== law.ready || (before.health === null) !== (law.health === null);
}

function isBegunOtherwise(before: Law, law: Law): boolean {
  return before.ready !== law.ready || before.schedule !== law.schedule;
}

/**
 * What waited for its time is kept running from now on, and what waited for its restart has its time. And what was to become
 * ready is so by being there.
 */
function beginOtherwise(draft: Draft, slot: Slot, law: Law): void {
  const { phase } = slot;
  if (phase.kind === "waiting" && law.schedule !== null) replace(draft, slot, enter(draft, slot), null);
  if (phase.kind === "scheduled" && law.schedule === null) happen(draft, slot, { kind: "due" });
  if (phase.kind !== "readying" || law.ready !== "started") return;
  const after = ready(draft, slot, phase.run, phase.started, phase.said);
  replace(draft, slot, after, null);
  advance(draft, slot, after);
}
