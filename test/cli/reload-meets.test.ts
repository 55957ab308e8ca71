/** A reload, and what comes in its midst: signals, stops, exits, other reloads. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { suite, test } from "node:test";

import { startHeld } from "../support/hold.ts";
import { halfRequest, history, processes } from "../support/shown.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Ends, once it was told to, as soon as the file `go` is there: words of a configuration. */
const slow = `"sh", ["-c", "trap 'while ! [ -e go ]; do sleep 0.02; done; exit 6' TERM; echo up; while :; do sleep 0.02; done"]`;

suite("while a reload is tried", { concurrency: 2 }, () => {
  test("SIGTERM calls it off, and stops everything; nothing of the trial is left", async (t) => {
    const { site, hold, sentry } = startHeld(t, "--try", sleeper);
    await sentry.started("x");
    hold.set();
    sentry.kill("SIGHUP");
    await hold.reached();
    await sentry.stop();
    assert.deepEqual(history(site, "reloaded"), []);
  });

  test("SIGTERM ends the evaluation of a configuration that takes its time", async (t) => {
    const { site, sentry } = startHeld(t, "--try", sleeper);
    await sentry.started("x");
    site.write("sample.ts", [
      'import { writeFileSync } from "node:fs";', 'import { entry, sentry } from "sentryd";',
      `writeFileSync(${JSON.stringify(site.path("begun"))}, "");`, "await new Promise((resolve) => setTimeout(resolve, 8000));",
      `export default sentry([${sleeper}], { http: false });`,
    ].join("\n"));
    sentry.kill("SIGHUP");
    await until("it is evaluated", () => existsSync(site.path("begun")));
    const begun = performance.now();
    await sentry.stop();
    assert.ok(performance.now() - begun < 7000, "the evaluation was waited for");
    assert.deepEqual(history(site, "reloaded"), []);
  });

  test("a second POST /reload is refused with 409, and the first is done", async (t) => {
    const { site, hold, sentry } = startHeld(t, "--try", sleeper);
    await sentry.started("x");
    hold.set();
    const first = site.get("/reload", undefined, "POST");
    await hold.reached();
    const { status, type, body } = await site.get("/reload", undefined, "POST");
    assert.equal(status, 409);
    assert.match(type, /^application\/problem\+json/);
    assert.equal((body as { code: string }).code, "E_REFUSED");
    const command = await site.sentry(["reload", "sample.ts"]);
    assert.deepEqual([command.code, command.stdout], [5, ""], command.stderr);
    hold.release();
    assert.equal((await first).status, 202);
    await sentry.line(/^Sentry reexec'd/);
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 1);
  });

  test("a SIGHUP is not lost: one more reload follows, for the configuration may have been read before", async (t) => {
    const { site, hold, sentry } = startHeld(t, "--try", sleeper);
    await sentry.started("x");
    hold.set();
    sentry.kill("SIGHUP");
    await hold.reached();
    for (let n = 0; n < 3; n++) sentry.kill("SIGHUP");
    await until("they have come", async () => (await site.get("/health")).status === 200);
    hold.release();
    for (let n = 0; n < 2; n++) await sentry.line(/^Sentry reexec'd/);
    await until("no reload is under way", async () => (await site.get("/reload", undefined, "POST")).status === 202);
    await until("it is recorded", () => history(site, "reloaded").length >= 3);
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 3);
  });

  test("processes are kept running: what exits is recorded and restarted", async (t) => {
    const { hold, sentry } = startHeld(t, "--try", 'entry("x", "sleep", ["1000"], 10, 1)');
    const pid = await sentry.started("x");
    hold.set();
    sentry.kill("SIGHUP");
    await hold.reached();
    process.kill(pid, "SIGKILL");
    await sentry.started("x");
    hold.release();
    await sentry.line(/^Sentry reexec'd/);
    await sentry.stop();
  });
});

suite("while a reload waits for half a request", { concurrency: 2 }, () => {
  for (const how of ["SIGTERM", "POST /stop"] as const) {
    test(`a stop by ${how} goes over to the new image, which ends it`, async (t) => {
      const { site, sentry } = startHeld(t, "--try", `entry("tidy", ${slow})`);
      await sentry.line(/ up$/);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = async (method: string, path: string) => {
        const [response] = await once(request({ socketPath: site.path("sample.run/socket"), method, path, agent }).end(), "response") as [IncomingMessage];
        const { socket, statusCode } = response;
        await once(response.resume(), "end");
        return { socket, statusCode };
      };
      const { socket } = await ask("GET", "/health");
      const gone = once(socket, "close");
      await halfRequest(site);
      sentry.kill("SIGHUP");
      await sentry.line(/ successfully compiled\.$/);
      if (how === "SIGTERM") sentry.kill("SIGTERM");
      else assert.equal((await ask("POST", "/stop")).statusCode, 202);
      await sentry.line(/^Sentry reexec'd/);
      const [tidy] = await processes(site);
      assert.equal(tidy?.state, "stopping");
      assert.ok(!socket.destroyed, "who waits for the end of Sentry waits across the reload");
      site.write("go", "");
      await sentry.endsWell();
      await gone;
      assert.deepEqual(history(site, "exited").map(({ code, cause }) => [code, cause]), [[6, "stopped"]]);
      agent.destroy();
    });
  }

  test("it waits a second and no more, and all others are answered", async (t) => {
    const { site, sentry } = startHeld(t, "--try", sleeper);
    const pid = await sentry.started("x");
    const half = await halfRequest(site);
    const ended = once(half.resume(), "close");
    const reloaded = site.sentry(["reload", "sample.ts"]);
    await sentry.line(/ successfully compiled\.$/);
    const [shown] = await processes(site);
    assert.equal(shown?.pid, pid);
    assert.equal((await reloaded).code, 0);
    await ended;
    await sentry.stop();
  });
});

test("a reload is refused while Sentry itself is stopping", async (t) => {
  const { site, sentry } = startHeld(t, "--try", `entry("tidy", ${slow})`);
  await sentry.line(/ up$/);
  sentry.kill("SIGTERM");
  await until("it stops", () => history(site, "stopping").length === 1);
  const { code, stdout, stderr } = await site.sentry(["reload", "sample.ts"]);
  assert.deepEqual([code, stdout], [5, ""]);
  assert.match(stderr, /stopping/);
  sentry.kill("SIGHUP");
  site.write("go", "");
  await sentry.endsWell();
  assert.deepEqual(history(site, "reloaded"), []);
});

test("ten SIGHUPs in a row: the last configuration is in force, and no process was touched", async (t) => {
  const { site, sentry, configure } = startHeld(t, "--try", sleeper);
  const pid = await sentry.started("x");
  for (let n = 1; n <= 10; n++) {
    configure(`${sleeper}, entry("y${n}", "sleep", ["1000"])`);
    sentry.kill("SIGHUP");
  }
  await sentry.started("y10");
  await until("no other is there", async () => (await processes(site)).map(({ entry }) => entry).join() === "x,y10");
  assert.equal((await processes(site))[0]?.pid, pid);
  const { length } = history(site, "reloaded");
  assert.ok(length >= 1 && length <= 10, `${length} reloads`);
  await sentry.stop();
});
