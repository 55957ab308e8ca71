/** A Sentry that serves HTTP over TCP. */
import type { TestContext } from "node:test";

import { Site } from "./site.ts";
import { freePort, refusalAt } from "./tcp.ts";
import { until } from "./until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Options of the whole. */
export const at = (port: number): string => `{ http: "127.0.0.1:${port}" }`;

export function configured(site: Site, options: string): void {
  site.config(sleeper, "sample.ts", options);
}

/** A Sentry with one process, and its TCP address. */
export async function running(t: TestContext) {
  const site = new Site(t);
  const port = await freePort();
  configured(site, at(port));
  const sentry = site.start();
  const pid = await sentry.started("x");
  await isServedAt(port);
  return { site, port, sentry, pid };
}

export async function isServedAt(port: number): Promise<void> {
  await until(`port ${port} is served`, async () => await refusalAt(port) === null);
}
