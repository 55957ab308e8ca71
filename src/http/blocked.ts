/** What a blocked slot waits for, in words. Looked for only where somebody asks: the law itself goes by counts. */
import { isAtRest } from "../core/state.ts";
import type { Phase, Slot, State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { After } from "../core/types.ts";
import { STATE_OF } from "./state-of.ts";

/** Of each entry that is not there yet the first slot that keeps it from that: `db is not ready: db:0 failed`. */
export function blockedBy(state: Readonly<State>, { entry }: Slot): string[] {
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
    if (slot !== undefined && slot.wanted && !isThere(slot.phase, on)) return slot;
  }
  return null;
}

function isThere(phase: Phase, on: After["on"]): boolean {
  if (phase.kind === "finished") return true;
  switch (on) {
    case "started": return phase.kind === "scheduled" || (!isAtRest(phase) && !isBefore(phase));
    case "ready": return phase.kind === "scheduled" || phase.kind === "running";
    case "finished": return false;
  }
}

/** It has no process yet, or none any more. */
function isBefore({ kind }: Phase): boolean {
  return kind === "starting" || kind === "blocked" || kind === "waiting" || kind === "clearing";
}

/** `is running`, `failed` */
function told(phase: Phase): string {
  const state = STATE_OF[phase.kind];
  return state === "failed" ? state : `is ${state}`;
}
