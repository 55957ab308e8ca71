import type { FastifyInstance } from "fastify";

import { Problem } from "../problem.ts";
import { answeredList, asked } from "../shape.ts";
import type { View } from "../view.ts";

/** What a reload would do now. A POST, for it runs the configuration, which is a program. */
export function plan(app: FastifyInstance, view: View): void {
  app.post("/plan", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 200: answeredList("Change") } },
  }, async () => {
    const planned = await view.plan();
    if (planned.kind === "busy") throw new Problem("E_REFUSED", "a reload is under way");
    if (planned.kind === "invalid") throw new Problem("E_CONFIG_INVALID", planned.message);
    return planned.changes;
  });
}
