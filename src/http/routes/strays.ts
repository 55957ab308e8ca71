import type { FastifyInstance } from "fastify";

import type { StrayShown } from "../schema.ts";
import { answeredList, asked } from "../shape.ts";
import { startTimeOf } from "../start-time.ts";
import type { View } from "../view.ts";

/**
 * What one of our processes has started, and nobody can say which one: it is shown, and never signalled. To look costs a pass
 * over /proc, so those who ask at the same time get the same.
 */
export function strays(app: FastifyInstance, view: View): void {
  let looking: Promise<StrayShown[]> | null = null;

  async function look(): Promise<StrayShown[]> {
    return (await view.strays()).map(({ pid, name, state, startTicks }) =>
      ({ pid, name, state, startedAt: new Date(startTimeOf(startTicks) * 1000).toISOString() }));
  }

  app.get("/strays", {
    schema: { querystring: asked("NoQuery"), response: { 200: answeredList("Stray") } },
  }, async () => {
    looking ??= look().finally(() => { looking = null; });
    return looking;
  });
}
