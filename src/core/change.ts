/** How a command gets to the slots that it is about. */
import type { Draft } from "./draft.ts";
import { turn } from "./phases.ts";
import type { Event } from "./phases.ts";
import type { Slot } from "./state.ts";
import { slotId } from "./types.ts";
import type { By, Cause } from "./types.ts";

export function happen(draft: Draft, slot: Slot, event: Event): void {
  draft.replace(slot, turn(draft, slot, event), event.kind === "timeUp" ? event.token : null);
}

export interface Wish {
  readonly wanted: boolean;
  readonly cause: Cause;
  readonly by: By;
}

export function wish(draft: Draft, slot: Slot, { wanted, cause, by }: Wish, afresh = false): void {
  const news = slot.wanted !== wanted;
  draft.replace(slot, turn(draft, { ...slot, wanted }, { kind: "wish", news, afresh, cause, by }), null);
}

/** The lowest first. One that is still ending from the last time is wanted again, and starts once it has ended. */
export function addSlots(draft: Draft, entry: string, from: number, to: number, by: By): void {
  for (let number = from; number < to; number++) {
    const slot = draft.slots.get(slotId(entry, number)) ?? freshSlot(entry, number);
    wish(draft, slot, { wanted: true, cause: "scaled", by });
  }
}

/** The highest first. */
export function dropSlots(draft: Draft, entry: string, from: number, to: number, by: By): void {
  for (let number = from - 1; number >= to; number--) {
    const slot = draft.slots.get(slotId(entry, number));
    if (slot !== undefined) wish(draft, slot, { wanted: false, cause: "scaled", by });
  }
}

export function freshSlot(entry: string, number: number): Slot {
  return { entry, number, wanted: true, starts: 0, lastExit: null, phase: { kind: "stopped" } };
}
