import type { FastifyInstance } from "fastify";

import { notReady } from "../ready.ts";
import { answered } from "../shape.ts";
import type { View } from "../view.ts";

/** Probes add to a query string what they like, so that is not looked at here. */
export function health(app: FastifyInstance, view: View): void {
  // That this is answered says all: the loop turns.
  app.get("/health", {
    config: { open: "always" }, schema: { response: { 200: answered("Health") } },
  }, async () => ({ status: "ok" }));

  // Not to be ready is no problem of the request, so the answer is the same document.
  app.get("/ready", {
    config: { open: "reading" }, schema: { response: { 200: answered("Readiness"), 503: answered("Readiness") } },
  }, async (_request, reply) => {
    const waiting = notReady(view);
    const ready = waiting.length === 0 && view.engine.state.course === "keeping";
    return reply.code(ready ? 200 : 503).send({ ready, waiting });
  });
}
