/** What a blocked slot waits for, in words. Looked for only where somebody asks: the law itself goes by counts. */
import type { Phase, Slot, State } from "../core/state.ts";
import { MISSING, standingOf } from "../core/tally.ts";
import { slotId } from "../core/types.ts";
import type { After } from "../core/types.ts";
import { STATE_OF } from "./state-of.ts";

/** What slots of that entry wait for. */
export type BlockedBy = (entry: string) => string[];

/** Found once for all slots of an entry, for as long as nothing happens: who waits may be many, and so may be what they wait for. */
export function blockedIn(state: Readonly<State>): BlockedBy {
  const found = new Map<string, string[]>();
  return (entry) => {
    const known = found.get(entry) ?? blockedBy(state, entry);
    found.set(entry, known);
    return known;
  };
}

/** Of each entry that is not there yet the first slot that keeps it from that: `db is not ready: db:0 failed`. */
function blockedBy(state: Readonly<State>, entry: string): string[] {
  const after = state.entries.get(entry)?.law.after ?? [];
  return after.flatMap((one) => {
    const slot = missing(state, one);
    return slot === null ? [] : [`${one.entry} ${WHAT_IS_NOT[one.on]}: ${slotId(slot.entry, slot.number)} ${told(slot.phase)}`];
  });
}

const WHAT_IS_NOT: Readonly<Record<After["on"], string>> = {
  started: "is not started", ready: "is not ready", finished: "has not finished",
};

/** Null: it is there. */
function missing(state: Readonly<State>, { entry, on }: After): Slot | null {
  const count = state.entries.get(entry)?.count ?? 0;
  for (let number = 0; number < count; number++) {
    const slot = state.slots.get(slotId(entry, number));
    const standing = slot === undefined ? null : standingOf(slot);
    if (slot !== undefined && standing !== null && MISSING[on].includes(standing)) return slot;
  }
  return null;
}

/** `is running`, `failed` */
function told(phase: Phase): string {
  const state = STATE_OF[phase.kind];
  return state === "failed" ? state : `is ${state}`;
}
