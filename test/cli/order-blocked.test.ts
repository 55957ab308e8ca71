/** What waits for something that has failed: it is blocked, says by what, and goes on by itself when that is mended. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { blockedBy, readyBy, shell, sleeperAfter } from "../support/order.ts";
import { startDetached, stops } from "../support/reloading.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** Ends well once that file is there. */
const migrate = `entry("migrate", ${shell("test -e mended")}, { restart: "never" })`;
const web = sleeperAfter("web", '[{ entry: "migrate", on: "finished" }]');

suite("what waits for something that has failed", { concurrency: 2 }, () => {
  test("is blocked, with the reason in status, over HTTP and in the history; up of the other lets it go on", async (t) => {
    const site = new Site(t);
    site.config([migrate, web].join());
    const sentry = site.start();
    await Promise.all([becomes(site, "migrate:0", "failed"), becomes(site, "web:0", "blocked")]);
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    assert.match(stdout, /^web:0 +blocked +- +- +0 +- +- +migrate has not finished: migrate:0 failed$/m);
    assert.deepEqual(await blockedBy(site, "web:0"), ["migrate has not finished: migrate:0 failed"]);
    assert.equal(await blockedBy(site, "migrate:0"), undefined);
    const [record] = history(site, "blocked");
    assert.deepEqual([record?.entry, record?.slot, record?.pid, record?.["after"]], ["web", 0, null, ["migrate"]]);
    assert.match((await site.sentry(["why", "web", "-c", "sample.ts"])).stdout, /blocked|waits for migrate/i);
    const { status, body } = await site.get("/ready");
    assert.equal(status, 503);
    assert.match(JSON.stringify(body), /web:0/);

    site.write("mended", "");
    assert.equal((await site.sentry(["up", "migrate", "-c", "sample.ts"])).code, 0);
    await becomes(site, "web:0", "running");
    assert.equal((await slot(site, "migrate:0")).state, "finished");
    assert.equal((await site.get("/ready")).status, 200);
    assert.deepEqual(told(site, "web"), ["blocked", "started"]);
    await sentry.stop();
  });

  test("is not started by up or restart; down takes it away, and up puts it back", async (t) => {
    const site = new Site(t);
    site.config([migrate, web].join());
    const sentry = site.start();
    await becomes(site, "migrate:0", "failed");
    for (const verb of ["up", "restart"]) {
      const { code, stderr } = await site.sentry([verb, "web", "-c", "sample.ts"]);
      assert.equal(code, 0, stderr);
      assert.equal((await slot(site, "web:0")).state, "blocked");
    }
    await ask(site, "POST", "/processes/web:0/down");
    await becomes(site, "web:0", "stopped");
    await ask(site, "POST", "/processes/web:0/up");
    await becomes(site, "web:0", "blocked");
    assert.equal(history(site, "started").filter(({ entry }) => entry === "web").length, 0);
    await sentry.stop();
  });

  test("blocks in turn what waits for it; all that is started detached are answered for, and it goes on in order", async (t) => {
    const site = new Site(t);
    site.config([sleeperAfter("last", '"middle"'), sleeperAfter("middle", '{ entry: "migrate", on: "finished" }'), migrate].join());
    await startDetached(site); // it returns, though nothing will ever be started any more
    await becomes(site, "migrate:0", "failed");
    assert.deepEqual(await blockedBy(site, "last:0"), ["middle is not ready: middle:0 is blocked"]);
    assert.deepEqual(await blockedBy(site, "middle:0"), ["migrate has not finished: migrate:0 failed"]);
    site.write("mended", "");
    await ask(site, "POST", "/entries/migrate/up");
    await becomes(site, "last:0", "running");
    const started = history(site, "started").map(({ entry }) => entry);
    assert.deepEqual(started, ["migrate", "migrate", "middle", "last"]);
    await stops(site);
  });

  for (const [what, db, reason] of [
    ["whose program is missing", 'entry("db", "./not-there", [], { restart: "never" })', "db is not ready: db:0 failed"],
    ["whose limit is reached", 'entry("db", "false", [], { delay: 0, limit: { count: 2, within: "1h" }, ready: { fd: 3 } })', "db is not ready: db:0 failed"],
    ["that waits for its restart", 'entry("db", "false", [], { delay: "1h", ready: { fd: 3 } })', "db is not ready: db:0 is waiting"],
  ] as const) {
    test(`a detached start returns where something waits for one ${what}`, async (t) => {
      const site = new Site(t);
      site.config([db, sleeperAfter("web", '"db"')].join());
      await startDetached(site);
      await until("it says so", async () => (await blockedBy(site, "web:0"))?.[0] === reason);
      await stops(site);
    });
  }

  test("is blocked still after a reload and a SIGKILL of Sentry, is told once, and goes on in that Sentry", async (t) => {
    const site = new Site(t);
    site.config([readyBy("db", "db.ready"), sleeperAfter("web", '"db"'), migrate, sleeperAfter("other", '{ entry: "migrate", on: "finished" }')].join());
    const first = site.start();
    await Promise.all([becomes(site, "migrate:0", "failed"), becomes(site, "db:0", "starting")]);
    const { pid: db } = await slot(site, "db:0");
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 0, stderr);
    for (const name of ["web", "other"]) assert.equal((await becomes(site, `${name}:0`, "blocked")).pid, null);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    for (const name of ["web", "other"]) await becomes(site, `${name}:0`, "blocked");
    assert.equal(history(site, "blocked").length, 2);
    site.write("db.ready", "");
    site.write("mended", "");
    await ask(site, "POST", "/entries/migrate/up");
    await Promise.all(["web", "other"].map((name) => becomes(site, `${name}:0`, "running")));
    assert.equal((await slot(site, "db:0")).pid, db);
    await second.stop();
  });
});
