import type { FastifyInstance } from "fastify";

import { entryNamed } from "../found.ts";
import type { Asked } from "../schema.ts";
import { answeredList, asked } from "../shape.ts";
import type { View } from "../view.ts";

const LIMIT = 100;

/** What happened, oldest first. It outlives its entries: one that is configured no more still has its past. */
export function history(app: FastifyInstance, view: View): void {
  app.get<{ Querystring: Asked<"HistoryQuery"> }>("/history", {
    schema: { querystring: asked("HistoryQuery"), response: { 200: answeredList("Record") } },
  }, async ({ query: { entry, limit = LIMIT } }) => {
    const lines = await view.past.read({ ...(entry !== undefined && { entry }), limit: Number(limit) });
    if (entry !== undefined && lines.length === 0) entryNamed(view, entry);
    return lines;
  });
}
