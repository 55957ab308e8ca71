/**
 * What no state can be that the law has made, though each part of it has the shape that it should have. It can only come of
 * damage, or of somebody's hand; and the law would go on from it to who knows where.
 */
import { runOf, timersOf } from "../core/state.ts";
import type { PhaseOf, Slot } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import { circleIn } from "./circle.ts";
import type { PlainState } from "./plain.ts";
import { misfit } from "./shape.ts";

/** @throws Misfit */
export function refuseContradictions(state: PlainState, where: string): void {
  const names = [...state.entries.map((entry) => entry.law.name), ...state.removed.map(({ name }) => name)];
  const runs = state.slots.flatMap((slot) => runOf(slot.phase) ?? []);
  const tokens = state.slots.flatMap((slot) => timersOf(slot.phase).map(({ token }) => token));
  unique(names, `an entry of ${where}`);
  unique(state.slots.map((slot) => slotId(slot.entry, slot.number)), `a slot of ${where}`);
  unique(runs, `a run of ${where}`);
  unique(tokens, `a timer of ${where}`);
  const known = new Set(names);
  for (const { entry } of state.slots) if (!known.has(entry)) misfit(`a slot of ${where}`, `of ${entry}, which is no entry`);
  if (runs.some((run) => run >= state.nextRun)) misfit(`${where}.nextRun`, "a run already");
  if (tokens.some((token) => token >= state.nextToken)) misfit(`${where}.nextToken`, "a timer already");
  if (state.course === "keeping" && state.exitCode !== null) misfit(`${where}.exitCode`, "there, and nothing leaves");
  ofEntries(state, where);
  ofSlots(state, where);
}

function ofEntries({ entries }: PlainState, where: string): void {
  for (const { count, rolling } of entries) {
    if (rolling !== null && Math.max(rolling.awaited, rolling.left) > count) misfit(`a rolling restart of ${where}`, "beyond the count");
  }
  const circle = circleIn(entries.map(({ law }) => law));
  if (circle !== null) misfit(`the order of ${where}`, `a circle: ${[...circle, circle[0]].join(" after ")}`);
}

function ofSlots({ entries, slots }: PlainState, where: string): void {
  const awaited = new Set(entries.flatMap(({ law, rolling }) => rolling === null ? [] : [slotId(law.name, rolling.awaited)]));
  for (const slot of slots) {
    const wrong = wrongWith(slot, awaited.has(slotId(slot.entry, slot.number)));
    if (wrong !== null) misfit(`a slot of ${where}`, wrong);
  }
}

function wrongWith({ lastExit, phase }: Slot, isAwaited: boolean): string | null {
  if (phase.kind === "clearing" && lastExit === null) return "clearing up after nobody";
  if ("grace" in phase && phase.grace !== null && phase.patience !== null) return "impatient within its grace";
  if (phase.kind === "following" && phase.said !== null && phase.ended === null) return "following another while its own process is there";
  return phase.kind === "running" ? wrongWithRunning(phase, isAwaited) : null;
}

function wrongWithRunning({ settles, silence, leaves }: PhaseOf<"running">, isAwaited: boolean): string | null {
  if (silence !== null && leaves !== null) return "watched while it leaves";
  if ((settles !== null) === isAwaited) return null;
  return settles === null ? "awaited without an end" : "awaited by nobody";
}

function unique(all: readonly unknown[], what: string): void {
  if (new Set(all).size < all.length) misfit(what, "there twice");
}
