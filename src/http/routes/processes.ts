import type { FastifyInstance } from "fastify";

import type { Slot } from "../../core/state.ts";
import type { SlotId } from "../../core/types.ts";
import { Problem } from "../problem.ts";
import { show, startedOf } from "../process.ts";
import type { ProcessShown } from "../process.ts";
import type { View } from "../view.ts";

export function processes(app: FastifyInstance, view: View): void {
  const shown = (slot: Slot): ProcessShown => show(slot, view.program(slot.entry), view.clock.now());

  app.get<{ Querystring: { entry?: string | string[] } }>("/processes", async (request) => {
    const { entry } = request.query;
    if (Array.isArray(entry)) throw new Problem("E_USAGE", "entry: is given more than once");
    if (entry !== undefined && !view.engine.state.entries.has(entry)) {
      throw new Problem("E_NO_SUCH_ENTRY", `there is no entry ${entry}`);
    }
    return inOrder(view).filter((slot) => entry === undefined || slot.entry === entry).map(shown);
  });

  app.get<{ Params: { id: string } }>("/processes/:id", async (request) => {
    const slot = find(view, request.params.id);
    if (slot === undefined) throw new Problem("E_NO_SUCH_SLOT", `there is no process ${request.params.id}`);
    return shown(slot);
  });
}

/** In the order of the configuration, then by number. */
function inOrder(view: View): Slot[] {
  const { entries, slots } = view.engine.state;
  const place = new Map([...entries.keys()].map((name, index) => [name, index]));
  return [...slots.values()].sort((a, b) =>
    (place.get(a.entry) ?? 0) - (place.get(b.entry) ?? 0) || a.number - b.number);
}

/** By the pid of its process, or as `entry:slot`. */
function find(view: View, id: string): Slot | undefined {
  const { slots } = view.engine.state;
  if (!/^\d+$/.test(id)) return slots.get(id as SlotId);
  for (const slot of slots.values()) if (startedOf(slot.phase)?.pid === Number(id)) return slot;
  return undefined;
}
