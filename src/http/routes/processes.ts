import type { FastifyInstance, FastifyRequest } from "fastify";

import { startedOf } from "../../core/state.ts";
import type { Slot } from "../../core/state.ts";
import { slotId } from "../../core/types.ts";
import type { SlotId } from "../../core/types.ts";
import type { Peers } from "../peers.ts";
import { Problem, problemOfRefusal } from "../problem.ts";
import { show } from "../process.ts";
import type { ProcessShown } from "../process.ts";
import type { View } from "../view.ts";

type Identified = { Params: { id: string } };

export function processes(app: FastifyInstance, view: View, peers: Peers): void {
  const shown = (slot: Slot): ProcessShown => show(slot, view.program(slot.entry), view.clock.now());

  app.get<{ Querystring: { entry?: string | string[] } }>("/processes", async (request) => {
    const { entry } = request.query;
    if (Array.isArray(entry)) throw new Problem("E_USAGE", "entry: is given more than once");
    if (entry !== undefined && !view.engine.state.entries.has(entry)) {
      throw new Problem("E_NO_SUCH_ENTRY", `there is no entry ${entry}`);
    }
    return inOrder(view).filter((slot) => entry === undefined || slot.entry === entry).map(shown);
  });

  const found = (id: string): Slot => {
    const slot = find(view, id);
    if (slot === undefined) throw new Problem("E_NO_SUCH_SLOT", `there is no process ${id}`);
    return slot;
  };

  app.get<Identified>("/processes/:id", async (request) => shown(found(request.params.id)));

  const wish = (kind: "up" | "down") => async (request: FastifyRequest<Identified>) => {
    const slot = found(request.params.id);
    const id = slotId(slot.entry, slot.number);
    const outcome = await view.engine.ask({ kind, slot: id, by: peers.by(request.raw.socket) });
    if (outcome.kind === "refused") throw problemOfRefusal(outcome);
    return shown(view.engine.state.slots.get(id) ?? slot);
  };
  app.post<Identified>("/processes/:id/up", wish("up"));
  app.post<Identified>("/processes/:id/down", wish("down"));
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
