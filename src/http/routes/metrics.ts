import type { FastifyInstance } from "fastify";

import { expose } from "../exposition.ts";
import { ownMetrics } from "../own-metrics.ts";
import { processMetrics } from "../process-metrics.ts";
import { tallyMetrics } from "../tally-metrics.ts";
import type { Usage } from "../usage.ts";
import type { View } from "../view.ts";

type Exposition = ReturnType<typeof expose>;

/** Made when it is asked for; those who ask at the same time get the same. */
export function metrics(app: FastifyInstance, view: View, usage: Pick<Usage, "read">): void {
  let making: Exposition | null = null;

  async function make(): Exposition {
    const [own, used] = [await ownMetrics(view.version), await usage.read()];
    const { state } = view.engine;
    return expose([...processMetrics(state, used), ...tallyMetrics(view.tallies, state.entries.keys()), ...own]);
  }

  app.get("/metrics", { config: { open: "reading" } }, async (_request, reply) => {
    making ??= make().finally(() => { making = null; });
    const { contentType, text } = await making;
    return reply.type(contentType).send(text);
  });
}
