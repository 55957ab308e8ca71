/**
 * What an earlier image of Sentry has left is taken up: it ended in an exec, or it was killed. Its processes and its wishes
 * are those of the state. Its timers and its starts are not there any more: whatever a phase names is begun again.
 *
 * The state was asleep until now. So what has happened meanwhile, and a reload, come before this command: they change
 * what is, and nothing is begun that would be begun once more here.
 */
import { freshSlot, happen } from "./change.ts";
import type { TakeOver } from "./command.ts";
import type { Draft } from "./draft.ts";
import { touchClosed } from "./order.ts";
import { wake } from "./placing.ts";
import { roomOf } from "./state.ts";
import type { Slot } from "./state.ts";
import { slotId } from "./types.ts";
import type { Cause } from "./types.ts";

export function resume(draft: Draft, tookOver: TakeOver | null): void {
  if (!draft.asleep) return;
  if (tookOver !== null) {
    draft.reseed();
    draft.record({ type: "tookOver", at: draft.now.wall, entry: null, slot: null, ...tookOver, cause: null, by: null });
  }
  for (const slot of inOrder(draft)) {
    const cause = causeOf(draft, slot);
    const meant = cause === "stopped" ? slot : { ...slot, wanted: false };
    happen(draft, meant, { kind: "resume", cause });
    const now = draft.slots.get(slotId(slot.entry, slot.number));
    if (now !== undefined) wake(draft, now);
  }
  draft.asleep = false;
  touchClosed(draft);
}

/** In the order of the entries, the lowest number first; those that are to go come last. */
function inOrder(draft: Draft): Slot[] {
  const slots: Slot[] = [];
  for (const [name, entry] of draft.entries.entries()) {
    for (let number = 0; number < roomOf(entry); number++) {
      slots.push(draft.slots.get(slotId(name, number)) ?? freshSlot(name, number));
    }
  }
  for (const [, slot] of draft.slots.entries()) if (slot.number >= draft.room(slot.entry)) slots.push(slot);
  return slots;
}

/** Why a process ends of which it is not wanted that it lives. */
function causeOf(draft: Draft, slot: Slot): Cause {
  if (slot.number < draft.room(slot.entry)) return "stopped";
  return draft.entries.get(slot.entry) === undefined ? "removed" : "scaled";
}
