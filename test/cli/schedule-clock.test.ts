/** The wall clock is set, forth and back, while schedules wait for it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history } from "../support/shown.ts";
import type { Shown } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const HOUR = 3600;

interface Job extends Shown { readonly missedRuns: number }

/** A Sentry whose clock can be set: so many seconds off what it truly is. */
function begin(t: TestContext, entries: string): { site: Site; sentry: Sentry; set: (seconds: number) => void } {
  const site = new Site(t);
  const library = site.path("clock.so");
  const sources = ["clock.c", "alarm.c"].map((name) => join(packageFolder(), "test/fixtures", name));
  execFileSync("cc", ["-O1", "-shared", "-fPIC", "-pthread", "-o", library, ...sources, "-ldl"]);
  site.write("shift", new Uint8Array(8));
  site.config(entries);
  const sentry = site.start(undefined, { env: { LD_PRELOAD: library, CLOCK_SHIFT: site.path("shift"), TZ: "UTC" } });
  return { site, sentry, set: (seconds) => writeFileSync(site.path("shift"), new BigInt64Array([BigInt(seconds)]), { flag: "r+" }) };
}

async function job(site: Site, name: string): Promise<Job> {
  return until(`it is known when ${name} is due`, async () => {
    const shown = await site.get(`/processes/${name}:0`).then(({ body }) => body as Job, () => null);
    return shown?.state === "waiting" && shown.nextStartAt !== null && shown;
  });
}

const hourOf = (moment: string | null): number => Math.floor(Date.parse(moment ?? "") / 1000 / HOUR);

/** Waits for the next time that it is due after that, and gives it. */
async function later(site: Site, name: string, before: string | null, is: (hours: number) => boolean): Promise<Job> {
  return until(`${name} is due another time than ${before}`, async () => {
    const shown = await job(site, name);
    return is(hourOf(shown.nextStartAt) - hourOf(before)) && shown;
  });
}

suite("a wall clock that is set", { concurrency: 2 }, () => {
  test("two hours forward has passed over times: they were missed; back again, the next time is the one by that clock", async (t) => {
    const minute = (new Date().getUTCMinutes() + 30) % 60; // far from now, whichever hour it is then
    const { site, sentry, set } = begin(t, `entry("hourly", "true", [], { schedule: "${minute} * * * *" })`);
    const { nextStartAt } = await job(site, "hourly");
    set(2 * HOUR);
    const after = await later(site, "hourly", nextStartAt, (hours) => hours === 2);
    assert.equal(after.missedRuns, 2);
    await reloads(site);
    assert.deepEqual([(await job(site, "hourly")).nextStartAt, (await job(site, "hourly")).missedRuns], [after.nextStartAt, after.missedRuns]);
    set(0);
    const back = await later(site, "hourly", after.nextStartAt, (hours) => hours === -2);
    assert.deepEqual([back.nextStartAt, back.missedRuns], [nextStartAt, after.missedRuns], "it was wrong before, and nothing is missed by that");
    assert.deepEqual(history(site, "started"), []);
    await sentry.stop();
  });

  test("by some seconds back runs nothing twice, and what comes after it runs", async (t) => {
    const { site, sentry, set } = begin(t, 'entry("often", "true", [], { schedule: "*/2 * * * * *" })');
    for (let n = 0; n < 3; n++) await sentry.started("often");
    const { nextStartAt: before, restarts } = await job(site, "often");
    set(-5);
    await sentry.started("often");
    const after = await job(site, "often");
    assert.ok(after.restarts > restarts);
    // Each time has run once, as if the clock had stood still.
    const times = (Date.parse(after.nextStartAt ?? "") - Date.parse(before ?? "")) / 2000;
    assert.equal(after.restarts - restarts + after.missedRuns, times);
    await sentry.stop();
  });

  test("to some seconds before a time runs it then: the timer goes by the wall clock", async (t) => {
    const { site, sentry, set } = begin(t, 'entry("daily", "true", [], { schedule: "0 12 * * *" })');
    const { nextStartAt } = await job(site, "daily");
    const ahead = Math.floor((Date.parse(nextStartAt ?? "") - Date.now()) / 1000) - 2;
    set(ahead);
    const pid = await sentry.started("daily");
    assert.ok(pid > 0);
    const started = history(site, "started")[0];
    assert.ok(Date.parse(started?.at ?? "") >= Date.parse(nextStartAt ?? ""));
    const after = await job(site, "daily");
    assert.deepEqual([hourOf(after.nextStartAt) - hourOf(nextStartAt), after.missedRuns], [24, 0]);
    await sentry.stop();
  });
});
