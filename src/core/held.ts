/** What the whole stop leaves as it is for a while, because something that comes after it is still alive: see leaving.ts. */
import type { Draft } from "./draft.ts";
import type { Phase, Slot } from "./state.ts";

/** Whether a process of the slot that is there, or is coming, may stay: it is wanted, or it is held. */
export function keeps(draft: Draft, slot: Slot): boolean {
  if (draft.course === "keeping") return slot.wanted;
  return slot.wanted && mayBeHeld(draft, slot) && isHeld(draft, slot.entry);
}

/** Something that comes after it is alive. */
export function isHeld(draft: Draft, name: string): boolean {
  const seen = new Set([name]);
  for (const each of seen) { // it grows while it is gone through
    if (each !== name && draft.tally(each).live > 0) return true;
    for (const follower of draft.followers.get(each) ?? []) seen.add(follower);
  }
  return false;
}

/** A process that runs, or a start that is under way. Not of what is surplus: that does nothing for anybody. */
export function mayBeHeld(draft: Draft, { entry, number, phase }: Slot): boolean {
  return number < draft.count(entry) && isUnderWay(phase);
}

function isUnderWay(phase: Phase): boolean {
  switch (phase.kind) {
    case "starting": case "following": case "settling": case "readying": case "running": return true;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "stopping": case "clearing":
    case "waiting":
      return false;
  }
}
