import type { FastifyInstance, FastifyRequest } from "fastify";

import { slotId } from "../../core/types.ts";
import { showEntries, showEntry, slotsOf } from "../entry.ts";
import type { EntryShown } from "../entry.ts";
import type { Peers } from "../peers.ts";
import { Problem, problemOfRefusal } from "../problem.ts";
import type { View } from "../view.ts";

type Named = { Params: { name: string } };

/** As in a configuration. */
const MOST_PROCESSES = 10_000;

export function entries(app: FastifyInstance, view: View, peers: Peers): void {
  const shown = (name: string): EntryShown => {
    const entry = showEntry(view, name);
    if (entry === undefined) throw new Problem("E_NO_SUCH_ENTRY", `there is no entry ${name}`);
    return entry;
  };

  app.get("/entries", async () => showEntries(view));

  app.get<Named>("/entries/:name", async (request) => shown(request.params.name));

  app.patch<Named>("/entries/:name", async (request) => {
    const { name } = request.params;
    const count = countIn(request.body);
    const outcome = await view.engine.ask({ kind: "scale", entry: name, count, by: peers.by(request.raw.socket) });
    if (outcome.kind === "refused") throw problemOfRefusal(outcome);
    return shown(name);
  });

  const wish = (kind: "up" | "down") => async (request: FastifyRequest<Named>) => {
    const { name } = request.params;
    const { count } = shown(name);
    const by = peers.by(request.raw.socket);
    for (const { number } of slotsOf(view, name)) {
      if (number >= count) continue; // on its way out
      const outcome = await view.engine.ask({ kind, slot: slotId(name, number), by });
      // A slot that was scaled away meanwhile wants nothing.
      if (outcome.kind === "refused" && outcome.why !== "noSuchSlot") throw problemOfRefusal(outcome);
    }
    return shown(name);
  };
  app.post<Named>("/entries/:name/up", wish("up"));
  app.post<Named>("/entries/:name/down", wish("down"));
}

/** By hand: the checkers that fastify makes of a JSON schema take 25 ms and 4 MB at the first request. */
function countIn(body: unknown): number {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Problem("E_USAGE", 'body: must be an object, such as { "count": 2 }');
  for (const field of Object.keys(body)) {
    if (field !== "count") throw new Problem("E_USAGE", `${field}: is not known here; count is`);
  }
  const count = "count" in body ? body.count : undefined;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > MOST_PROCESSES) {
    throw new Problem("E_USAGE", `count: must be a whole number from 0 to ${MOST_PROCESSES}`);
  }
  return count;
}
