/** A reload that gives an entry an `after`, or takes it away. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { blockedBy, readyBy, sleeperAfter } from "../support/order.ts";
import { reloads } from "../support/reloading.ts";
import { history, pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot } from "../support/slots.ts";

const web = 'entry("web", "sleep", ["1000"])';
const db = readyBy("db", "db.ready");

suite("a reload", { concurrency: 2 }, () => {
  test("that adds after touches no process; it concerns what has none, and what has to be another", async (t) => {
    const site = new Site(t);
    site.config([db, web, 'entry("other", "sleep", ["1000"])', 'entry("down", "sleep", ["1000"])'].join());
    const sentry = site.start();
    await Promise.all(["web", "other", "down"].map((name) => becomes(site, `${name}:0`, "running")));
    await ask(site, "POST", "/entries/down/down");
    const { pid: old } = await slot(site, "other:0");
    await becomes(site, "down:0", "stopped");
    const before = await pids(site);
    site.config([db, sleeperAfter("web", '"db"'), 'entry("other", "sleep", ["2000"], { after: ["db"] })',
      sleeperAfter("down", '"db"'), sleeperAfter("new", '"db"')].join());
    await reloads(site);
    await Promise.all(["other", "new"].map((name) => becomes(site, `${name}:0`, "blocked")));
    assert.equal((await slot(site, "web:0")).pid, before.get("web:0"));
    await ask(site, "POST", "/entries/down/up");
    await becomes(site, "down:0", "blocked");
    await ask(site, "POST", "/entries/web/restart");
    await sentry.line(/web\.\d+ +Exited/);
    await becomes(site, "web:0", "running");

    site.write("db.ready", "");
    await Promise.all(["other", "new", "down"].map((name) => becomes(site, `${name}:0`, "running")));
    assert.notEqual((await slot(site, "other:0")).pid, old);
    assert.equal((await slot(site, "db:0")).pid, before.get("db:0"));
    await sentry.stop();
  });

  test("that takes after away, or what it named, starts what was blocked by it", async (t) => {
    const site = new Site(t);
    site.config([db, sleeperAfter("web", '"db"'), readyBy("gone", "never"), sleeperAfter("other", '"gone"')].join());
    const sentry = site.start();
    await Promise.all([becomes(site, "web:0", "blocked"), becomes(site, "other:0", "blocked"), becomes(site, "db:0", "starting")]);
    site.config([db, web, 'entry("other", "sleep", ["1000"])'].join());
    await reloads(site);
    await Promise.all([becomes(site, "web:0", "running"), becomes(site, "other:0", "running")]);
    assert.equal((await slot(site, "db:0")).state, "starting");
    await sentry.stop();
  });

  test("that changes what it waits for lets it wait for that, and what was named before holds it up no more", async (t) => {
    const site = new Site(t);
    const cache = readyBy("cache", "cache.ready");
    site.config([db, cache, sleeperAfter("web", '"db"')].join());
    const sentry = site.start();
    await Promise.all([becomes(site, "web:0", "blocked"), becomes(site, "db:0", "starting"), becomes(site, "cache:0", "starting")]);
    site.config([db, cache, sleeperAfter("web", '"cache"')].join());
    await reloads(site);
    assert.deepEqual(await blockedBy(site, "web:0"), ["cache is not ready: cache:0 is starting"]);
    site.write("cache.ready", "");
    await becomes(site, "web:0", "running");
    assert.equal(history(site, "started").length, 3);
    await sentry.stop();
  });
});
