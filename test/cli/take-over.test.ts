/** `sentry start` after a SIGKILL of Sentry: what it says, and what is as it was. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { COLUMNS } from "../support/sentry.ts";
import type { Sentry } from "../support/sentry.ts";
import { EVERY_STATUS_IS_KNOWN, history, processes, stateOf } from "../support/shown.ts";
import type { Shown } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

async function crash(sentry: Sentry): Promise<number> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
  return sentry.pid;
}

const lasting = ({ id, state, pid, startedAt, restarts, lastExit }: Shown) => ({ id, state, pid, startedAt, restarts, lastExit });

suite("after a SIGKILL of Sentry", { concurrency: 2 }, () => {
  for (const [count, what] of [[2, "2 processes"], [1, "1 process"], [0, "0 processes"]] as const) {
    test(`a start says that it took over ${what}, to the letter`, async (t) => {
      const site = new Site(t);
      site.config(`entry("x", "sleep", ["1000"], { count: ${count} }), entry("done", "true", [], 3600000, 1)`);
      const first = site.start();
      for (let n = 0; n < count; n++) await first.started("x");
      await first.line(/Exited/);
      const old = await crash(first);
      const second = site.start();
      await second.line(/^Sentry took over/);
      assert.deepEqual(second.lines.slice(0, 2), [
        `Sentry started (PID: ${second.pid} saved in ${site.path("sample.pid")}).`,
        `Sentry took over ${what} of PID ${old}, which is gone.`,
      ]);
      await second.stop();
      assert.equal(history(site, "started").length, count + 1, "nothing was started anew");
      const [record] = history(site, "tookOver");
      assert.deepEqual([record?.pid, record?.["processes"]], [old, count]);
    });
  }

  test("a detached start says the same on its stdout", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { count: 3 })');
    const first = site.start();
    for (let n = 0; n < 3; n++) await first.started("x");
    const old = await crash(first);
    const { code, stdout, stderr } = await site.sentry(["start", "-d", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const pid = readFileSync(site.path("sample.pid"), "utf8").trim();
    assert.equal(stdout, `Sentry started (PID: ${pid} saved in ${site.path("sample.pid")}).\n`
      + `Sentry took over 3 processes of PID ${old}, which is gone.\n`);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("a start after a clean end takes nothing over, and says nothing of it", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    for (let n = 0; n < 2; n++) {
      const sentry = site.start();
      await sentry.started("x");
      await sentry.stop();
      assert.ok(!sentry.lines.some((line) => line.includes("took over")));
    }
    assert.deepEqual(history(site, "tookOver"), []);
  });

  test("slots, pids, start times, restarts, waits and last exits are what they were", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("steady", "sleep", ["1000"], { count: 2 })',
      'entry("fourth", "sh", ["-c", "echo >> lives; test $(wc -l < lives) -ge 4 && exec sleep 1000; exit 3"], 10, 1)',
      'entry("waiting", "sh", ["-c", "exit 7"], 3600000, 1)', 'entry("missing", "./not-there", [], { delay: "1h" })',
    ].join());
    const first = site.start();
    await Promise.all([first.line(/waiting\.\d+ +Exited/), first.line(/cannot start missing:0/)]);
    for (let n = 0; n < 4; n++) await first.started("fourth");
    const before = await processes(site);
    await crash(first);
    const second = site.start();
    await second.line(/^Sentry took over 3 processes/);
    const after = await processes(site);
    assert.deepEqual(after.map(lasting), before.map(lasting));
    for (const [at, { id, nextStartAt }] of after.entries()) {
      const moved = Date.parse(nextStartAt ?? "") - Date.parse(before[at]?.nextStartAt ?? "");
      assert.ok(nextStartAt === null || Math.abs(moved) <= 2, `the wait of ${id} has moved by ${moved} ms`);
    }
    await second.stop();
  });

  test("half a line that was printed before, and its rest, are one line; what was printed meanwhile is there", async (t) => {
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", "printf half; touch printed; while ! [ -e go ]; do sleep 0.02; done; echo ' and half'; echo more; touch said; exec sleep 1000"])`);
    const first = site.start();
    await first.started("x");
    await until("the first half is printed", () => existsSync(site.path("printed")));
    await crash(first);
    site.write("go", "");
    await until("the second half is printed", () => existsSync(site.path("said")));
    const second = site.start();
    await second.line(/ more$/);
    assert.deepEqual(second.lines.slice(2, 4).map((line) => line.slice(COLUMNS)), ["half and half", "more"]);
    await second.stop();
  });

  for (const [how, end, expected] of [
    ["a code", "exit 9", { code: 9, signal: null }], ["a signal", "kill -USR1 $$", { code: null, signal: "SIGUSR1" }],
  ] as const) {
    test(`the end of a process by ${how}, while there was no Sentry, is recorded once, with its last words`, { skip: !EVERY_STATUS_IS_KNOWN && "Linux 6.15" }, async (t) => {
      const site = new Site(t);
      site.config(`entry("x", "sh", ["-c", "echo up; while ! [ -e go ]; do sleep 0.02; done; printf 'last words'; ${end}"], 3600000, 1)`);
      const first = site.start();
      const pid = await first.started("x");
      await first.line(/ up$/);
      await crash(first);
      site.write("go", "");
      await until("it has ended", () => [null, "Z"].includes(stateOf(pid)));
      const second = site.start();
      await second.line(/Exited/);
      // Its last batch may be repeated, if Sentry was killed before it had left the pipe.
      const told = second.lines.slice(2).map((line) => line.slice(COLUMNS).replace(/at \d+/, "at N")).filter((text) => text !== "up");
      assert.deepEqual(told, [
        "last words", `Exited at N ${expected.code === null ? `by ${expected.signal}` : `with ExitFailure ${expected.code}`}.`,
      ]);
      const exits = history(site, "exited").map(({ pid, code, signal, status }) => ({ pid, code, signal, status }));
      assert.deepEqual(exits, [{ pid, ...expected, status: "known" }]);
      assert.equal((await processes(site))[0]?.state, "waiting");
      await second.stop();
    });
  }

  test("a process that ended meanwhile is started again after its delay, as the one after it", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], 10, 1)');
    const first = site.start();
    const pid = await first.started("x");
    await crash(first);
    process.kill(pid, "SIGKILL");
    await until("it has ended", () => [null, "Z"].includes(stateOf(pid)));
    const second = site.start();
    const next = await second.started("x");
    const [shown] = await processes(site);
    assert.deepEqual([shown?.pid, shown?.restarts, shown?.lastExit?.pid], [next, 1, pid]);
    await second.stop();
  });

  test("no live process is replaced: a plan shows what the configuration has changed, and a reload does it", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"]), entry("gone", "sleep", ["1000"])');
    const first = site.start();
    const [pid, gone] = await Promise.all([first.started("x"), first.started("gone")]);
    await crash(first);
    site.config('entry("x", "sleep", ["2000"])');
    const second = site.start();
    await second.line(/^Sentry took over 2 processes/);
    assert.deepEqual((await processes(site)).map((one) => one.pid), [pid, gone]);
    const { stdout } = await site.sentry(["plan", "--json", "sample.ts"]);
    assert.deepEqual(JSON.parse(stdout), [
      { entry: "x", change: "replaced", because: ['args ["1000"] → ["2000"]'] }, { entry: "gone", change: "removed", because: [] },
    ]);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await second.line(/^Process type `gone` removed\. Killing workers\.$/);
    await second.started("x");
    await until("the old ones are gone", () => [pid, gone].every((each) => stateOf(each) === null || stateOf(each) === "Z"));
    await second.stop();
  });

  test("an ordinary user's Sentry is reloaded and taken over just as well", async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config('entry("x", "sleep", ["1000"]), entry("y", "sleep", ["1000"], { delay: 3600000 })');
    const first = site.start();
    const [x, y] = await Promise.all([first.started("x"), first.started("y")]);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await crash(first);
    process.kill(y, "SIGUSR1");
    await until("it has ended", () => [null, "Z"].includes(stateOf(y)));
    const second = site.start();
    await second.line(/^Sentry took over 1 process /);
    await second.line(new RegExp(String.raw`y\.${y} +Exited at \d+ ${EVERY_STATUS_IS_KNOWN ? "by SIGUSR1" : ".*"}\.$`));
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    assert.equal((await processes(site))[0]?.pid, x);
    await second.stop();
  });
});
