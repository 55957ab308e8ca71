import type { FastifyInstance } from "fastify";

import { answered, asked } from "../shape.ts";
import type { View } from "../view.ts";

/** For whoever has moved the log files away, as logrotate does. */
export function reloadLogs(app: FastifyInstance, view: View): void {
  app.post("/reload-logs", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 200: answered("Reopened") } },
  }, async () => view.reopenLogs());
}
