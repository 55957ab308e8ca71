/** What comes between the exec of a reload and the first that the new image does: it waits, and is not lost. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { startHeld } from "../support/hold.ts";
import { history, stateOf } from "../support/shown.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Takes its time to end, and says how it was: words of a configuration. */
const tidy = `"sh", ["-c", "trap 'exit 6' TERM; echo up; while :; do sleep 0.02; done"]`;

suite("while the new image boots", { concurrency: 2 }, () => {
  for (const processEvents of [true, false]) {
    const whose = processEvents ? ", and with the kernel's time where its process events are listened to" : ", also without process events";
    test(`an exit is recorded once, with its true status${whose}`, async (t) => {
      const { site, hold, sentry } = startHeld(t, "--handover",
        'entry("x", "sleep", ["1000"], 3600000, 1), entry("y", "sh", ["-c", "while ! [ -e go ]; do sleep 0.02; done; echo words; exit 5"], 3600000, 1)',
        processEvents);
      const [x, y] = [await sentry.started("x"), await sentry.started("y")];
      hold.set();
      sentry.kill("SIGHUP");
      assert.equal(await hold.reached(), sentry.pid);
      process.kill(x, "SIGKILL");
      site.write("go", "");
      await until("both are zombies", () => stateOf(x) === "Z" && stateOf(y) === "Z");
      const seen = Date.now();
      await until("the clock goes on", () => Date.now() > seen + 20);
      const released = Date.now();
      hold.release();
      await sentry.line(/x\.\d+ +Exited at \d+ by SIGKILL\.$/);
      await sentry.line(/y\.\d+ +Exited at \d+ with ExitFailure 5\.$/);
      assert.ok(sentry.lines.some((line) => line.endsWith(" words")), "its last words are not lost");
      const exits = history(site, "exited");
      assert.deepEqual(exits.map(({ pid, code, signal, status, cause }) => [pid, code, signal, status, cause]).sort(), [
        [x, null, "SIGKILL", "known", "exited"], [y, 5, null, "known", "exited"],
      ].sort());
      const heard = processEvents && !sentry.lines.some((line) => line.includes("process events are not listened to"));
      for (const { at } of exits) {
        assert.equal(Date.parse(at) < released, heard, `${at} is before ${new Date(released).toISOString()}: ${!heard}`);
      }
      await sentry.stop();
    });
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} waits, and then stops everything in order`, async (t) => {
      const { site, hold, sentry } = startHeld(t, "--handover", `entry("tidy", ${tidy}), ${sleeper}`);
      await Promise.all([sentry.line(/ up$/), sentry.started("x")]);
      hold.set();
      sentry.kill("SIGHUP");
      await hold.reached();
      sentry.kill(signal);
      hold.release();
      await sentry.endsWell();
      const types = history(site).map(({ type }) => type);
      assert.ok(types.indexOf("reloaded") < types.indexOf("stopping"), types.join());
      const exits = history(site, "exited").map(({ entry, code, signal, cause }) => [entry, code, signal, cause]);
      assert.deepEqual(exits.sort(), [["tidy", 6, null, "stopped"], ["x", null, "SIGTERM", "stopped"]]);
      const by = history(site, "stopping").map((record) => record.by);
      for (const each of by) assert.deepEqual(each, { kind: "signal", pid: process.pid, uid: process.getuid?.() });
      assert.equal(sentry.lines.at(-1), "Bye.");
    });
  }

  // LD_PRELOAD, which has the signals wait, cannot name a folder with a blank or a colon.
  for (const folder of [null, "with a blank: and a colon"]) {
    test(`SIGUSR1 and SIGUSR2 neither end it nor open a debugger${folder === null ? "" : `, also in a folder ${folder}`}`, async (t) => {
      const { hold, sentry } = startHeld(t, "--handover", sleeper, true, folder);
      await sentry.started("x");
      for (let reload = 0; reload < 2; reload++) {
        hold.set();
        sentry.kill("SIGHUP");
        await hold.reached();
        sentry.kill("SIGUSR1");
        sentry.kill("SIGUSR2");
        hold.release();
        await sentry.line(/^Sentry reexec'd/);
        await sentry.line(/^SIGUSR2 from PID/);
      }
      await sentry.stop();
      assert.ok(!/[Dd]ebugger/.test(sentry.stderr + sentry.lines.join()), sentry.stderr);
    });
  }

  test("sentry stop waits, is answered by the new image, and ends with it", async (t) => {
    const { site, hold, sentry } = startHeld(t, "--handover", sleeper);
    await sentry.started("x");
    hold.set();
    sentry.kill("SIGHUP");
    await hold.reached();
    const stopped = site.sentry(["stop", "sample.ts"]);
    hold.release();
    const { code, stderr } = await stopped;
    assert.deepEqual([code, stderr], [0, ""]);
    await sentry.endsWell();
  });

  test("nine more SIGHUPs are one more reload, and what was configured by then is in force", async (t) => {
    const { site, hold, sentry, configure } = startHeld(t, "--handover", sleeper);
    await sentry.started("x");
    hold.set();
    sentry.kill("SIGHUP");
    await hold.reached();
    configure(`${sleeper}, entry("y", "sleep", ["1000"])`);
    for (let n = 0; n < 9; n++) sentry.kill("SIGHUP");
    hold.release();
    await sentry.started("y");
    await until("no reload is under way", async () => (await site.get("/reload", undefined, "POST")).status === 202);
    await until("they are all recorded", () => history(site, "reloaded").length >= 3);
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 3);
  });
});
