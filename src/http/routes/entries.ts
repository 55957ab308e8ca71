import { setImmediate } from "node:timers/promises";

import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Slot } from "../../core/state.ts";
import { slotId } from "../../core/types.ts";
import { showEntries, showEntry } from "../entry.ts";
import { entryNamed, slotsOf } from "../found.ts";
import { Problem } from "../problem.ts";
import type { Asked, EntryShown } from "../schema.ts";
import { answered, asked, writeList } from "../shape.ts";
import { signalNamed } from "../signals.ts";
import type { View } from "../view.ts";
import type { Wish, Wishes } from "../wishes.ts";

/** What is asked of so many slots takes some milliseconds. */
const IN_A_ROW = 64;

interface Named { Params: { name: string } }

export function entries(app: FastifyInstance, view: View, wishes: Wishes): void {
  const query = asked("NoQuery");
  const response = { 200: answered("Entry") };
  let made = { revision: -1, body: Buffer.alloc(0) };

  /** As it was made when something had last happened. */
  function all(): Buffer {
    const { revision } = view.engine;
    if (made.revision !== revision) made = { revision, body: Buffer.from(writeList("Entry", showEntries(view))) };
    return made.body;
  }

  app.get("/entries", {
    config: { open: "reading" }, schema: { querystring: query },
  }, async (_request, reply) => reply.type("application/json; charset=utf-8").send(all()));

  app.get<Named>("/entries/:name", {
    config: { open: "reading" }, schema: { querystring: query, response },
  }, async ({ params: { name } }) => showEntry(view, name));

  app.patch<Named & { Body: Asked<"Scale"> }>("/entries/:name", {
    schema: { querystring: query, body: asked("Scale"), response },
  }, async (request) => {
    const { name } = request.params;
    await wishes.scale(request, name, request.body.count, "count");
    return showEntry(view, name);
  });

  /** One after the other; the loop gets its turn in between. */
  async function wishOfEach(
    request: FastifyRequest<Named>, slots: readonly Slot[], of: (slot: Slot) => Wish,
  ): Promise<EntryShown> {
    for (const [n, slot] of slots.entries()) {
      if (n > 0 && n % IN_A_ROW === 0) await setImmediate();
      await wishes.ask(request, of(slot)).catch(unlessGone);
    }
    return showEntry(view, request.params.name);
  }

  for (const kind of ["up", "down"] as const) {
    app.post<Named>(`/entries/:name/${kind}`, {
      schema: { querystring: query, body: asked("Nothing"), response },
    }, async (request) => wishOfEach(request, slotsIn(view, request), (slot) => ({ kind, slot: idOf(slot) })));
  }

  app.post<Named & { Body: Asked<"Restart"> | null | undefined }>("/entries/:name/restart", {
    schema: { querystring: query, body: asked("Restart"), response },
  }, async (request) => {
    const slots = slotsIn(view, request);
    if (request.body?.rolling === true) {
      const { name } = request.params;
      await wishes.ask(request, { kind: "roll", entry: name });
      return showEntry(view, name);
    }
    // Who has taken a slot down wants it down. Where all are, the restart brings them up, as that of a stopped unit does.
    const wanted = slots.filter((slot) => slot.wanted);
    return wishOfEach(request, wanted.length > 0 ? wanted : slots, (slot) => ({ kind: "restart", slot: idOf(slot) }));
  });

  app.post<Named & { Body: Asked<"Signal"> }>("/entries/:name/signal", {
    schema: { querystring: query, body: asked("Signal"), response },
  }, async (request) => {
    const slots = slotsIn(view, request);
    const signal = signalNamed(request.body.signal);
    return wishOfEach(request, slots, (slot) => ({ kind: "signal", slot: idOf(slot), signal }));
  });
}

/** @throws Problem E_NO_SUCH_ENTRY */
function slotsIn(view: View, { params: { name } }: FastifyRequest<Named>): Slot[] {
  entryNamed(view, name);
  return slotsOf(view, name);
}

/** The law knows no slot that is on its way out, and one may have been scaled away meanwhile. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== "E_NO_SUCH_SLOT") throw error as Error;
}

function idOf({ entry, number }: Slot) {
  return slotId(entry, number);
}
