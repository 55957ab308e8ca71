/** The whole stop: the reverse of `after`, by the moments at which they exit, whatever happens to Sentry meanwhile. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";

import { shell } from "../support/order.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, slot } from "../support/slots.ts";
import { until } from "../support/until.ts";

/**
 * Ends on SIGTERM, once `may.NAME` is there; that it was told shows as `told.NAME`. It is ready when it would
 * notice. Nothing is run for that, for what a shell has just started is told to end as well.
 */
const ending = (name: string): string =>
  `trap ': > told.${name}; while ! [ -e may.${name} ]; do sleep 0.02; done; exit' TERM; echo >&3; while :; do sleep 0.02; done`;

const entry = (name: string, after: readonly string[], more = ""): string =>
  `entry("${name}", ${shell(ending(name))}, { after: ${JSON.stringify(after)}, ready: { fd: 3 }, stop: { grace: "1h" }${more} })`;

/** web and batch come after app, app after db; alone after nobody. */
const names = ["db", "app", "web", "batch", "alone"];
const all = [entry("web", ["app"], ", count: 2"), entry("batch", ["app"]), entry("app", ["db"]), entry("db", []), entry("alone", [])].join();

const slots = ["db:0", "app:0", "web:0", "web:1", "batch:0", "alone:0"];

async function runsAll(site: Site): Promise<void> {
  site.config(all);
  for (const id of slots) await becomes(site, id, "running");
}

const isTold = (site: Site, name: string) => until(`${name} is told to end`, () => existsSync(site.path(`told.${name}`)));
const mayEnd = (site: Site, ...who: string[]): void => { for (const name of who) site.write(`may.${name}`, ""); };

/** Each exit came before the stop of what it comes after; by the moments that the records bear. */
function wentInReverse(site: Site): void {
  const exits = history(site, "exited");
  const stops = history(site, "stopping").filter(({ cause }) => cause === "stopped");
  assert.equal(exits.length, slots.length, "each of them has ended once");
  for (const [later, earlier] of [["web", "app"], ["batch", "app"], ["app", "db"]]) {
    const told = stops.filter(({ entry: of }) => of === earlier).map(({ id }) => id);
    for (const exit of exits.filter(({ entry: of }) => of === later)) {
      assert.ok(told.every((id) => id > exit.id), `${earlier} was told to end before ${later} had`);
      const mono = exits.filter(({ entry: of }) => of === earlier).map((one) => Number(one["mono"]));
      assert.ok(mono.every((one) => one > Number(exit["mono"])), `${earlier} has ended before ${later}`);
    }
  }
}

suite("the whole stop", { concurrency: 2 }, () => {
  for (const [how, stop] of [
    ["SIGTERM", null], ["SIGINT", null], ["sentry stop", (site: Site) => site.sentry(["stop", "sample.ts"])],
  ] as const) {
    test(`by ${how} goes in reverse order, and side by side where nothing forbids it`, async (t) => {
      const site = new Site(t);
      site.config(all);
      const sentry = site.start();
      await runsAll(site);
      const stopped = stop === null ? (sentry.kill(how as "SIGTERM"), null) : stop(site);
      // All three are told before any of them has ended.
      await Promise.all(["web", "batch", "alone"].map((name) => isTold(site, name)));
      mayEnd(site, "web", "alone");
      await until("some have ended", () => history(site, "exited").length === 3);
      assert.deepEqual(["app", "db"].map((name) => existsSync(site.path(`told.${name}`))), [false, false]);
      mayEnd(site, "batch");
      await isTold(site, "app");
      assert.ok(!existsSync(site.path("told.db")));
      mayEnd(site, "app");
      await isTold(site, "db");
      mayEnd(site, "db");
      await sentry.endsWell();
      assert.equal((await stopped)?.code ?? 0, 0);
      wentInReverse(site);
    });
  }

  test("leaves what is held as it is; what ends by itself meanwhile is not started again", async (t) => {
    const site = new Site(t);
    site.config([entry("web", ["db"]), 'entry("db", "sleep", ["1000"], { delay: 0 })', 'entry("gone", "sleep", ["1000"], { delay: 0 })',
      entry("last", ["gone"])].join());
    const sentry = site.start();
    for (const name of ["web", "last"]) await becomes(site, `${name}:0`, "running");
    sentry.kill("SIGTERM");
    await isTold(site, "web");
    const gone = await sentry.started("gone");
    process.kill(gone, "SIGKILL");
    await sentry.line(new RegExp(String.raw`gone\.${gone} +Exited at \d+ by SIGKILL`));
    await becomes(site, "gone:0", "stopped");
    assert.equal((await becomes(site, "db:0", "running")).restarts, 0);
    mayEnd(site, "web", "last");
    await sentry.endsWell();
    assert.equal(history(site, "started").length, 4);
  });

  test("drops the order at the second SIGTERM: all are killed at once", async (t) => {
    const site = new Site(t);
    site.config(all);
    const sentry = site.start();
    await runsAll(site);
    sentry.kill("SIGTERM");
    await isTold(site, "web");
    await sentry.stop();
    const exits = history(site, "exited").filter(({ entry: of }) => of === "app" || of === "db");
    assert.deepEqual(exits.map(({ signal }) => signal), ["SIGKILL", "SIGKILL"]);
    assert.equal(history(site, "exited").length, slots.length);
  });

  test("keeps to the order when a reload is asked for in the middle of it", async (t) => {
    const site = new Site(t);
    site.config(all);
    const sentry = site.start();
    await runsAll(site);
    sentry.kill("SIGTERM");
    await isTold(site, "web");
    sentry.kill("SIGHUP");
    assert.equal((await site.get("/reload", undefined, "POST")).status, 409);
    mayEnd(site, "web", "batch", "alone");
    await isTold(site, "app");
    assert.ok(!existsSync(site.path("told.db")));
    mayEnd(site, "app", "db");
    await sentry.endsWell();
    wentInReverse(site);
    assert.deepEqual(history(site, "reloaded"), []);
  });

  test("that comes in the middle of a reload goes on in the next image, in order", async (t) => {
    const site = new Site(t);
    site.config(all);
    const sentry = site.start();
    await runsAll(site);
    const reload = site.get("/reload", undefined, "POST");
    const { status } = await reload; // just before the exec
    assert.equal(status, 202);
    sentry.kill("SIGTERM");
    await Promise.all(["web", "batch", "alone"].map((name) => isTold(site, name)));
    mayEnd(site, "web", "batch", "alone");
    await isTold(site, "app");
    assert.ok(!existsSync(site.path("told.db")));
    mayEnd(site, "app", "db");
    await sentry.endsWell();
    wentInReverse(site);
  });

  test("in the middle of which Sentry is killed is over: the next one starts what is not there, and stops in order when told to", async (t) => {
    const site = new Site(t);
    site.config(all);
    const first = site.start();
    await runsAll(site);
    first.kill("SIGTERM");
    await Promise.all(["web", "batch", "alone"].map((name) => isTold(site, name)));
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over/);
    mayEnd(site, ...names);
    for (const id of ["web:0", "web:1", "batch:0", "alone:0"]) {
      await until(`${id} has another process`, async () => (await slot(site, id)).restarts === 1 && (await becomes(site, id, "running")));
    }
    for (const id of ["app:0", "db:0"]) assert.equal((await slot(site, id)).restarts, 0);
    const { length } = history(site);
    await second.stop();
    const stop = history(site).slice(length).filter(({ type }) => type === "exited" || type === "stopping");
    const at = (type: string, name: string): number => stop.findLastIndex((line) => line.type === type && line.entry === name);
    for (const name of ["web", "batch"]) assert.ok(at("exited", name) < at("stopping", "app"));
    assert.ok(at("exited", "app") < at("stopping", "db"));
  });
});
