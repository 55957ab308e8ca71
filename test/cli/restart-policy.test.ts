/** `restart` and `successCodes`: which ends are followed by a start, and what a slot that rests is called. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { suite, test } from "node:test";

import { history, processes, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

const never = 'restart: "never"';
const onFailure = 'restart: "on-failure"';

/** An entry whose process lives once, and its options. */
const once = (name: string, script: string, options: string): string =>
  `entry("${name}", "sh", ["-c", ${JSON.stringify(script)}], { delay: 10, ${options} })`;

suite("the restart policy", { concurrency: 3 }, () => {
  test("what ends well is finished with on-failure and never, and what ends badly has failed with never", async (t) => {
    const site = new Site(t);
    site.config([
      once("zero", "exit 0", onFailure), once("three", "exit 3", `${onFailure}, successCodes: [3]`),
      once("one-of", "exit 4", `${onFailure}, successCodes: [0, 3, 4]`), once("well", "exit 0", never),
      once("badly", "exit 3", never), once("by-signal", "kill -TERM $$", never), once("strict", "exit 0", `${never}, successCodes: []`),
      `entry("missing", "./not-there", [], { ${never} })`,
    ].join());
    const sentry = site.start();
    const expected = {
      zero: "finished", three: "finished", "one-of": "finished", well: "finished",
      badly: "failed", "by-signal": "failed", strict: "failed", missing: "failed",
    };
    for (const [entry, state] of Object.entries(expected)) await becomes(site, `${entry}:0`, state);
    for (const [entry, state] of Object.entries(expected)) {
      assert.deepEqual(told(site, entry), entry === "missing" ? ["fault", state] : ["started", "exited", state], entry);
    }
    await sentry.stop();
    assert.deepEqual(history(site, "failed", "finished").length, Object.keys(expected).length, "each is told once, also where all is stopped");
  });

  test("what ends badly is started again with on-failure, until it ends well", async (t) => {
    const site = new Site(t);
    site.config(once("x", "echo >> lives; test $(wc -l < lives) -ge 4 || exit 3", onFailure));
    const sentry = site.start();
    const { restarts } = await becomes(site, "x:0", "finished");
    assert.equal(restarts, 3);
    assert.deepEqual(history(site, "exited").map(({ code }) => code), [3, 3, 3, 0]);
    await sentry.stop();
  });

  test("every end is followed by a start with always, also one that is a success", async (t) => {
    const site = new Site(t);
    site.config(`${once("x", "exit 0", 'restart: "always"')}, entry("classic", "sh", ["-c", "exit 5"], 10, 1)`);
    const sentry = site.start();
    for (let n = 0; n < 8; n++) await Promise.all([sentry.started("x"), sentry.started("classic")]);
    await sentry.stop();
    assert.deepEqual(history(site, "failed", "finished"), []);
  });

  test("what is finished or has failed rests until up or restart, and a failure is told anew only if it fails anew", async (t) => {
    const site = new Site(t);
    site.config(`${once("x", "test -e go && exec sleep 1000; exit 3", never)}, ${once("y", "test -e go && exec sleep 1000; exit 0", never)}`);
    const sentry = site.start();
    await Promise.all([becomes(site, "x:0", "failed"), becomes(site, "y:0", "finished")]);
    await ask(site, "POST", "/processes/x:0/up");
    await until("it has failed anew", () => history(site, "failed").length === 2);
    site.write("go", "");
    await ask(site, "POST", "/entries/x/up");
    await ask(site, "POST", "/processes/y:0/restart");
    await Promise.all([becomes(site, "x:0", "running"), becomes(site, "y:0", "running")]);
    rmSync(site.path("go"));
    await ask(site, "POST", "/processes/x:0/down");
    await becomes(site, "x:0", "stopped");
    assert.deepEqual(told(site, "x"), [
      "started", "exited", "failed", "waiting", "started", "exited", "failed", "waiting", "started", "stopping", "exited", "stopped",
    ]);
    await sentry.stop();
  });

  test("a failure rests through a reload, and through a SIGKILL of Sentry", async (t) => {
    const site = new Site(t);
    site.config(`${once("x", "exit 3", never)}, ${once("y", "exit 0", never)}`);
    const sentry = site.start();
    await Promise.all([becomes(site, "x:0", "failed"), becomes(site, "y:0", "finished")]);
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 0, stderr);
    sentry.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
    const second = site.start();
    await second.line(/^Sentry took over/);
    assert.deepEqual((await processes(site)).map(({ state }) => state), ["failed", "finished"]);
    assert.equal(history(site, "started").length, 2);
    await second.stop();
  });

  test("a SIGKILL from outside is an exit by SIGKILL, which nobody has asked for", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], 10, 1)');
    const sentry = site.start();
    const pid = await sentry.started("x");
    process.kill(pid, "SIGKILL");
    await sentry.started("x");
    const [exit] = history(site, "exited");
    assert.deepEqual([exit?.pid, exit?.code, exit?.signal, exit?.cause, exit?.by], [pid, null, "SIGKILL", "exited", null]);
    assert.deepEqual(history(site, "stopping"), []);
    await sentry.stop();
  });
});
