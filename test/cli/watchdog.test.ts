/** The watchdog of sd_notify: who says WATCHDOG=1 often enough lives, and who does not is ended by SIGABRT. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { isOver, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

function running(t: TestContext, options: string, before = "") {
  const site = new Site(t);
  const puppets = new Puppets(site);
  site.config(`entry("x", ${puppets.shell(`ulimit -c 0; ${before}`)}, { ${options} })`);
  return { site, puppets, sentry: site.start() };
}

const exits = (site: Site): unknown[] => history(site, "exited").map(({ pid, code, signal, cause }) => [pid, code ?? signal, cause]);

/** In the background: as long as that file is there, it says that it lives. */
const LIVES = "touch lives; while test -e lives; do says WATCHDOG=1 && notes alive; sleep 0.05; done";

suite("a process with a watchdog", { concurrency: 4 }, () => {
  test("is told of it as sd_watchdog_enabled(3) wants it: how often, and who is meant", async (t) => {
    const { site, puppets, sentry } = running(t, 'watchdog: "30s"', 'notes "$WATCHDOG_USEC $WATCHDOG_PID $$ $NOTIFY_SOCKET"');
    assert.match(await puppets.note("x"), /^30000000 (\d+) \1 @\S+$/);
    assert.equal((await slot(site, "x:0")).state, "running", "it needs no `ready`");
    await sentry.stop();
  });

  test("lives as long as it says so; then it is sent SIGABRT, and restarted as after a failure", async (t) => {
    const { site, puppets, sentry } = running(t, 'ready: "notify", watchdog: 500, delay: 10');
    const pid = await puppets.bid("x:0", `says READY=1; ${LIVES}`);
    await puppets.note("x", 30);
    assert.deepEqual(told(site, "x"), ["started", "ready"]);
    await site.run("rm", ["puppets/lives"]);
    await until("it is started again", () => history(site, "started").length === 2);
    assert.deepEqual(told(site, "x"), ["started", "ready", "stopping", "exited", "waiting", "started"]);
    assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
    assert.match(String(history(site, "stopping")[0]?.["reason"]), /500 ms/);
    await sentry.stop();
  });

  test("that heeds no SIGABRT is killed after its grace", async (t) => {
    const { site, puppets, sentry } = running(t, 'watchdog: 200, stop: { grace: 200 }, restart: "never"', "trap 'notes ABRT' ABRT");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site).map((exit) => (exit as unknown[]).slice(1)), [["SIGKILL", "watchdog"]]);
    assert.deepEqual(puppets.noted("x"), ["ABRT"]);
    await sentry.stop();
  });

  test("may ask for that itself, at once", async (t) => {
    const { site, puppets, sentry } = running(t, 'watchdog: "1h", restart: "never"');
    const pid = await puppets.bid("x:0", "says WATCHDOG=trigger");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
    await sentry.stop();
  });

  test("may say itself how long it may be silent from now on", async (t) => {
    const { site, puppets, sentry } = running(t, 'watchdog: "1h", restart: "never"');
    const pid = await puppets.bid("x:0", "says WATCHDOG_USEC=200000");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
    await sentry.stop();
  });

  test("may set one up itself, where it has none and speaks", async (t) => {
    const { site, puppets, sentry } = running(t, 'ready: "notify", restart: "never"');
    const pid = await puppets.bid("x:0", "says READY=1 WATCHDOG_USEC=200000");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
    await sentry.stop();
  });

  test("is watched from when it is ready, and not before", async (t) => {
    const { site, puppets, sentry } = running(t, 'ready: "notify", watchdog: 150, restart: "never"');
    const pid = await puppets.bid("x:0", "sleep 0.6; notes before; says READY=1");
    await puppets.note("x");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(told(site, "x"), ["started", "ready", "stopping", "exited", "failed"]);
    assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
    await sentry.stop();
  });

  for (const happening of ["a reload", "a SIGKILL of Sentry"]) {
    test(`is watched anew after ${happening}: who speaks lives, and who is silent does not`, async (t) => {
      const { site, puppets, sentry: first } = running(t, 'watchdog: "1s", restart: "never"');
      const pid = await puppets.bid("x:0", LIVES);
      await puppets.note("x", 3);
      let sentry = first;
      if (happening === "a reload") await reloads(site);
      else {
        first.kill("SIGKILL");
        await until("Sentry is gone", () => isOver(first.pid));
        // Longer than it may be silent.
        const begun = performance.now();
        await until("nobody has listened for long", () => performance.now() - begun > 1500);
        sentry = site.start();
      }
      const before = puppets.noted("x").length;
      await puppets.note("x", before + 30);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      assert.deepEqual(told(site, "x"), ["started"]);
      await site.run("rm", ["puppets/lives"]);
      await becomes(site, "x:0", "failed");
      assert.deepEqual(exits(site), [[pid, "SIGABRT", "watchdog"]]);
      await sentry.stop();
    });
  }
});
