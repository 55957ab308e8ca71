import type { FastifyInstance } from "fastify";

/** That this is answered says all: the loop turns. */
export function health(app: FastifyInstance): void {
  app.get("/health", async () => ({ status: "ok" }));
}
