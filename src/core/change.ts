/** How a command gets to the slots that it is about. */
import type { Draft } from "./draft.ts";
import type { Event } from "./event.ts";
import { turn } from "./phases.ts";
import { replace } from "./placing.ts";
import { NO_FAILURES } from "./restart.ts";
import type { Entry, Slot } from "./state.ts";
import { slotId } from "./types.ts";
import type { By, Cause, Law } from "./types.ts";

/** Returns what the slot is now. */
export function happen(draft: Draft, slot: Slot, event: Event): Slot {
  const after = turn(draft, slot, event);
  replace(draft, slot, after, event.kind === "timeUp" ? event.token : null);
  return after;
}

export interface Wish {
  readonly wanted: boolean;
  /** A process that is there is not the one that is wanted. */
  readonly afresh?: boolean;
  /** A wait for the restart is not waited out. */
  readonly atOnce?: boolean;
  readonly cause: Cause;
  readonly by: By;
}

/** Returns what the slot is now. */
export function wish(draft: Draft, slot: Slot, { wanted, afresh = false, atOnce = false, cause, by }: Wish): Slot {
  const news = slot.wanted !== wanted;
  const after = turn(draft, { ...slot, wanted }, { kind: "wish", news, afresh, atOnce, cause, by });
  replace(draft, slot, after, null);
  return after;
}

/** Those whose number is below that, the lowest first. */
export function slotsBelow(draft: Draft, entry: string, room: number): Slot[] {
  const slots = Array.from({ length: room }, (_, number) => draft.slots.get(slotId(entry, number)));
  return slots.filter((slot) => slot !== undefined);
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

/** What comes after nothing is open from the beginning. */
export function freshEntry(law: Law): Entry {
  return { law, count: law.count, rolling: null, opened: law.after.length === 0, due: null, missed: 0 };
}

export function freshSlot(entry: string, number: number): Slot {
  return { entry, number, wanted: true, starts: 0, lastExit: null, failures: NO_FAILURES, phase: { kind: "stopped" } };
}
