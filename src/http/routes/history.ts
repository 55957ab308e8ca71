import type { FastifyInstance } from "fastify";

import { Problem } from "../problem.ts";
import type { View } from "../view.ts";

interface Query {
  readonly entry?: string | string[];
  readonly limit?: string | string[];
}

const LIMIT = 100;
const MOST_LINES = 10_000;

/** What happened, oldest first. It outlives its entries: one that is configured no more still has its past. */
export function history(app: FastifyInstance, view: View): void {
  app.get<{ Querystring: Query }>("/history", async (request) => {
    const { entry, limit } = request.query;
    if (Array.isArray(entry)) throw new Problem("E_USAGE", "entry: is given more than once");
    const lines = await view.past.read({ ...(entry !== undefined && { entry }), limit: limitIn(limit) });
    if (entry !== undefined && lines.length === 0 && !view.engine.state.entries.has(entry)) {
      throw new Problem("E_NO_SUCH_ENTRY", `there is no entry ${entry}, and there was none`);
    }
    return lines;
  });
}

function limitIn(text: Query["limit"]): number {
  if (text === undefined) return LIMIT;
  const limit = typeof text === "string" && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST_LINES) throw new Problem("E_USAGE", `limit: must be a whole number from 1 to ${MOST_LINES}, once`);
  return limit;
}
