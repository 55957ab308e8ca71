import type { FastifyInstance } from "fastify";

import type { Peers } from "../peers.ts";
import { Problem } from "../problem.ts";
import type { View } from "../view.ts";

/**
 * Answered when all is ready for the exec, with the id of the record that tells that it is done. The connection cannot
 * go along, as the others do: it closes with the answer.
 */
export function reload(app: FastifyInstance, view: View, peers: Peers): void {
  app.post("/reload", async (request, reply) => {
    void reply.header("connection", "close");
    const reloading = await view.reload(peers.by(request.raw.socket));
    switch (reloading.kind) {
      case "done": return reply.code(202).send({ reload: reloading.id });
      case "invalid": throw new Problem("E_CONFIG_INVALID", reloading.message);
      case "busy": throw new Problem("E_REFUSED", "a reload is under way already");
      case "refused": throw new Problem("E_REFUSED", reloading.message);
    }
  });
}
