/**
 * What a request is about. Where there is no such thing the answer says what there is: whoever has mistyped a name sees
 * the right one.
 */
import type { Entry, Slot, State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";
import { livingIn } from "./living.ts";
import { nearest } from "./nearest.ts";
import { Problem, shortened } from "./problem.ts";
import type { View } from "./view.ts";

/** So many entries are named in full. */
const FEW = 8;

/** @throws Problem E_NO_SUCH_ENTRY */
export function entryNamed(view: View, name: string): Entry {
  const entry = view.engine.state.entries.get(name);
  if (entry === undefined) throw new Problem("E_NO_SUCH_ENTRY", noEntry(view, name));
  return entry;
}

/** By the pid of its process, or as `entry:slot`. @throws Problem E_NO_SUCH_SLOT */
export function slotNamed(view: View, id: string): Slot {
  const { state } = view.engine;
  const slot = /^\d+$/.test(id) ? withPid(state, Number(id)) : state.slots.get(id as SlotId);
  if (slot === undefined) throw new Problem("E_NO_SUCH_SLOT", noSlot(view, id));
  return slot;
}

/** The lowest first; the last may be above the count, until their processes have ended. */
export function slotsOf(view: View, entry: string): Slot[] {
  return [...view.engine.state.slots.values()].filter((slot) => slot.entry === entry).sort((a, b) => a.number - b.number);
}

function withPid({ slots }: Readonly<State>, pid: number): Slot | undefined {
  for (const slot of slots.values()) if (livingIn(slot.phase)?.pid === pid) return slot;
  return undefined;
}

function noEntry(view: View, name: string): string {
  const names = [...view.engine.state.entries.keys()];
  return `there is no entry ${quoted(name)}; ${suggestion(nearest(name, names), names)}`;
}

function suggestion(near: readonly string[], all: readonly string[]): string {
  if (near.length > 0) return `did you mean ${near.map(quoted).join(" or ")}?`;
  if (all.length === 0) return "there are none at all";
  if (all.length > FEW) return `GET /entries shows all ${all.length}`;
  return `there ${all.length === 1 ? "is" : "are"} ${all.map(quoted).join(", ")}`;
}

function noSlot(view: View, id: string): string {
  if (/^\d+$/.test(id)) return `there is no process with PID ${shortened(id)} here; GET /processes shows all`;
  const [name = ""] = id.split(":", 1);
  if (!view.engine.state.entries.has(name)) return noEntry(view, name);
  const missing = id === name ? `${quoted(name)} is an entry, and no process` : `there is no slot ${quoted(id)}`;
  return `${missing}; ${range(slotsOf(view, name))}`;
}

function range(slots: readonly Slot[]): string {
  const [first, last] = [slots[0], slots.at(-1)];
  if (first === undefined || last === undefined) return "the entry has no slots";
  const ids = [first, last].map(({ entry, number }) => quoted(slotId(entry, number)));
  return slots.length === 1 ? `there is ${ids[0]}` : `there are ${ids.join(" to ")}`;
}

function quoted(name: string): string {
  return `\`${shortened(name)}\``;
}
