/** Schedules over a SIGKILL of Sentry: no run is lost and none doubled, and what nobody could see is counted. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { reloads } from "../support/reloading.ts";
import { agrees, between, EVERY_SECOND, pass } from "../support/schedule.ts";
import type { Sentry } from "../support/sentry.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

async function crash(sentry: Sentry): Promise<void> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
}

suite("an entry with a schedule", { concurrency: 2 }, () => {
  test("runs the last time that a dead Sentry has missed, counts the others, and goes on", async (t) => {
    const site = new Site(t);
    site.config(EVERY_SECOND);
    const first = site.start();
    const begun = await between(site);
    await first.started("job");
    await crash(first);
    await pass(3500);
    const second = site.start();
    await second.started("job");
    const after = await between(site);
    agrees(site, begun, after, "after the SIGKILL");
    assert.ok(after.missedRuns >= 2, `${after.missedRuns} were missed`);
    const faults = history(site, "fault").filter((line) => line["step"] === "schedule");
    assert.match(String(faults[0]?.["message"]), /it was due \d+ times, and nobody could see that/);
    const { missedRuns } = after;
    await reloads(site);
    assert.ok((await between(site)).missedRuns >= missedRuns, "a reload keeps the count");
    await second.stop();
  });

  test("keeps the count over a second SIGKILL, and takes a Sentry that was held up for one that has missed something", async (t) => {
    const site = new Site(t);
    site.config(EVERY_SECOND);
    const first = site.start();
    const begun = await between(site);
    await first.started("job");
    first.kill("SIGSTOP");
    await pass(2500);
    first.kill("SIGCONT");
    await first.started("job");
    const { missedRuns } = await until("it has noticed", async () => { const shown = await between(site); return shown.missedRuns > 0 && shown; });
    agrees(site, begun, await between(site), "after it was held up");
    await crash(first);
    await pass(2500);
    const second = site.start();
    await second.started("job");
    await crash(second);
    await pass(2500);
    const third = site.start();
    await third.started("job");
    const last = await between(site);
    agrees(site, begun, last, "after two SIGKILLs");
    assert.ok(last.missedRuns >= missedRuns + 2);
    await third.stop();
  });

  test("counts the times for which it still ran, those while Sentry was dead among them", async (t) => {
    const site = new Site(t);
    site.config('entry("job", "sh", ["-c", "while ! [ -e done ]; do sleep 0.02; done"], { schedule: "* * * * * *" })');
    const first = site.start();
    const begun = await between(site);
    const pid = await first.started("job");
    await until("one was missed", () => history(site, "fault").length > 0);
    await crash(first);
    await pass(2500);
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await until("it has noticed", () => history(site, "fault").some((line) => /nobody could see/.test(String(line["message"]))));
    site.write("done", "");
    const after = await between(site);
    assert.equal(history(site, "started")[0]?.pid, pid);
    agrees(site, begun, after, "after the SIGKILL");
    await second.stop();
  });

  test("has missed nothing while it was down, whether Sentry lived or not", async (t) => {
    const site = new Site(t);
    site.config(EVERY_SECOND);
    const first = site.start();
    await first.started("job");
    await between(site);
    await ask(site, "POST", "/entries/job/down");
    await becomes(site, "job:0", "stopped");
    const { length } = history(site, "started", "fault");
    await crash(first);
    await pass(2500);
    const second = site.start();
    await becomes(site, "job:0", "stopped");
    await pass(1500);
    assert.equal(history(site, "started", "fault").length, length);
    await ask(site, "POST", "/entries/job/up");
    await second.started("job");
    await second.stop();
  });

  test("finds a run that was under way when Sentry was killed or reloaded, and does not begin it again", async (t) => {
    const site = new Site(t);
    site.config('entry("job", "sh", ["-c", "while ! [ -e done ]; do sleep 0.02; done; exit 6"], { schedule: "0 0 29 2 *" })');
    const first = site.start();
    const { nextStartAt } = await between(site);
    await ask(site, "POST", "/entries/job/up");
    const { pid } = await becomes(site, "job:0", "running");
    await reloads(site);
    assert.equal((await becomes(site, "job:0", "running")).pid, pid);
    await crash(first);
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    site.write("done", "");
    const after = await between(site);
    assert.deepEqual([after.lastExit?.pid, after.nextStartAt, after.missedRuns], [pid, nextStartAt, 0]);
    await reloads(site);
    assert.equal((await between(site)).nextStartAt, nextStartAt);
    assert.equal(history(site, "started").length, 1);
    await second.stop();
  });
});
