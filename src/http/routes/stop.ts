import type { FastifyInstance } from "fastify";

import { answered, asked } from "../shape.ts";
import type { Wishes } from "../wishes.ts";

/** The whole stop. Answered at once; that it is done shows in that the connection closes: the process is gone. */
export function stop(app: FastifyInstance, wishes: Wishes): void {
  app.post("/stop", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 202: answered("StopAccepted") } },
  }, async (request, reply) => {
    await wishes.ask(request, { kind: "stop", hurry: false });
    return reply.code(202).send({ stopping: true, pid: process.pid });
  });
}
