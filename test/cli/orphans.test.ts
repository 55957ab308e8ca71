/** `sentry stop` where Sentry is dead and its processes live. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { EVERY_STATUS_IS_KNOWN, history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** A Sentry that was killed, and so many of its processes. */
async function orphaned(t: TestContext, count: number, entry = '"sleep", ["1000"]') {
  const site = new Site(t);
  site.config(`entry("x", ${entry}, { count: ${count}, delay: 3600000 })`);
  const sentry = site.start();
  const pids = [];
  for (let n = 0; n < count; n++) pids.push(await sentry.started("x"));
  sentry.kill("SIGKILL");
  await sentry.ended;
  return { site, pids, old: sentry.pid };
}

const live = (pids: readonly number[]): number => pids.filter((pid) => ![null, "Z"].includes(stateOf(pid))).length;

suite("sentry stop, where Sentry is dead,", { concurrency: 2 }, () => {
  for (const [count, words] of [[2, "2 of its processes live on"], [1, "one of its processes lives on"]] as const) {
    test(`exits 3, says that ${words}, and touches nothing`, async (t) => {
      const { site, pids, old } = await orphaned(t, count);
      const { code, stdout, stderr } = await site.sentry(["stop", "sample.ts"]);
      assert.deepEqual([code, stdout], [3, ""]);
      assert.match(stderr, new RegExp(String.raw`^sentry: .*PID ${old}\b.*${words}.*--orphans`));
      assert.equal(live(pids), count);
      const second = site.start();
      await second.line(new RegExp(`^Sentry took over ${count} `));
      await second.stop();
    });
  }

  test("that was killed while it stopped, exits 1, and says what lives on", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "trap : TERM; echo there; while :; do sleep 1; done"], { stop: { grace: "1h", scope: "process" } })');
    const sentry = site.start();
    await sentry.line(/there$/);
    const stop = site.sentry(["stop", "sample.ts"]);
    await until("it stops", () => history(site, "stopping").length === 1);
    sentry.kill("SIGKILL");
    const { code, stdout, stderr } = await stop;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(String.raw`^sentry: Sentry \(PID ${sentry.pid}\) was killed before all had ended, and one of its processes lives on\. .*--orphans`));
    for (const { pid } of history(site, "started")) process.kill(Number(pid), "SIGKILL");
  });

  test("exits 3 and speaks of no orphans where none is left", async (t) => {
    const { site, pids } = await orphaned(t, 1);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await until("it is gone", () => live(pids) === 0);
    const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
    assert.equal(code, 3);
    assert.ok(!stderr.includes("orphans"), stderr);
    assert.equal((await site.sentry(["stop", "--orphans", "sample.ts"])).code, 3);
  });
});

suite("sentry stop --orphans", { concurrency: 2 }, () => {
  for (const [count, what] of [[3, "3 processes"], [1, "1 process"]] as const) {
    test(`stops ${what}, records how each ended, and leaves nothing of Sentry but its history`, async (t) => {
      const { site, pids, old } = await orphaned(t, count);
      const { code, stdout, stderr } = await site.sentry(["stop", "--orphans", "sample.ts"]);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `Stopped ${what} of PID ${old}, which is gone.\n`, stderr: "" });
      assert.equal(live(pids), 0);
      assert.ok(!existsSync(site.path("sample.pid")));
      assert.deepEqual(readdirSync(site.path("sample.run")).filter((name) => name !== "logs").sort(), [".gitignore", "history", "token"]);
      await site.nobodyLeft();
      const exits = history(site, "exited");
      assert.deepEqual(exits.map(({ pid }) => pid).sort(), [...pids].sort());
      for (const { signal, status, cause } of exits) {
        assert.equal(cause, "stopped");
        if (EVERY_STATUS_IS_KNOWN || status === "known") assert.deepEqual([signal, status], ["SIGTERM", "known"]);
      }
      for (const { by } of history(site, "stopping")) assert.deepEqual([by?.kind, by?.uid], ["socket", process.getuid?.()]);
      assert.deepEqual(history(site).map(({ id }) => id), history(site).map((_, n) => n + 1));

      const next = site.start();
      for (let n = 0; n < count; n++) await next.started("x");
      assert.ok(!next.lines.some((line) => line.includes("took over")), "there is nothing to take over");
      await next.stop();
    });
  }

  test("--json answers with one document", async (t) => {
    const { site, old } = await orphaned(t, 2);
    const { code, stdout } = await site.sentry(["stop", "--orphans", "--json", "sample.ts"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { stopped: true, processes: 2, pid: old, config: site.path("sample.ts") });
  });

  test("needs no configuration: it may be broken by now, or gone", async (t) => {
    for (const text of ["this is no program", null]) {
      const { site, pids } = await orphaned(t, 1);
      if (text === null) await site.run("rm", ["sample.ts"]);
      else site.write("sample.ts", text);
      const { code, stderr } = await site.sentry(["stop", "--orphans", "./sample.ts"]);
      assert.equal(code, 0, stderr);
      assert.equal(live(pids), 0);
    }
  });

  test("lets a process tidy up, and starts nothing", async (t) => {
    const { site } = await orphaned(t, 1, `"sh", ["-c", "trap 'touch tidied; exit 6' TERM; touch up; while :; do sleep 0.02; done"]`);
    await until("it is up", () => existsSync(site.path("up")));
    assert.equal((await site.sentry(["stop", "--orphans", "sample.ts"])).code, 0);
    assert.ok(existsSync(site.path("tidied")));
    assert.equal(history(site, "started").length, 1);
    await site.nobodyLeft();
  });

  test("is refused where a Sentry lives: exit 5, and all runs on", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    const pid = await sentry.started("x");
    const { code, stdout, stderr } = await site.sentry(["stop", "--orphans", "sample.ts"]);
    assert.deepEqual([code, stdout], [5, ""], stderr);
    assert.match(stderr, new RegExp(`PID: ${sentry.pid}`));
    assert.equal(live([pid]), 1);
    await sentry.stop();
  });

  test("exits 3 where nothing is left, or nothing ever was", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const never = await site.sentry(["stop", "--orphans", "sample.ts"]);
    assert.deepEqual([never.code, never.stdout], [3, ""], never.stderr);
    assert.match(never.stderr, new RegExp(site.path("sample.ts")));
    assert.deepEqual(readdirSync(site.folder), ["sample.ts"], "it makes nothing");
    const sentry = site.start();
    await sentry.started("x");
    await sentry.stop();
    assert.equal((await site.sentry(["stop", "--orphans", "sample.ts"])).code, 3);
  });
});
