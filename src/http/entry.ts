/** An entry as the interface shows it: what is configured, what is wanted, what runs. */
import type { Entry, Slot } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";
import type { View } from "./view.ts";

export interface EntryShown {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** How many are wanted now: somebody may have scaled it. */
  readonly count: number;
  /** Any of its slots is wanted. */
  readonly up: boolean;
  readonly running: number;
  readonly ready: number;
  readonly slots: readonly SlotId[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** All of them, in the order of the configuration. */
export function showEntries(view: View): EntryShown[] {
  const { entries, slots } = view.engine.state;
  const of = new Map<string, Slot[]>([...entries.keys()].map((name) => [name, []]));
  for (const slot of slots.values()) of.get(slot.entry)?.push(slot);
  return [...entries.values()].map((entry) => show(view, entry, of.get(entry.law.name) ?? []));
}

export function showEntry(view: View, name: string): EntryShown | undefined {
  const entry = view.engine.state.entries.get(name);
  return entry === undefined ? undefined : show(view, entry, slotsOf(view, name));
}

/** The lowest first; the last may be above the count, until their processes have ended. */
export function slotsOf(view: View, entry: string): Slot[] {
  return [...view.engine.state.slots.values()].filter((slot) => slot.entry === entry).sort((a, b) => a.number - b.number);
}

function show(view: View, { law: { name }, count }: Entry, slots: readonly Slot[]): EntryShown {
  const { command, args } = view.program(name);
  const running = slots.filter(({ phase }) => phase.kind === "running").length;
  return {
    name, command, args, count, up: slots.some(({ wanted }) => wanted), running, ready: running,
    slots: slots.map(({ number }) => number).sort((a, b) => a - b).map((number) => slotId(name, number)),
    options: view.options(name),
  };
}
