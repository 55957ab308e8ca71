/**
 * The whole stop: in the reverse of the order in which things were started. An entry is told to stop once nothing is alive
 * any more that comes after it, directly or not; parallel where nothing forbids it. What is held until then stays as it is.
 * If it ends by itself it is not started again, and whoever hurries does without the order.
 */
import { happen, slotsBelow, wish } from "./change.ts";
import type { Draft } from "./draft.ts";
import { isHeld, mayBeHeld } from "./held.ts";
import { callOff } from "./rolling.ts";
import type { Slot } from "./state.ts";
import type { By } from "./types.ts";

export function stop(draft: Draft, hurry: boolean, by: By): void {
  const again = draft.course === "leaving";
  const hurries = hurry && draft.urged;
  draft.urged ||= hurry;
  if (draft.course === "left" || (again && !hurries)) return;
  draft.course = "leaving";
  if (!again) draft.leaveBy = by;
  for (const [, entry] of draft.entries.entries()) callOff(draft, entry, "Sentry itself is stopping");
  // What is no process cannot be waited for: it comes to rest first.
  for (const [, slot] of draft.slots.entries()) if (again || !mayBeHeld(draft, slot)) tell(draft, slot);
  if (again) for (const [, slot] of draft.slots.entries()) happen(draft, slot, { kind: "hurry" });
  else for (const [name] of draft.entries.entries()) release(draft, name);
}

/** Tells those that nobody comes after any more, for of an entry nothing is left since this step. */
export function releaseMore(draft: Draft): void {
  if (draft.course !== "leaving" || draft.asleep) return;
  const before = new Set<string>();
  for (const name of draft.tallies.changed()) if (draft.tally(name).live === 0) gatherBefore(draft, name, before);
  for (const name of before) release(draft, name);
}

export function leave(draft: Draft): void {
  draft.course = "left";
  const by = draft.leaveBy;
  draft.record({ type: "stopped", at: draft.now.wall, entry: null, slot: null, pid: null, cause: null, by });
  draft.emit({ kind: "leave", code: draft.exitCode ?? 0 });
}

function release(draft: Draft, name: string): void {
  if (draft.tally(name).live === 0 || isHeld(draft, name)) return;
  for (const slot of slotsBelow(draft, name, draft.count(name))) tell(draft, slot);
}

function tell(draft: Draft, slot: Slot): void {
  wish(draft, slot, { wanted: slot.wanted, cause: "stopped", by: draft.leaveBy });
}

/** All that it comes after, directly or not. By the index, for an entry that was taken out may be forgotten already. */
function gatherBefore(draft: Draft, name: string, found: Set<string>): void {
  for (const [entry, followers] of draft.followers) {
    if (found.has(entry) || !followers.includes(name)) continue;
    found.add(entry);
    gatherBefore(draft, entry, found);
  }
}
