/** What a test of schedules reckons with: from one look to the next, each time of it has either run or is counted as missed. */
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

/** All times since then have run, or were missed. */
export function agrees(site: Site, before: Scheduled, after: Scheduled, what: string): void {
  const [was, is] = [before, after].map(({ nextStartAt, missedRuns, ...rest }) => ({ at: Date.parse(nextStartAt ?? ""), run: runsOf(rest), missed: missedRuns }));
  assert(was !== undefined && is !== undefined);
  const [times, run, missed] = [(is.at - was.at) / 1000, is.run - was.run, is.missed - was.missed];
  assert.equal(run + missed, times, `${what}: of ${times} times ${run} have run, and ${missed} were missed
${history(site, "started", "fault", "reloaded", "tookOver").map((line) => `${line.at} ${line.type}`).join("\n")}`);
}

/** Of one that waits: a machine that is busy may have run it before somebody looked. */
function runsOf({ restarts, lastExit }: Pick<Shown, "restarts" | "lastExit">): number {
  return lastExit === null ? 0 : restarts + 1;
}

/** Its entry is called so in all of these tests. */
export const EVERY_SECOND = 'entry("job", "true", [], { schedule: "* * * * * *" })';

/** So many milliseconds pass, in which a time of it comes. */
export async function pass(millis: number): Promise<void> {
  const begin = performance.now();
  await until("some times have passed", () => performance.now() - begin > millis);
}
