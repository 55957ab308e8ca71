import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Slot } from "../../core/state.ts";
import { slotId } from "../../core/types.ts";
import type { Board } from "../board.ts";
import { entryNamed, slotNamed, slotsOf } from "../found.ts";
import type { Asked, ProcessShown } from "../schema.ts";
import { answered, asked } from "../shape.ts";
import { signalNamed } from "../signals.ts";
import type { View } from "../view.ts";
import type { Wish, Wishes } from "../wishes.ts";

interface Identified { Params: { id: string } }

type OfSlot = Extract<Wish, { slot: unknown }>;

export function processes(app: FastifyInstance, view: View, board: Board, wishes: Wishes): void {
  const query = asked("NoQuery");
  const response = { 200: answered("Process") };

  app.get<{ Querystring: Asked<"OfEntry"> }>("/processes", {
    config: { open: "reading" }, schema: { querystring: asked("OfEntry") },
  }, async (request, reply) => {
    const { entry } = request.query;
    void reply.type("application/json; charset=utf-8");
    if (entry === undefined) return board.all();
    entryNamed(view, entry);
    return board.only(() => slotsOf(view, entry));
  });

  app.get<Identified>("/processes/:id", {
    config: { open: "reading" }, schema: { querystring: query, response },
  }, async ({ params: { id } }) => board.one(() => slotNamed(view, id)));

  async function wish(request: FastifyRequest<Identified>, of: (slot: Slot) => OfSlot): Promise<ProcessShown> {
    const slot = slotNamed(view, request.params.id);
    const asked = of(slot);
    await wishes.ask(request, asked);
    // What nobody wants any more may be gone by now: then it is shown as it was.
    return board.one(() => view.engine.state.slots.get(asked.slot) ?? slot);
  }

  for (const kind of ["up", "down", "restart"] as const) {
    app.post<Identified>(`/processes/:id/${kind}`, {
      schema: { querystring: query, body: asked("Nothing"), response },
    }, async (request) => wish(request, ({ entry, number }) => ({ kind, slot: slotId(entry, number) })));
  }

  app.post<Identified & { Body: Asked<"Signal"> }>("/processes/:id/signal", {
    schema: { querystring: query, body: asked("Signal"), response },
  }, async (request) => {
    const signal = signalNamed(request.body.signal);
    return wish(request, ({ entry, number }) => ({ kind: "signal", slot: slotId(entry, number), signal }));
  });
}
