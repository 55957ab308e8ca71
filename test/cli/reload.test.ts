/** What a reload shows, and what it leaves as it is. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { COLUMNS, LABEL } from "../support/sentry.ts";
import { history, processes } from "../support/shown.ts";
import type { Shown } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Prints half a line, and the rest when the file `go` is there: words of a configuration. */
const halves = `"sh", ["-c", "printf half; touch printed; while ! [ -e go ]; do sleep 0.02; done; echo ' and half'; exec sleep 1000"]`;

const timeless = ({ nextStartAt, ...rest }: Shown) => ({ ...rest, waits: nextStartAt !== null });

suite("a reload", { concurrency: 2 }, () => {
  test("is told to the letter, and from the second one on with the time of the one before", async (t) => {
    const site = new Site(t);
    const config = site.config(sleeper);
    const sentry = site.start();
    await sentry.started("x");
    for (let n = 0; n < 3; n++) {
      const { code, stdout, stderr } = await site.sentry(["reload", "sample.ts"]);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `Sentry reloaded ${config}.\n`, stderr: "" });
    }
    const own = sentry.lines.filter((line) => !/^\d\d:/.test(line)).slice(1);
    const [, started = ""] = /Initially started at (\d{10})/.exec(own[1] ?? "") ?? [];
    const previously = own.map((line) => / \(Previously reexec'd at (\d{10})\)\.$/.exec(line)?.[1] ?? "");
    assert.deepEqual(own, [
      `${config} successfully compiled.`, `Sentry reexec'd. Initially started at ${started}.`,
      `${config} successfully compiled.`, `Sentry reexec'd. Initially started at ${started} (Previously reexec'd at ${previously[3]}).`,
      `${config} successfully compiled.`, `Sentry reexec'd. Initially started at ${started} (Previously reexec'd at ${previously[5]}).`,
    ]);
    assert.ok(Number(started) <= Number(previously[3]) && Number(previously[3]) <= Number(previously[5]));
    await sentry.stop();
  });

  test("takes out what is not configured any more, says so before it ends, and touches nothing else", async (t) => {
    const site = new Site(t);
    site.config(`entry("dummy", "sleep", ["1000"], { count: 2 }), ${sleeper}`);
    const sentry = site.start();
    const before = [await sentry.started("dummy"), await sentry.started("dummy")];
    const pid = await sentry.started("x");
    site.config(sleeper);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    for (const each of before) await sentry.line(new RegExp(String.raw`dummy\.${each} +Exited at \d+ by SIGTERM\.$`));
    const told = sentry.lines.map((line) => line.replace(/^\S+ (\w+)\.\d+ +Exited at .*$/, "$1 exited")).slice(-4);
    assert.match(told[0] ?? "", /^Sentry reexec'd/);
    assert.deepEqual(told.slice(1), ["Process type `dummy` removed. Killing workers.", "dummy exited", "dummy exited"]);
    await until("dummy is forgotten", async () => (await processes(site)).length === 1);
    const [x] = await processes(site);
    assert.deepEqual([x?.id, x?.pid], ["x:0", pid]);
    await sentry.stop();
  });

  test("changes neither Sentry's PID nor those of its processes, nor their starts, restarts and waits", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("steady", "sleep", ["1000"], { count: 2 })',
      'entry("fourth", "sh", ["-c", "echo >> lives; test $(wc -l < lives) -ge 4 && exec sleep 1000; exit 3"], 10, 1)',
      'entry("waiting", "sh", ["-c", "exit 7"], 3600000, 1)', 'entry("missing", "./not-there", [], { delay: "1h" })',
    ].join());
    const sentry = site.start();
    await sentry.line(/waiting\.\d+ +Exited/);
    for (let n = 0; n < 4; n++) await sentry.started("fourth");
    await sentry.line(/cannot start missing:0/);
    const before = await processes(site);
    assert.deepEqual(before.map(({ id, state, restarts }) => `${id} ${state} ${restarts}`),
      ["steady:0 running 0", "steady:1 running 0", "fourth:0 running 3", "waiting:0 waiting 0", "missing:0 waiting 0"]);
    for (const { nextStartAt } of before.slice(3)) assert.notEqual(nextStartAt, null);
    for (let n = 0; n < 2; n++) {
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      const after = await processes(site);
      assert.deepEqual(after.map(timeless), before.map(timeless));
      // The deadline is monotonic, and is shown by a wall clock of whole milliseconds.
      for (const [at, { id, nextStartAt }] of after.entries()) {
        const moved = Date.parse(nextStartAt ?? "") - Date.parse(before[at]?.nextStartAt ?? "");
        assert.ok(nextStartAt === null || Math.abs(moved) <= 2, `the wait of ${id} has moved by ${moved} ms`);
      }
      assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${sentry.pid}\n`);
    }
    assert.equal(history(site, "started").length, 7);
    await sentry.stop();
  });

  test("does not begin a wait anew: the restart is at its time, and not before", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "exit 3"], 3000, 1)');
    const sentry = site.start();
    await sentry.line(/Exited/);
    for (let n = 0; n < 2; n++) assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await sentry.started("x");
    await sentry.started("x");
    const [exited, second, reloaded] = [history(site, "exited")[0], history(site, "started")[1], history(site, "reloaded")[1]];
    const waited = Number(second?.["mono"]) - Number(exited?.["mono"]);
    const gone = Date.parse(reloaded?.at ?? "") - Date.parse(exited?.at ?? "");
    assert.ok(waited >= 3000 && waited < 3000 + gone, `it waited ${waited} ms, of which ${gone} ms were gone when it was reloaded`);
    await sentry.stop();
  });

  for (const detached of [false, true]) {
    test(`leaves half a line in its pipe, so that it is one with its rest${detached ? ", also in a file" : ""}`, async (t) => {
      const site = new Site(t);
      site.config(`entry("x", ${halves})`);
      const sentry = site.start(["start", "sample.ts", ...detached ? ["--detach"] : []]);
      await until("the first half is printed", () => existsSync(site.path("printed")));
      if (detached) await sentry.ended;
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      site.write("go", "");
      const lines = () => (detached ? readFileSync(site.path("sample.run/logs/x.log"), "utf8").split("\n") : sentry.lines);
      await until("the second half is there", () => lines().some((line) => line.endsWith(" and half")), () => lines().join("\n"));
      assert.deepEqual(lines().filter((line) => line.includes("half")).map((line) => line.slice(COLUMNS)), ["half and half"]);
      assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
      await site.nobodyLeft();
    });
  }

  test("loses and repeats no line of what is printed all the time, whoever reads it", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "n=0; while ! [ -e go ]; do n=$((n+1)); echo line $n; done; echo last $n; exec sleep 1000"])');
    const sentry = site.start();
    await sentry.line(/ line 1$/);
    for (let n = 0; n < 3; n++) assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    site.write("go", "");
    const [, last = ""] = await sentry.line(/ last (\d+)$/);
    const printed = sentry.lines.flatMap((line) => new RegExp(`^${LABEL}line (\\d+)$`).exec(line)?.[1] ?? []);
    assert.deepEqual(printed, Array.from({ length: Number(last) }, (_, n) => `${n + 1}`));
    await sentry.stop();
  });

  test("tears no line of which a slow reader has taken a part", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "n=0; while :; do n=$((n+1)); echo line $n.; done"])');
    const sentry = site.start();
    await sentry.line(/ line 1\.$/);
    // Slower than it is printed: but while the new image boots, it takes all that was written.
    const { stdout } = sentry.process;
    const reader = setInterval(() => {
      stdout?.resume();
      setImmediate(() => stdout?.pause());
    }, 20);
    for (let n = 0; n < 3; n++) assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    clearInterval(reader);
    stdout?.resume();
    await sentry.stop();
    const whole = new RegExp(`^(${LABEL}((Started|Exited) at \\d+.*|line \\d+)|Sentry (started|reexec'd|dropped)\\b.*|/.* successfully compiled|Bye)\\.$`);
    assert.deepEqual(sentry.lines.filter((line) => !whole.test(line)), []);
  });

  test("by SIGHUP is recorded once, with who sent it", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.start();
    const pid = await sentry.started("x");
    sentry.kill("SIGHUP");
    await sentry.line(/^Sentry reexec'd/);
    const reloaded = await until("it is recorded", () => history(site, "reloaded")[0]);
    assert.deepEqual(reloaded.by, { kind: "signal", pid: process.pid, uid: process.getuid?.() });
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 1);
  });

  test("over HTTP is answered with the id of the record that tells that it is done, and who asked", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.start();
    await sentry.started("x");
    for (let n = 0; n < 2; n++) {
      const { status, body } = await site.get("/reload", undefined, "POST");
      assert.equal(status, 202);
      const { reload, ...more } = body as { reload: number };
      assert.deepEqual(more, {});
      const record = await until("the record is there", () => history(site).find(({ id }) => id === reload));
      assert.equal(record.type, "reloaded");
      assert.deepEqual(record.by, { kind: "socket", pid: process.pid, uid: process.getuid?.() });
      await until("the new image answers", async () => (await site.get("/health")).status === 200);
    }
    await sentry.stop();
  });

  test("puts a new configuration in force, also where its file was replaced by another", async (t) => {
    const site = new Site(t);
    const config = site.config('entry("x", "sh", ["-c", "echo old; exec sleep 1000"])');
    const sentry = site.start();
    await sentry.line(/ old$/);
    site.config('entry("x", "sh", ["-c", "echo new; exec sleep 1000"])', "other.ts");
    const { code } = await site.run("mv", [site.path("other.ts"), config]);
    assert.equal(code, 0);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await sentry.line(/ new$/);
    const causes = history(site, "stopping", "exited").map(({ type, cause }) => `${type} ${cause}`);
    assert.deepEqual(causes, ["stopping replaced", "exited replaced"]);
    await sentry.stop();
  });
});
