/**
 * Another configuration. What it says of an entry is in force from now on; what is under way goes on: a delay or a grace
 * that has begun ends when it was to end. Only the processes that have to be others are touched.
 */
import { addSlots, dropSlots, wish } from "./change.ts";
import type { Draft } from "./draft.ts";
import { callOff } from "./rolling.ts";
import { isAtRest, roomOf } from "./state.ts";
import type { Entry, Slot } from "./state.ts";
import { tellScaled } from "./telling.ts";
import { slotId } from "./types.ts";
import type { By, Law } from "./types.ts";

export function reload(draft: Draft, laws: readonly Law[], replaced: ReadonlySet<string>, by: By): void {
  if (draft.course === "left") return;
  draft.record({ type: "reloaded", at: draft.now.wall, entry: null, slot: null, pid: null, cause: null, by });
  if (draft.course === "leaving") return; // nothing is started any more, and everything is told to end
  remove(draft, new Set(laws.map(({ name }) => name)), by);
  for (const law of laws) {
    const entry = draft.entries.get(law.name);
    if (entry === undefined) add(draft, law, by);
    else change(draft, entry, law, replaced.has(law.name), by);
  }
  draft.entries.arrange(laws.map(({ name }) => name));
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
    draft.entries.delete(name);
    const live = slots.filter(({ phase }) => !isAtRest(phase)).length;
    if (live > 0) draft.removed.set(name, { law: entry.law, live });
    for (const slot of slots) wish(draft, slot, { wanted: false, cause: "removed", by });
  }
}

/** Also one that comes back: those of its processes that still end are followed by new ones. */
function add(draft: Draft, law: Law, by: By): void {
  const { name, count } = law;
  draft.record({ type: "added", at: draft.now.wall, entry: name, slot: null, pid: null, count, cause: null, by });
  draft.removed.delete(name);
  draft.entries.set(name, { law, count, rolling: null });
  addSlots(draft, name, 0, count, by);
}

/** What was scaled, up or down holds, until the configuration itself says another count. */
function change(draft: Draft, entry: Entry, law: Law, afresh: boolean, by: By): void {
  const { name } = law;
  const recounted = law.count !== entry.law.count;
  const count = recounted ? law.count : entry.count;
  const { rolling } = afresh || count !== entry.count ? callOff(draft, entry, "a reload has changed the entry") : entry;
  if (count !== entry.count) tellScaled(draft, name, count, by);
  // A process that has to be another one is ended as its own law says.
  draft.entries.set(name, { law: afresh ? entry.law : law, count, rolling });
  dropSlots(draft, name, roomOf(entry), roomOf({ count, rolling }), by);
  for (let number = 0; number < Math.min(roomOf(entry), count) && (recounted || afresh); number++) {
    const slot = draft.slots.get(slotId(name, number));
    if (slot !== undefined) wish(draft, slot, { wanted: recounted || slot.wanted, afresh, cause: "replaced", by });
  }
  draft.entries.set(name, { law, count, rolling });
  addSlots(draft, name, entry.count, count, by);
}
