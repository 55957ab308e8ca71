/** `watch`: an entry is restarted when a file changes that it is made of. */
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { suite, test } from "node:test";

import { shell } from "../support/order.ts";
import { reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

const watching = (name: string, watch: string, more = ""): string =>
  `entry("${name}", "sleep", ["1000"], { watch: ${watch}, delay: "1h"${more} })`;

/** All is watched once a change of this file is noticed: nobody says when that is. */
const probe = 'entry("probe", "sleep", ["1000"], { watch: "probe.txt", delay: "1h" })';

async function isWatched(site: Site): Promise<void> {
  const before = history(site, "stopping").filter(({ entry }) => entry === "probe").length;
  let n = 0;
  await until("changes are noticed", () => {
    if (n++ % 100 === 0) site.write("probe.txt", `${n}`); // quieter than what is waited for
    return history(site, "stopping").filter(({ entry }) => entry === "probe").length > before;
  });
}

/** Waits until it is restarted, and gives the file that is named. */
async function isRestarted(site: Site, sentry: Sentry, entry: string, act: () => void): Promise<unknown> {
  const { pid } = await becomes(site, `${entry}:0`, "running");
  const before = history(site, "stopping").filter((line) => line.entry === entry).length;
  act();
  const next = await until(`${entry} is restarted`, async () => {
    const shown = await slot(site, `${entry}:0`);
    return shown.state === "running" && shown.pid !== pid && shown;
  }, () => sentry.lines.join("\n"));
  const stops = history(site, "stopping").filter((line) => line.entry === entry).slice(before);
  assert.deepEqual(stops.map((line) => [line.pid, line.cause, line.by]), [[pid, "watch", null]]);
  const { cause } = next.lastExit as unknown as { cause: string };
  assert.equal(cause, "watch");
  return stops[0]?.["reason"];
}

suite("an entry with watch", { concurrency: 2 }, () => {
  test("is restarted at once when a file changes, is new, is gone or is replaced; the file is named", async (t) => {
    const site = new Site(t);
    site.write("src/deep/a.js", "1");
    site.write("config.json", "1");
    site.config([watching("web", '["src/**/*.js", "config.json"]'), probe].join());
    const sentry = site.start();
    await isWatched(site);
    const restarts = async (act: () => void): Promise<unknown> => isRestarted(site, sentry, "web", act);
    assert.equal(await restarts(() => site.write("src/deep/a.js", "22")), "src/deep/a.js");
    assert.equal(await restarts(() => site.write("src/deep/b.js", "1")), "src/deep/b.js");
    assert.equal(await restarts(() => site.write("src/new/folder/c.js", "1")), "src/new/folder/c.js");
    assert.equal(await restarts(() => rmSync(site.path("src/deep/b.js"))), "src/deep/b.js");
    assert.equal(await restarts(() => { renameSync(site.write("config.new", "2"), site.path("config.json")); }), "config.json");
    const { stdout } = await site.sentry(["why", "web", "-c", "sample.ts"]);
    assert.match(stdout, /config\.json/);
    assert.equal((await slot(site, "web:0")).state, "running", "it is no failure: there is no delay");
    await sentry.stop();
  });

  test("is restarted once for many changes, and not for what does not match", async (t) => {
    const site = new Site(t);
    site.write("src/a.js", "1");
    site.config([watching("web", '"src/**/*.js"'), probe].join());
    const sentry = site.start();
    await isWatched(site);
    site.write("src/a.txt", "1");
    site.write("src/node_modules/x/index.js", "1");
    site.write("src/.hidden.js", "1");
    site.write("other.js", "1");
    await isWatched(site);
    assert.deepEqual(told(site, "web"), ["started"]);
    const named = await isRestarted(site, sentry, "web", () => { for (let n = 0; n < 50; n++) site.write(`src/build/${n}.js`, "1"); });
    assert.match(String(named), /^src\/build\/\d+\.js and 49 more$/);
    await isWatched(site);
    assert.equal(history(site, "stopping").filter(({ entry }) => entry === "web").length, 1);
    await sentry.stop();
  });

  test("is not restarted by Sentry's own files and its output, though all of the folder is watched", async (t) => {
    const site = new Site(t);
    site.write("a.txt", "1");
    site.config([watching("web", '["*", "**/*", "sample.run", "**/.*"]'),
      `entry("busy", ${shell("echo something; exit 1")}, { delay: "20ms" })`,
      `entry("daemon", ${shell("sleep 1000 & echo $! > web.pid.new; mv web.pid.new d.pid")}, { daemon: { pidFile: "d.pid" } })`].join());
    const [out, err] = [openSync(site.path("out"), "w"), openSync(site.path("err"), "w")];
    const sentry = site.start(undefined, { stdio: ["ignore", out, err] });
    closeSync(out);
    closeSync(err);
    let n = 0;
    await until("changes are noticed", () => {
      if (n++ % 100 === 0) site.write("a.txt", `${n}`);
      return history(site, "stopping").length > 0;
    });
    const named = (): unknown[] => [...new Set(history(site, "stopping").filter(({ entry }) => entry === "web").map((line) => line["reason"]))];
    const lines = history(site).length;
    await until("much is written to the history", () => history(site).length > lines + 60);
    await reloads(site);
    assert.deepEqual(named(), ["a.txt"]);
    assert.match(readFileSync(site.path("out"), "utf8"), / something$/m);
    await sentry.stop();
  });

  test("is started when it waits for its restart, has failed or finished; not when it is down or blocked", async (t) => {
    const site = new Site(t);
    site.write("src/a.js", "1");
    const exits = (name: string, script: string, more: string): string =>
      `entry("${name}", ${shell(script)}, { watch: "src", ${more} })`;
    site.config([
      exits("waits", "test -e go && exec sleep 1000; exit 1", 'delay: "1h"'), exits("fails", "test -e go && exec sleep 1000; exit 1", 'restart: "never"'),
      exits("finishes", "test -e go && exec sleep 1000; exit 0", 'restart: "never"'), exits("down", "exec sleep 1000", 'delay: "1h"'),
      exits("blocked", "exec sleep 1000", 'after: ["never"]'),
      'entry("never", "sleep", ["1000"], { ready: { exec: ["false"], timeout: "1h" } })', probe,
    ].join());
    const sentry = site.start();
    await becomes(site, "down:0", "running");
    await ask(site, "POST", "/entries/down/down");
    await Promise.all([["waits", "waiting"], ["fails", "failed"], ["finishes", "finished"], ["down", "stopped"], ["blocked", "blocked"]]
      .map(([name, state]) => becomes(site, `${name}:0`, state ?? "")));
    await isWatched(site);
    site.write("go", "");
    site.write("src/a.js", "22");
    await Promise.all(["waits", "fails", "finishes"].map((name) => becomes(site, `${name}:0`, "running")));
    for (const [name, state] of [["down", "stopped"], ["blocked", "blocked"]] as const) assert.equal((await slot(site, `${name}:0`)).state, state);
    await sentry.stop();
  });

  test("restarts all of its processes, in the way of its stop", async (t) => {
    const site = new Site(t);
    site.write("src/a.js", "1");
    const script = "trap 'exit 7' USR1; echo >&3; while :; do sleep 0.02; done";
    site.config([`entry("web", ${shell(script)}, { count: 2, watch: "src", ready: { fd: 3 }, stop: { signal: "SIGUSR1" } })`, probe].join());
    const sentry = site.start();
    const [first, second] = [await becomes(site, "web:0", "running"), await becomes(site, "web:1", "running")];
    await isWatched(site);
    site.write("src/a.js", "22");
    await until("both are other ones", async () => {
      const now = [await slot(site, "web:0"), await slot(site, "web:1")];
      return now.every(({ state }, n) => state === "running" && now[n]?.pid !== [first, second][n]?.pid);
    });
    assert.deepEqual(history(site, "exited").filter(({ entry }) => entry === "web").map(({ code, cause }) => [code, cause]), [[7, "watch"], [7, "watch"]]);
    await sentry.stop();
  });

  test("is watched on after a reload, and after a SIGKILL of Sentry", async (t) => {
    const site = new Site(t);
    site.write("src/a.js", "1");
    site.config([watching("web", '"src"'), probe].join());
    const first = site.start();
    await isWatched(site);
    await reloads(site);
    await isWatched(site);
    assert.equal(await isRestarted(site, first, "web", () => site.write("src/a.js", "22")), "src/a.js");
    const { pid } = await slot(site, "web:0");
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over/);
    await isWatched(site);
    assert.equal((await becomes(site, "web:0", "running")).pid, pid);
    assert.equal(await isRestarted(site, second, "web", () => site.write("src/a.js", "333")), "src/a.js");
    await second.stop();
  });
});
