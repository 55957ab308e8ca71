import type { FastifyInstance } from "fastify";

import type { HistoryId } from "../../engine/line.ts";
import type { Doors } from "../doors.ts";
import { Problem } from "../problem.ts";
import { asked } from "../shape.ts";
import type { View } from "../view.ts";

/** Server-sent events (the HTML standard, 9.2). Who says which it had last gets what has happened since. */
export function events(app: FastifyInstance, view: View, doors: Doors): void {
  // No HEAD: it would hold a stream open that nobody reads.
  app.get("/events", { exposeHeadRoute: false, schema: { querystring: asked("NoQuery") } }, async (request, reply) => {
    const { streams } = doors.of(request.raw.socket);
    const after = lastSeen(request.headers["last-event-id"], view.past.lastId);
    streams.begin(reply.raw, after);
    reply.hijack();
  });
}

/** Ids begin anew where somebody has taken the history away: then the client's is ahead of all that will come soon. */
function lastSeen(text: string | string[] | undefined, lastId: HistoryId): HistoryId {
  if (text === undefined) return lastId;
  if (typeof text !== "string" || !/^\d{1,15}$/.test(text)) {
    throw new Problem("E_USAGE", "Last-Event-ID: must be the id of an event");
  }
  return Math.min(Number(text), lastId);
}
