/** `exitWhen`: Sentry leaves by itself, with the exit code of what has come to its end. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { suite, test } from "node:test";

import { shell, waitFor } from "../support/order.ts";
import { reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

const ANY = '{ http: false, exitWhen: "any" }';
const ALL = '{ http: false, exitWhen: "all" }';

const job = (name: string, script: string, more = ""): string => `entry("${name}", ${shell(script)}, { restart: "never"${more} })`;
const server = 'entry("server", "sleep", ["1000"])';
/** What it started itself has detached, and ignores what it may. */
const family = `entry("family", ${shell("(trap '' TERM HUP; setsid sleep 1000 & sleep 1000) & exec sleep 1000")}, { stop: { grace: "100ms" } })`;

async function leaves(site: Site, sentry: Sentry, code: number): Promise<void> {
  assert.deepEqual(await sentry.ended, { code, signal: null }, [...sentry.lines, sentry.stderr].join("\n"));
  await site.nobodyLeft();
  assert.equal(sentry.lines.at(-1), "Bye.");
  assert.equal(history(site).at(-1)?.type, "stopped");
}

suite('with exitWhen "any" Sentry leaves', { concurrency: 2 }, () => {
  for (const [what, entry, code] of [
    ["0 when one has finished", job("job", "exit 0"), 0],
    ["3 when one has failed with that", job("job", "exit 3"), 3],
    ["with 4 when one has finished with that, and it counts as a success", job("job", "exit 4", ", successCodes: [4]"), 4],
    ["with 128 + 15 for SIGTERM", job("job", "kill -TERM $$"), 143],
    ["with 128 + 6 for SIGABRT", job("job", "ulimit -c 0; kill -ABRT $$"), 134],
    ["with 128 + 9 for SIGKILL", job("job", "kill -KILL $$"), 137],
    ["with 128 + 35 for a real-time signal",
      'entry("job", "python3", ["-c", "import os, time; os.kill(os.getpid(), 35); time.sleep(9)"], { restart: "never" })', 163],
    ["with 127 where there is no such program", 'entry("job", "./not-there", [], { restart: "never" })', 127],
    ["with 126 where it cannot be run", 'entry("job", "./text", [], { restart: "never" })', 126],
    ["with 1 where it cannot be started otherwise", 'entry("job", "true", [], { restart: "never", cwd: "text" })', 1],
    ["with the code of the failure that was too many for its limit",
      `entry("job", ${shell("echo >> lives; test $(wc -l < lives) -ge 3 && exit 9; exit 8")}, { delay: 0, limit: { count: 2, within: "1h" } })`, 9],
  ] as const) {
    test(`${what}, once all others are stopped`, async (t) => {
      const site = new Site(t);
      site.write("text", "no program\n");
      // It begins once the others run, of which nothing may be left.
      site.config([entry.replace("{", '{ after: ["server", "family"], '), server, family].join(), undefined, ANY);
      const sentry = site.start();
      await leaves(site, sentry, code);
      const stopped = history(site, "exited").filter(({ entry: name }) => name !== "job");
      assert.deepEqual(new Set(stopped.map(({ entry: name, cause }) => `${name} ${cause}`)), new Set(["server stopped", "family stopped"]));
    });
  }

  test("by the first, whatever those do that are stopped then; what is restarted does not count", async (t) => {
    const site = new Site(t);
    site.config([
      `entry("again", ${shell("exit 9")}, { delay: "10ms" })`, job("first", `${waitFor("go")}; exit 5`, ', after: ["last"]'),
      job("last", "trap 'exit 6' TERM; touch up; while :; do sleep 0.02; done"),
    ].join(), undefined, ANY);
    const sentry = site.start();
    await until("some have ended, and all is there", () => history(site, "exited").length >= 3 && existsSync(site.path("up")));
    site.write("go", "");
    await leaves(site, sentry, 5);
    assert.equal(history(site, "exited").find(({ entry }) => entry === "last")?.code, 6);
  });

  test("in reverse order", async (t) => {
    const site = new Site(t);
    site.config([
      job("job", `${waitFor("go")}; exit 2`), 'entry("db", "sleep", ["1000"])', 'entry("web", "sleep", ["1000"], { after: ["db"] })',
    ].join(), undefined, ANY);
    const sentry = site.start();
    await becomes(site, "web:0", "running");
    site.write("go", "");
    await leaves(site, sentry, 2);
    const types = history(site).map(({ type, entry }) => `${entry} ${type}`);
    assert.ok(types.indexOf("web exited") < types.indexOf("db stopping"));
  });

  test("over reloads as well: what has finished before one that asks for it counts", async (t) => {
    const site = new Site(t);
    const entries = [job("job", `${waitFor("go")}; exit 3`), server].join();
    site.config(entries, undefined, ANY);
    const sentry = site.start();
    await becomes(site, "job:0", "running");
    await reloads(site);
    site.config(entries); // not any more
    await reloads(site);
    site.write("go", "");
    await becomes(site, "job:0", "failed");
    await becomes(site, "server:0", "running");
    site.config(entries, undefined, ANY);
    const { stderr } = await site.sentry(["reload", "sample.ts"]);
    await leaves(site, sentry, 3);
    assert.doesNotMatch(stderr, /Error:/);
  });

  test("where it comes to its end in the middle of a reload, wherever that is", async (t) => {
    const site = new Site(t);
    site.config([job("job", `${waitFor("go")}; exit 3`), server].join(), undefined, ANY);
    for (let n = 0; n < 8; n++) {
      const sentry = site.start();
      await Promise.all([becomes(site, "job:0", "running"), becomes(site, "server:0", "running")]);
      const lines = history(site, "reloaded").length;
      const reload = site.sentry(["reload", "sample.ts"]);
      const begin = performance.now();
      await until("it is somewhere in it", () => performance.now() - begin > 60 * n || history(site, "reloaded").length > lines);
      site.write("go", "");
      await leaves(site, sentry, 3);
      await reload;
      rmSync(site.path("go"));
    }
  });

  test("over a SIGKILL of Sentry", async (t) => {
    const site = new Site(t);
    site.config([job("job", `${waitFor("go")}; exit 3`), server].join(), undefined, ANY);
    const first = site.start();
    await Promise.all([becomes(site, "job:0", "running"), becomes(site, "server:0", "running")]);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over 2 processes/);
    await becomes(site, "job:0", "running");
    site.write("go", "");
    // Whether it is our child, the kernel decides: its exit code may be unknown to us, which is no good end.
    const { code } = await second.ended;
    assert.ok(code === 3 || code === 1, `it is ${code}`);
    assert.equal(code, history(site, "exited").find(({ entry }) => entry === "job")?.code ?? 1);
    await site.nobodyLeft();
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`0 when ${signal} stops it: that is forwarded, and all is reaped`, async (t) => {
      const site = new Site(t);
      site.config([job("job", "trap 'echo got it; exit 7' TERM; echo up; while :; do sleep 0.02; done"), server, family].join(), undefined, ANY);
      const sentry = site.start();
      await sentry.line(/ up$/);
      await Promise.all(["server", "family"].map((name) => becomes(site, `${name}:0`, "running")));
      sentry.kill(signal);
      await leaves(site, sentry, 0);
      assert.ok(sentry.lines.some((line) => line.endsWith(" got it")));
    });
  }
});

suite('with exitWhen "all" Sentry leaves', { concurrency: 2 }, () => {
  const good = job("good", "exit 0");
  for (const [what, entries, code] of [
    ["0 when all have finished", [good, job("too", "exit 0", ", count: 2")], 0],
    ["with the code of the first that ended badly", [
      good, job("second", `${waitFor("first.pid")}; while kill -0 $(cat first.pid); do sleep 0.02; done; exit 5`),
      job("first", "echo $$ > first.new; mv first.new first.pid; exit 4", ", after: [{ entry: 'good', on: 'finished' }]")], 4],
    ["127 where a program is missing, and the others finish", [good, 'entry("bad", "./not-there", [], { restart: "never" })'], 127],
    ["with the code of what others wait for in vain", [
      job("bad", "exit 6"), job("blocked", "exit 0", ", after: [{ entry: 'bad', on: 'finished' }]")], 6],
    ["0 where a code other than 0 counts as a success", [good, job("other", "exit 4", ", successCodes: [4]")], 0],
    ["0 where a failure was made good by a restart", [good, `entry("mended", ${shell("test -e lived || { touch lived; exit 5; }")}, { restart: "on-failure", delay: 0 })`], 0],
  ] as const) {
    test(what, async (t) => {
      const site = new Site(t);
      site.config(entries.join(), undefined, ALL);
      const sentry = site.start();
      await leaves(site, sentry, code);
    });
  }

  test("0 when it is stopped before, though one has failed", async (t) => {
    const site = new Site(t);
    site.config([job("bad", "exit 6"), job("other", "sleep 1000")].join(), undefined, ALL);
    const sentry = site.start();
    await Promise.all([becomes(site, "bad:0", "failed"), becomes(site, "other:0", "running")]);
    sentry.kill("SIGTERM");
    await leaves(site, sentry, 0);
  });

  test("never with an entry that is always restarted, or scheduled: that is refused with exit 7", async (t) => {
    const site = new Site(t);
    for (const [entries, why] of [
      [`${good}, ${server}`, "is always restarted"], [`${good}, entry("server", "true", [], { schedule: "@daily" })`, "is scheduled"],
    ] as const) {
      site.config(entries, undefined, ALL);
      for (const verb of ["check", "start"]) {
        const { code, stderr } = await site.sentry([verb, "sample.ts"]);
        assert.equal(code, 7, stderr);
        assert.match(stderr, new RegExp(`option \`exitWhen\` is "all", and entry \`server\` ${why}`));
      }
    }
  });
});
