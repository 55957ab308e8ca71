/** What is cut short: by a SIGKILL between two records of one step, or by a reload in the middle of an end. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { FOOTINGS } from "../support/footing.ts";
import { Members } from "../support/members.ts";
import { isOver, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** Killed before its n-th record, and started again. */
async function killedBefore(t: TestContext, n: number, entry: (members: Members) => string) {
  const site = new Site(t);
  site.config(entry(new Members(t, site)));
  const first = site.start(undefined, { env: { SENTRY_DIE_AT: `history-append:${n}` } });
  await until("Sentry is gone", () => isOver(first.pid));
  return { site, sentry: site.start() };
}

suite("killed between a record and the next", { concurrency: 2 }, () => {
  test("it tells once that a slot has failed whose start has failed", async (t) => {
    const { site, sentry } = await killedBefore(t, 2, () => 'entry("x", "/no/such/program", [], { restart: "never" })');
    await becomes(site, "x:0", "failed");
    assert.deepEqual(told(site, "x"), ["fault", "failed"]);
    assert.equal(history(site, "failed")[0]?.cause, null);
    await sentry.stop();
  });

  test("it tells once that a slot has finished", async (t) => {
    const { site, sentry } = await killedBefore(t, 3, () => 'entry("x", "true", [], { restart: "on-failure" })');
    await becomes(site, "x:0", "finished");
    assert.deepEqual(told(site, "x"), ["started", "exited", "finished"]);
    await sentry.stop();
  });

  test("it tells once that what a process has left behind is told to end", async (t) => {
    const { site, sentry } = await killedBefore(t, 3, (members) =>
      `entry("x", ${members.shell("$M plain & until test -e members/plain; do sleep 0.02; done; exit 0")}, { restart: "on-failure" })`);
    await becomes(site, "x:0", "finished");
    assert.deepEqual(told(site, "x"), ["started", "exited", "stopping", "finished"]);
    assert.equal(history(site, "stopping")[0]?.cause, "leftover");
    await sentry.stop();
  });
});

for (const footing of FOOTINGS) {
  test(`what is left behind ends after a reload in the middle of it, and then comes the next start, ${footing.name}`, { skip: footing.skip }, async (t) => {
    const site = new Site(t);
    footing.prepare(site);
    const members = new Members(t, site);
    const script = members.shell("$M deaf ignores & until test -e members/deaf; do sleep 0.02; done; exit 4");
    site.config(`entry("x", ${script}, { delay: 10, stop: { grace: "1h" } })`);
    const sentry = footing.start(site);
    await becomes(site, "x:0", "stopping");
    await reloads(site);
    await members.signal("deaf", "SIGKILL");
    await until("it is started again", () => history(site, "started").length === 2);
    await becomes(site, "x:0", "stopping");
    await reloads(site);
    await sentry.hurry();
    assert.deepEqual(members.alive(), []);
  });
}
