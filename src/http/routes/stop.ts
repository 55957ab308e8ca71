import type { FastifyInstance } from "fastify";

import type { Peers } from "../peers.ts";
import { problemOfRefusal } from "../problem.ts";
import type { View } from "../view.ts";

/** The whole stop. Answered at once; that it is done shows in that the connection closes: the process is gone. */
export function stop(app: FastifyInstance, view: View, peers: Peers): void {
  app.post("/stop", async (request, reply) => {
    const outcome = await view.engine.ask({ kind: "stop", hurry: false, by: peers.by(request.raw.socket) });
    if (outcome.kind === "refused") throw problemOfRefusal(outcome);
    return reply.code(202).send({ stopping: true, pid: process.pid });
  });
}
