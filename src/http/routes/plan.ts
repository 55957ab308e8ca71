import type { FastifyInstance } from "fastify";

import { Problem } from "../problem.ts";
import { answeredList, asked } from "../shape.ts";
import type { View } from "../view.ts";

/** Each is two processes that boot a Node. */
const MOST_PLANS = 4;

/** What a reload would do now. A POST, for it runs the configuration, which is a program. */
export function plan(app: FastifyInstance, view: View): void {
  let underWay = 0;
  app.post("/plan", {
    schema: { querystring: asked("NoQuery"), body: asked("Nothing"), response: { 200: answeredList("Change") } },
  }, async () => {
    if (underWay >= MOST_PLANS) throw new Problem("E_BUSY", `${MOST_PLANS} plans are being made already`);
    underWay++;
    const planned = await view.plan().finally(() => { underWay--; });
    if (planned.kind === "busy") throw new Problem("E_REFUSED", "a reload is under way");
    if (planned.kind === "invalid") throw new Problem("E_CONFIG_INVALID", planned.message);
    return planned.changes;
  });
}
