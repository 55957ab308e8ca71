/** `restartAbove`: a program that grows is restarted, as after a failure. Memory is looked at every ten seconds. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { shell } from "../support/order.ts";
import { Puppets } from "../support/puppets.ts";
import { reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** A process that has so many mebibytes more than Python itself, and lives. */
const takes = (mebibytes: number): string => `python3 -c 'import time; x = bytearray(b"x" * (${mebibytes} << 20)); time.sleep(1000)'`;

suite("an entry with restartAbove (slow: it is looked at every 10 s)", { concurrency: 3 }, () => {
  test("is restarted when it has grown above it, with cause and amount, as after a failure; a small one is not", async (t) => {
    const site = new Site(t);
    site.config([
      `entry("grows", ${shell(`exec ${takes(100)}`)}, { restartAbove: "64M", delay: "1h" })`,
      `entry("tree", ${shell(`${takes(40)} & ${takes(40)} & wait`)}, { restartAbove: "64M", delay: 0, limit: { count: 0, within: "1h" } })`,
      `entry("small", ${shell(`exec ${takes(20)}`)}, { restartAbove: "64M" })`, `entry("free", ${shell(`exec ${takes(100)}`)})`,
    ].join());
    const sentry = site.start();
    const [grows, tree, small, free] = await Promise.all(["grows", "tree", "small", "free"].map((name) => becomes(site, `${name}:0`, "running")));
    await becomes(site, "grows:0", "waiting"); // its delay
    await becomes(site, "tree:0", "failed"); // its limit
    for (const [name, shown] of [["grows", grows], ["tree", tree]] as const) {
      const [stopping] = history(site, "stopping").filter(({ entry, cause }) => entry === name && cause !== "leftover");
      assert.deepEqual([stopping?.pid, stopping?.cause, stopping?.by], [shown?.pid, "memory", null]);
      assert.match(String(stopping?.["reason"]), /^\d+M of 64M$/);
      assert.ok(Number.parseInt(String(stopping?.["reason"]), 10) > 64);
      assert.equal(history(site, "exited").find(({ entry }) => entry === name)?.cause, "memory");
    }
    assert.match((await site.sentry(["status", "sample.ts"])).stdout, /^grows:0 +waiting .*SIGTERM \(memory\)/m);
    assert.match((await site.sentry(["why", "grows", "-c", "sample.ts"])).stdout, /\d+M of 64M/);
    assert.equal((await slot(site, "small:0")).pid, small?.pid);
    assert.equal((await slot(site, "free:0")).pid, free?.pid);
    assert.deepEqual(told(site, "small"), ["started"]);
    await sentry.stop();
  });

  test("is restarted again and again where it grows again, also after a reload that has given it the limit", async (t) => {
    const site = new Site(t);
    const grows = shell(`exec ${takes(60)}`);
    site.config(`entry("grows", ${grows}, { delay: 0 })`);
    const sentry = site.start();
    const { pid } = await becomes(site, "grows:0", "running");
    site.config(`entry("grows", ${grows}, { delay: 0, restartAbove: "48M" })`);
    await reloads(site);
    assert.equal((await slot(site, "grows:0")).pid, pid, "it is changed in place");
    await until("it was restarted twice", () => history(site, "exited").filter(({ cause }) => cause === "memory").length === 2);
    await sentry.stop();
  });

  test("is restarted where it is a daemon, and where another process has taken its place", async (t) => {
    const site = new Site(t);
    new Puppets(site);
    site.config([
      `entry("daemon", ${shell(`${takes(60)} & exit 0`)}, { daemon: true, restartAbove: "48M", delay: "1h" })`,
      `entry("named", ${shell(`${takes(60)} & ./says MAINPID=$!; ./says READY=1; sleep 0.2`)}, { ready: "notify", restartAbove: "48M", delay: "1h" })`,
    ].join());
    const sentry = site.start();
    for (const name of ["daemon", "named"]) {
      await becomes(site, `${name}:0`, "waiting");
      assert.equal(history(site, "exited").find(({ entry }) => entry === name)?.cause, "memory");
    }
    await sentry.stop();
  });
});
