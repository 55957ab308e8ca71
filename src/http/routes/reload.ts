import type { FastifyInstance } from "fastify";

import type { Doors } from "../doors.ts";
import { Problem } from "../problem.ts";
import { answered, asked } from "../shape.ts";
import type { View } from "../view.ts";

/**
 * Answered when all is ready for the exec, with the id of the record that tells that it is done. The connection cannot
 * go along, as the others do: it closes with the answer.
 */
export function reload(app: FastifyInstance, view: View, doors: Doors): void {
  app.post("/reload", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 202: answered("ReloadAccepted") } },
  }, async (request, reply) => {
    const door = doors.of(request.raw.socket);
    door.connections.reloads(reply.raw);
    void reply.header("connection", "close");
    const reloading = await view.reload(door.by(request.raw));
    switch (reloading.kind) {
      case "done": return reply.code(202).send({ reload: reloading.id });
      case "invalid": throw new Problem("E_CONFIG_INVALID", reloading.message);
      case "busy": throw new Problem("E_REFUSED", "a reload is under way already");
      case "refused": throw new Problem("E_REFUSED", reloading.message);
    }
  });
}
