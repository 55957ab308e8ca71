import type { FastifyInstance } from "fastify";

import type { View } from "../view.ts";

/** What all of this is, for programs: OpenAPI 3.1, written at build time (openapi.build.ts). */
export function openapi(app: FastifyInstance, view: View): void {
  app.get("/openapi.json", { config: { open: "reading" } }, async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(view.openapi()));
}
