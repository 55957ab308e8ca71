import type { FastifyInstance } from "fastify";

import type { Doors } from "../doors.ts";
import { answered, asked } from "../shape.ts";
import type { Wishes } from "../wishes.ts";

/**
 * The whole stop. Answered at once; that it is done shows in that the connection closes: the process is gone. So it does
 * not close before, as others do where nothing more is asked, and Node is kept from telling the client that it will.
 */
export function stop(app: FastifyInstance, doors: Doors, wishes: Wishes): void {
  app.post("/stop", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 202: answered("StopAccepted") } },
  }, async (request, reply) => {
    await wishes.ask(request, { kind: "stop", hurry: false });
    const { socket } = request.raw;
    doors.of(socket).connections.keep(socket);
    return reply.code(202).header("connection", "keep-alive").send({ stopping: true, pid: process.pid });
  });
}
