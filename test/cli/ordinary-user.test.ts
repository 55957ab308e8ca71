/** Sentry needs no privileges, and what it may not do it says clearly. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";

import { NOBODY, Site } from "../support/site.ts";

const asRoot = process.getuid?.() === 0;

suite("an ordinary user", { concurrency: 2 }, () => {
  test("starts, sees every exit, and stops", async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config('entry("short", "sh", ["-c", "id -u; exit 3"], 10, 1), entry("long", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.line(new RegExp(` ${asRoot ? NOBODY : process.getuid?.()}$`));
    await sentry.line(/with ExitFailure 3\.$/);
    await sentry.line(/with ExitFailure 3\.$/);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await sentry.endsWell();
    assert.equal(sentry.stderr, "");
  });

  test("starts detached as well", async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config('entry("x", "sleep", ["1000"])');
    const { code, stderr } = await site.sentry(["start", "-d", "sample.ts"]);
    assert.equal(code, 0, stderr);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("may name itself as the user of an entry, and no other, nor another group", async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    const uid = asRoot ? NOBODY : process.getuid?.();
    const group = '{ group: "daemon", delay: 60000, ';
    site.config([
      `entry("self", "id", ["-u"], { user: ${uid}, delay: 60000 })`,
      'entry("root", "id", ["-u"], { user: "root", delay: 60000 })',
      'entry("root-silent", "id", ["-u"], { user: "root", delay: 60000, log: "none" })',
      `entry("group", "id", ["-g"], ${group}})`,
      `entry("group-silent", "id", ["-g"], ${group}log: "none" })`,
      `entry("group-told", "id", ["-g"], ${group}log: "none", ready: "notify" })`,
      `entry("group-of-self", "id", ["-g"], { user: ${uid}, group: "daemon", delay: 60000 })`,
    ].join());
    const sentry = site.start();
    await sentry.line(new RegExp(String.raw`^\S+ self\.\d+ +${uid}$`));
    for (let n = 0; n < 6; n++) await sentry.line(/cannot start/);
    const told = sentry.lines.flatMap((line) => /cannot start (.*)$/.exec(line)?.[1] ?? []).sort();
    assert.deepEqual(told, ["group", "group-of-self", "group-silent", "group-told", "root", "root-silent"].map((entry) => {
      const [refused, step] = entry.startsWith("group") ? ["daemon", "group"] : ["root", "user"];
      return `${entry}:0: ${refused}: ${step}: EPERM (operation not permitted)`;
    }).sort());
    await sentry.stop();
  });

  test("in a folder without write permission is told of --run-dir, and can go on with it", { skip: !asRoot }, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    mkdirSync(site.path("readonly"));
    site.config('entry("x", "sleep", ["1000"])', "readonly/sample.ts");
    for (const words of [["start", "readonly/sample.ts"], ["start", "-d", "readonly/sample.ts"]]) {
      const refused = await site.sentry(words);
      assert.equal(refused.code, 5, refused.stderr);
      assert.equal(refused.stdout, "");
      assert.ok(refused.stderr.includes(site.path("readonly/sample")) && refused.stderr.includes("--run-dir"), refused.stderr);
      assert.ok(!refused.stderr.includes("    at "));
    }
    const sentry = site.start(["start", "readonly/sample.ts", "--run-dir", "mine"]);
    await sentry.started("x");
    assert.equal(readFileSync(site.path("mine/sample.pid"), "utf8"), `${sentry.pid}\n`);
    assert.equal(statSync(site.path("mine")).mode & 0o7777, 0o700);
    assert.equal((await site.sentry(["stop", "readonly/sample.ts", "--run-dir", "mine"])).code, 0);
    await sentry.endsWell();
  });

  test("is told of --run-dir as well where it is the run folder that cannot be written to", { skip: !asRoot }, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config('entry("x", "sleep", ["1000"])');
    mkdirSync(site.path("sample.run"), { mode: 0o500 });
    site.own(site.path("sample.run"));
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 5, stderr);
    assert.ok(stderr.includes(site.path("sample.run")) && stderr.includes("--run-dir"), stderr);
    assert.ok(!stderr.includes("    at "), stderr);
  });

  test("cannot use a run folder or PID file of somebody else, nor talk to their Sentry", { skip: !asRoot }, async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    const other = new Site(t);
    other.becomeOrdinary();
    chmodSync(site.folder, 0o755);
    const config = site.path("sample.ts");
    const stop = await other.sentry(["stop", config]);
    assert.equal(stop.code, 5, stop.stderr);
    assert.match(stop.stderr, /EACCES|permission/);
    const start = await other.sentry(["start", config]);
    assert.equal(start.code, 5, start.stderr);
    assert.ok(!start.stderr.includes("    at "), start.stderr);
    await sentry.stop();
  });

  test("has its configuration refused by root: what root runs must be root's", { skip: !asRoot }, async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    chownSync(site.path("sample.ts"), NOBODY, NOBODY);
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 7, stderr);
    assert.match(stderr, new RegExp(`${site.path("sample.ts")} belongs to user ${NOBODY}`));
  });
});
