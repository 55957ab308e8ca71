/** A Sentry with an entry x that is ready by sd_notify(3), whose process says what a test bids it (puppets.ts). */
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";

import type { Footing } from "./footing.ts";
import { Puppets } from "./puppets.ts";
import { history } from "./shown.ts";
import { Site } from "./site.ts";
import { until } from "./until.ts";

interface Shown {
  readonly state: string;
  readonly notify?: { readonly status: string | null; readonly doing: string | null; readonly errno: number | null };
}

export const shown = async (site: Site): Promise<Shown> => (await site.get("/processes/x:0")).body as Shown;

/** Waits until that is shown of what it has said. */
export async function says(site: Site, what: Partial<NonNullable<Shown["notify"]>>): Promise<void> {
  let latest: Shown["notify"];
  await until(`it says ${JSON.stringify(what)}`, async () => {
    latest = (await shown(site)).notify;
    return latest && JSON.stringify({ ...latest, ...what }) === JSON.stringify(latest);
  }, () => JSON.stringify(latest));
}

export function running(t: TestContext, options: string, before = "", footing: Footing | null = null) {
  const site = new Site(t);
  footing?.prepare(site);
  const puppets = new Puppets(site);
  site.config(`entry("x", ${puppets.shell(before)}, { ${options} })`);
  return { site, puppets, sentry: footing?.start(site) ?? site.start() };
}

/** Of a test that needs it. */
export const withSystemdNotify = { skip: !existsSync("/usr/bin/systemd-notify") && "there is no systemd-notify here" };
export const NOTIFY = 'ready: "notify"';
export const exits = (site: Site): unknown[] => history(site, "exited").map(({ pid, code, signal, cause }) => [pid, code ?? signal, cause]);
