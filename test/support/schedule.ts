/** What a test of schedules reckons with: from the first time to the next one, each has either run or is counted as missed. */
import assert from "node:assert/strict";

import { history } from "./shown.ts";
import type { Shown } from "./shown.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

export interface Scheduled extends Shown { readonly missedRuns: number }

/** As it is between two runs, in one answer. */
export async function between(site: Site): Promise<Scheduled & { readonly nextStartAt: string }> {
  return until("it waits, and says until when", async () => {
    const shown = await site.get("/processes/job:0").then(({ body }) => body as Scheduled, () => null); // it may not answer yet
    return shown?.state === "waiting" && shown.nextStartAt !== null && shown as Scheduled & { nextStartAt: string };
  });
}

/** All times since the first one have run, or were missed. */
export function agrees(site: Site, first: string, { restarts, missedRuns, nextStartAt }: Scheduled, what: string): void {
  const times = (Date.parse(nextStartAt ?? "") - Date.parse(first)) / 1000;
  assert.equal(restarts + 1 + missedRuns, times, `${what}: of ${times} times ${restarts + 1} have run, and ${missedRuns} were missed
${history(site, "started", "fault", "reloaded", "tookOver").map((line) => `${line.at} ${line.type}`).join("\n")}`);
}

/** Its entry is called so in all of these tests. */
export const EVERY_SECOND = 'entry("job", "true", [], { schedule: "* * * * * *" })';

/** So many milliseconds pass, in which a time of it comes. */
export async function pass(millis: number): Promise<void> {
  const begin = performance.now();
  await until("some times have passed", () => performance.now() - begin > millis);
}
