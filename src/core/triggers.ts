/** What starts or restarts an entry although nobody asks for it: its time has come, or a file that it is made of has changed. */
import { happen, slotsBelow } from "./change.ts";
import type { Draft } from "./draft.ts";
import { putEntry } from "./placing.ts";
import { fail } from "./rolling.ts";
import type { Entry, Phase, Slot } from "./state.ts";
import { tellMissed, tellScheduled } from "./telling.ts";
import { slotId } from "./types.ts";
import type { Micros } from "./types.ts";

/** The moment is past, or has been put off: whoever waits for it says so. What is down was not to run, and has missed nothing. */
export function due(draft: Draft, name: string, now: boolean, next: Micros | null, unseen: number): void {
  const entry = draft.entries.get(name);
  if (entry === undefined || entry.law.schedule === null || draft.course !== "keeping") return;
  const missed = wanted(draft, entry).length === 0 ? 0 : unseen;
  putEntry(draft, { ...entry, due: next, missed: entry.missed + missed });
  if (missed > 0) tellMissed(draft, name, missed, `it was due ${missed === 1 ? "once" : `${missed} times`}, and nobody could see that`);
  if (now) runAll(draft, name);
  if (next === entry.due) return;
  for (const slot of wanted(draft, entry)) if (slot.phase.kind === "scheduled") tellScheduled(draft, slot);
}

/** It is development: what waits, or has come to its end, is tried again as well. */
export function changed(draft: Draft, name: string, file: string): void {
  const entry = draft.entries.get(name);
  if (entry === undefined || draft.course !== "keeping") return;
  if (entry.rolling !== null) fail(draft, entry, `${file} has changed`);
  for (const slot of wanted(draft, entry)) happen(draft, slot, { kind: "changed", file });
}

/** One record for all that could not begin. */
function runAll(draft: Draft, name: string): void {
  const entry = draft.entries.get(name);
  if (entry === undefined) return;
  const [still, held]: [string[], string[]] = [[], []];
  for (const slot of wanted(draft, entry)) {
    const id = slotId(name, slot.number);
    if (slot.phase.kind === "blocked") held.push(id);
    else if (isBusy(slot.phase) && entry.law.schedule === "skip") still.push(id);
    else happen(draft, slot, { kind: "due" });
  }
  if (still.length + held.length === 0) return;
  putEntry(draft, { ...entry, missed: entry.missed + 1 });
  const why = [...still.map((id) => `${id} had not ended`), ...held.map((id) => `${id} is blocked`)];
  tellMissed(draft, name, 1, `it was due, and ${why.join(", ")}`);
}

function wanted(draft: Draft, { law: { name }, count }: Entry): Slot[] {
  return slotsBelow(draft, name, count).filter((slot) => draft.wants(slot));
}

function isBusy(phase: Phase): boolean {
  switch (phase.kind) {
    case "starting": case "following": case "settling": case "readying": case "running": case "stopping": case "clearing": return true;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "waiting": return false;
  }
}
