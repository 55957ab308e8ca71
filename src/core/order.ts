/**
 * What comes after what. An entry is opened once: at the first moment at which all that it comes after is there. Until
 * then its slots are blocked, and after that nothing of the others holds it up any more, whatever becomes of them.
 *
 * It is looked at when the counts of an entry have changed, and only for those that come after it: what it costs does not
 * grow with the slots.
 */
import { happen, slotsBelow } from "./change.ts";
import type { Draft } from "./draft.ts";
import { putEntry } from "./placing.ts";
import type { Entry } from "./state.ts";
import { MISSING } from "./tally.ts";
import { tellBlocked } from "./telling.ts";
import type { After, Law } from "./types.ts";

/** Of each name who comes directly after it. */
export function followersIn(laws: Iterable<Law>): ReadonlyMap<string, readonly string[]> {
  const followers = new Map<string, string[]>();
  for (const { name, after } of laws) {
    for (const { entry } of after) followers.set(entry, [...followers.get(entry) ?? [], name]);
  }
  return followers;
}

/** The entries, or what their laws say of order, are others. */
export function reorder(draft: Draft): void {
  const all = [...draft.entries.entries(), ...draft.removed.entries()];
  draft.followers = followersIn(all.map(([, { law }]) => law));
  touchClosed(draft);
}

/** Nobody knows what has happened to the others meanwhile. */
export function touchClosed(draft: Draft): void {
  for (const [name, { opened }] of draft.entries.entries()) if (!opened) draft.touch(name);
}

/** Opens what can be opened now, and tells of what cannot. To be called when all of a step is in its place. */
export function open(draft: Draft): void {
  if (draft.course === "keeping") {
    // To be opened is to be started, and nobody waits for a start that is not answered yet: so none of them opens another.
    for (const name of draft.tallies.changed()) {
      openOne(draft, draft.entries.get(name));
      for (const follower of draft.followers.get(name) ?? []) openOne(draft, draft.entries.get(follower));
    }
  }
  for (const id of draft.blocked) {
    const slot = draft.slots.get(id);
    const entry = slot?.phase.kind === "blocked" ? draft.entries.get(slot.entry) : undefined;
    if (slot !== undefined && entry !== undefined) tellBlocked(draft, slot, awaited(draft, entry));
  }
}

function openOne(draft: Draft, entry: Entry | undefined): void {
  if (entry === undefined || entry.opened || awaited(draft, entry).length > 0) return;
  const { law: { name }, count } = entry;
  putEntry(draft, { ...entry, opened: true });
  for (const slot of slotsBelow(draft, name, count)) if (slot.phase.kind === "blocked") happen(draft, slot, { kind: "opened" });
}

/** The entries that it waits for. */
function awaited(draft: Draft, { law: { after } }: Entry): string[] {
  return [...new Set(after.filter((condition) => !isMet(draft, condition)).map(({ entry }) => entry))];
}

/** An entry of which nothing is wanted, or that is not configured any more, holds nobody up: nothing of it stands anywhere. */
function isMet(draft: Draft, { entry, on }: After): boolean {
  const tally = draft.tally(entry);
  return MISSING[on].every((standing) => tally[standing] === 0);
}
