/** `after`: what is started when, and side by side with what. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { suite, test } from "node:test";

import { blockedBy, readyBy, shell, sleeperAfter, waitFor } from "../support/order.ts";
import { history, processes, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

suite("an entry with after", { concurrency: 2 }, () => {
  test("is started once the other is started, is ready, or has finished, as it says; ready where it says nothing", async (t) => {
    const site = new Site(t);
    site.config([
      sleeperAfter("finished", '{ entry: "job", on: "finished" }'), sleeperAfter("plain", '"db"'),
      sleeperAfter("ready", '[{ entry: "db", on: "ready" }]'), sleeperAfter("started", '{ entry: "db", on: "started" }'),
      readyBy("db", "db.ready"), `entry("job", ${shell(waitFor("job.done"))}, { restart: "on-failure" })`,
    ].join());
    const sentry = site.start();
    await Promise.all([becomes(site, "started:0", "running"), becomes(site, "job:0", "running")]);
    assert.equal((await slot(site, "db:0")).state, "starting");
    for (const name of ["plain", "ready", "finished"]) assert.equal((await slot(site, `${name}:0`)).state, "blocked");
    assert.deepEqual(await blockedBy(site, "plain:0"), ["db is not ready: db:0 is starting"]);
    assert.deepEqual(await blockedBy(site, "finished:0"), ["job has not finished: job:0 is running"]);

    site.write("db.ready", "");
    await Promise.all([becomes(site, "plain:0", "running"), becomes(site, "ready:0", "running")]);
    assert.equal((await slot(site, "finished:0")).state, "blocked");
    site.write("job.done", "");
    await becomes(site, "finished:0", "running");
    const types = history(site).map(({ type, entry }) => `${entry} ${type}`);
    const at = (what: string): number => types.indexOf(what);
    assert.ok(at("db started") < at("started started"));
    for (const name of ["plain", "ready"]) assert.ok(at("db ready") < at(`${name} started`));
    assert.ok(at("job finished") < at("finished started"));
    assert.deepEqual(told(site, "plain"), ["blocked", "started"]);
    await sentry.stop();
  });

  test("waits for every process of the other, and for every entry that it names; then all its own are started", async (t) => {
    const site = new Site(t);
    site.config([
      `entry("db", ${shell("exec sleep 1000")}, { count: 2, ready: { exec: ["sh", "-c", "test -e db.$SENTRY_SLOT"], interval: "20ms" } })`,
      readyBy("cache", "cache.ready"), 'entry("web", "sleep", ["1000"], { count: 3, after: ["db", "cache"] })',
    ].join());
    const sentry = site.start();
    site.write("db.1", "");
    await becomes(site, "db:1", "running");
    assert.deepEqual(await blockedBy(site, "web:2"), ["db is not ready: db:0 is starting", "cache is not ready: cache:0 is starting"]);
    site.write("db.0", "");
    await becomes(site, "db:0", "running");
    assert.deepEqual(await blockedBy(site, "web:0"), ["cache is not ready: cache:0 is starting"]);
    assert.deepEqual(history(site, "blocked").map(({ entry, slot: number, after }) => [entry, number, after]),
      [0, 1, 2].map((number) => ["web", number, ["db", "cache"]]));
    site.write("cache.ready", "");
    for (let n = 0; n < 3; n++) await becomes(site, `web:${n}`, "running");
    await sentry.stop();
  });

  test("is started side by side with whatever it need not wait for", async (t) => {
    const site = new Site(t);
    // Each of the two is ready only once the other is there: one after the other would take for ever.
    const half = (name: string, other: string): string => `entry("${name}", ${shell(`touch ${name}.here; exec sleep 1000`)},
      { after: ["base"], ready: { exec: ["test", "-e", "${other}.here"], interval: "20ms" } })`;
    site.config(['entry("base", "sleep", ["1000"])', half("left", "right"), half("right", "left"), sleeperAfter("top", '["left", "right"]')].join());
    const sentry = site.start();
    await becomes(site, "top:0", "running");
    assert.deepEqual((await processes(site)).map(({ state }) => state), Array.from({ length: 4 }, () => "running"));
    await sentry.stop();
  });

  test("is let through by one that has finished, that is scheduled, or of which nothing is wanted", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("once", "true", [], { restart: "never" })', 'entry("yearly", "true", [], { schedule: "0 0 1 1 *" })',
      'entry("none", "sleep", ["1000"], { count: 0 })', sleeperAfter("web", '["once", "yearly", "none"]'),
      readyBy("slow", "slow.ready"), sleeperAfter("late", '"slow"'),
    ].join());
    const sentry = site.start();
    await becomes(site, "web:0", "running");
    await becomes(site, "late:0", "blocked");
    await ask(site, "POST", "/entries/slow/down");
    await becomes(site, "late:0", "running");
    assert.equal((await slot(site, "slow:0")).state, "stopped");
    await sentry.stop();
  });

  test("is not concerned any more by what becomes of the other, and waits for nobody when it is itself restarted", async (t) => {
    const site = new Site(t);
    site.config([
      `entry("db", ${shell("exec sleep 1000")}, { delay: "1h", ready: { exec: ["true"] } })`,
      'entry("web", "sleep", ["1000"], { after: ["db"], delay: 0 })',
    ].join());
    const sentry = site.start();
    const { pid: web } = await becomes(site, "web:0", "running");
    const { pid: db } = await slot(site, "db:0");
    process.kill(db ?? 0, "SIGKILL");
    await becomes(site, "db:0", "waiting");
    await ask(site, "POST", "/entries/db/down");
    await becomes(site, "db:0", "stopped");
    assert.deepEqual([(await slot(site, "web:0")).pid, (await slot(site, "web:0")).state], [web, "running"]);
    process.kill(web ?? 0, "SIGKILL");
    await until("it has another process", async () => ![null, web].includes((await slot(site, "web:0")).pid));
    await ask(site, "POST", "/entries/web/down");
    await becomes(site, "web:0", "stopped");
    await ask(site, "POST", "/entries/web/up");
    await becomes(site, "web:0", "running");
    assert.equal((await slot(site, "db:0")).state, "stopped");
    assert.equal(history(site, "blocked").length, 1);
    await sentry.stop();
  });

  test("that was let through stays so, over a reload and a SIGKILL of Sentry", async (t) => {
    const site = new Site(t);
    site.config([readyBy("db", "db.ready"), 'entry("web", "sleep", ["1000"], { after: ["db"], delay: "1h" })'].join());
    const first = site.start();
    await becomes(site, "db:0", "starting");
    site.write("db.ready", "");
    const { pid } = await becomes(site, "web:0", "running");
    rmSync(site.path("db.ready"));
    await ask(site, "POST", "/entries/db/restart");
    await becomes(site, "db:0", "starting"); // and it will be no more
    process.kill(pid ?? 0, "SIGKILL");
    await becomes(site, "web:0", "waiting");
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 0, stderr);
    await becomes(site, "web:0", "waiting");
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await becomes(site, "web:0", "waiting");
    await ask(site, "POST", "/entries/web/up");
    await becomes(site, "web:0", "running");
    assert.equal((await slot(site, "db:0")).state, "starting");
    await second.stop();
  });

  test("is stopped in that order as well while some of it is blocked, waits, or is not ready", async (t) => {
    const site = new Site(t);
    site.config([
      readyBy("db", "never"), sleeperAfter("blocked", '"db"'), sleeperAfter("web", '[{ entry: "db", on: "started" }]'),
      'entry("waits", "false", [], { delay: "1h", after: [{ entry: "db", on: "started" }] })',
      'entry("job", "true", [], { schedule: "@yearly", after: [{ entry: "web", on: "started" }] })',
    ].join());
    const sentry = site.start();
    await Promise.all([["web", "running"], ["waits", "waiting"], ["blocked", "blocked"], ["job", "waiting"]].map(([name, state]) =>
      becomes(site, `${name}:0`, state ?? "")));
    await sentry.stop();
    const types = history(site).map(({ type, entry }) => `${entry} ${type}`);
    assert.ok(types.indexOf("web exited") < types.indexOf("db stopping"));
    assert.equal(history(site, "exited").length, 3);
  });
});
