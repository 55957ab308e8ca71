/** An entry as the interface shows it: what is configured, what is wanted, what runs. */
import type { Entry, Slot } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import { entryNamed, slotsOf } from "./found.ts";
import { livingIn } from "./living.ts";
import type { EntryShown } from "./schema.ts";
import type { View } from "./view.ts";

/** All of them, in the order of the configuration. */
export function showEntries(view: View): EntryShown[] {
  const { entries, slots } = view.engine.state;
  const of = new Map<string, Slot[]>([...entries.keys()].map((name) => [name, []]));
  for (const slot of slots.values()) of.get(slot.entry)?.push(slot);
  return [...entries.values()].map((entry) => show(view, entry, of.get(entry.law.name) ?? []));
}

/** @throws Problem E_NO_SUCH_ENTRY */
export function showEntry(view: View, name: string): EntryShown {
  return show(view, entryNamed(view, name), slotsOf(view, name));
}

function show(view: View, { law: { name }, count }: Entry, slots: readonly Slot[]): EntryShown {
  const { command, args } = view.program(name);
  const running = slots.filter(({ phase }) => livingIn(phase) !== null && phase.kind !== "stopping").length;
  const ready = slots.filter(({ phase }) => phase.kind === "running").length;
  return {
    name, command, args: [...args], count, up: slots.some(({ wanted }) => wanted), running, ready,
    slots: slots.map(({ number }) => number).sort((a, b) => a - b).map((number) => slotId(name, number)),
    options: view.options(name),
  };
}
