/** Schedules over reloads: these are begun so that they meet the beginning of a second, which is when the entry is due. */
import assert from "node:assert/strict";
import { copyFileSync, renameSync } from "node:fs";
import { suite, test } from "node:test";

import { reloads } from "../support/reloading.ts";
import { agrees, between, EVERY_SECOND } from "../support/schedule.ts";
import { halfRequest, history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

suite("a schedule", { concurrency: 2 }, () => {
  test("loses no run and doubles none over reloads that meet the moment at which it is due (slow: twelve of them)", async (t) => {
    const site = new Site(t);
    site.config(EVERY_SECOND);
    const sentry = site.start();
    const first = await between(site);
    await sentry.started("job");
    for (let n = 0; n < 12; n++) {
      const before = 40 + 60 * n; // in milliseconds: each part of a reload meets that moment once
      await until("it is about to be due", () => { const rest = 1000 - Date.now() % 1000; return rest <= before && rest > before - 40; });
      await reloads(site);
      agrees(site, first, await between(site), `after reload ${n + 1}, ${before} ms before`);
    }
    assert.ok((await between(site)).restarts >= 6, "the newest of those that a reload meets runs");
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 12);
    assert.equal(history(site, "started").length, history(site, "exited").length);
  });

  test("that a reload gives or takes away holds from then on: what runs runs on", async (t) => {
    const site = new Site(t);
    site.config('entry("job", "sleep", ["1000"])');
    const sentry = site.start();
    const { pid } = await becomes(site, "job:0", "running");
    site.config('entry("job", "sleep", ["1000"], { schedule: "0 0 29 2 *" })');
    await reloads(site);
    assert.equal((await becomes(site, "job:0", "running")).pid, pid);
    process.kill(pid ?? 0, "SIGKILL");
    assert.match((await between(site)).nextStartAt, /-02-2/);
    site.config('entry("job", "sleep", ["1000"], { schedule: { cron: "0 0 1 6 *", timezone: "UTC" } })');
    await reloads(site);
    await until("it is the new time", async () => (await between(site)).nextStartAt.includes("-06-01T00:00:00"));
    site.config('entry("job", "sleep", ["1000"])');
    await reloads(site);
    await becomes(site, "job:0", "running");
    await sentry.stop();
  });

  test("goes on where the exec of a reload fails", async (t) => {
    const site = new Site(t);
    site.write("src/a.js", "1");
    site.config(`${EVERY_SECOND}, entry("web", "sleep", ["1000"], { watch: "src", delay: "1h" })`);
    const node = site.path("node");
    copyFileSync(process.execPath, node);
    const sentry = site.open(node, site.command("start", "sample.ts").slice(1));
    const first = await between(site);
    const { pid } = await becomes(site, "web:0", "running");
    await sentry.started("job");
    // Node is taken away when it has been tried and before it is run: half a request makes the reload wait just there.
    const half = await halfRequest(site);
    const posted = site.get("/reload", undefined, "POST");
    await sentry.line(/ successfully compiled\.$/);
    renameSync(node, `${node}.away`);
    half.resume();
    await posted;
    await sentry.line(/^cannot reload: /);
    for (let n = 0; n < 2; n++) await sentry.started("job");
    agrees(site, first, await between(site), "after the exec has failed");
    let n = 0;
    await until("a change is noticed", async () => {
      if (n++ % 100 === 0) site.write("src/a.js", "2".repeat(n));
      return (await becomes(site, "web:0", "running")).pid !== pid;
    });
    await sentry.stop();
  });
});
