/** What the Unix socket of a running Sentry answers. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Shown {
  id: string; state: string; pid: number | null; restarts: number; startedAt: string | null; uptimeMs: number | null;
  nextStartAt: string | null; cpuPercent: number; memoryBytes: number; lastExit: Record<string, unknown> | null;
}

suite("over the socket", { concurrency: 2 }, () => {
  test("GET /health answers that it turns, also to curl", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    assert.equal((await site.get("/health")).status, 200);
    const curl = await site.run("curl", ["-fsS", "--unix-socket", "sample.run/socket", "http://localhost/health"]);
    assert.equal(curl.code, 0, curl.stderr);
    await sentry.stop();
  });

  test("GET /processes shows a running process as it is, with all of its fields", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"], { env: { SECRET: "hidden" } })');
    const sentry = site.start();
    const pid = await sentry.started("web");
    const { status, type, body } = await site.get("/processes");
    assert.equal(status, 200);
    assert.match(type, /^application\/json/);
    const [shown, ...more] = body as [Shown];
    assert.equal(more.length, 0);
    assert.match(shown.startedAt ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Number.isInteger(shown.uptimeMs));
    const { startedAt: _, uptimeMs: __, cpuPercent, memoryBytes, ...rest } = shown;
    assert.ok(typeof cpuPercent === "number" && cpuPercent >= 0 && Number.isInteger(memoryBytes) && memoryBytes > 0, JSON.stringify(shown));
    assert.deepEqual(rest, {
      id: "web:0", entry: "web", slot: 0, pid, state: "running", ready: true, command: "sleep", args: ["1000"],
      restarts: 0, nextStartAt: null, lastExit: null,
    });
    assert.deepEqual(Object.keys(shown), [
      "id", "entry", "slot", "pid", "state", "ready", "command", "args", "startedAt", "uptimeMs", "restarts", "nextStartAt",
      "cpuPercent", "memoryBytes", "lastExit",
    ]);
    assert.ok(!JSON.stringify(body).includes("hidden"));
    assert.equal(((await site.get(`/processes/${pid}`)).body as Shown).id, "web:0");
    assert.equal(((await site.get("/processes/web:0")).body as Shown).pid, pid);
    await sentry.stop();
  });

  test("GET /processes shows what waits for its restart, and how it ended", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "exit 3"], 60000, 1), entry("y", "sleep", ["1000"], 0, 1)');
    const sentry = site.start();
    const pid = await sentry.started("x");
    const victim = await sentry.started("y");
    await sentry.line(/ x\..*Exited/);
    process.kill(victim, "SIGUSR1");
    await sentry.started("y");
    const [waiting] = (await site.get("/processes?entry=x")).body as [Shown];
    assert.deepEqual([waiting.state, waiting.pid, waiting.startedAt, waiting.uptimeMs], ["waiting", null, null, null]);
    assert.ok(Date.parse(waiting.nextStartAt ?? "") > Date.now());
    const { at, ranMs, userMs, systemMs, maxRssBytes, ...exit } = waiting.lastExit ?? {};
    assert.match(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    for (const amount of [ranMs, userMs, systemMs]) assert.ok(Number.isInteger(amount) && Number(amount) >= 0);
    assert.ok(maxRssBytes === null || Number.isInteger(maxRssBytes));
    assert.deepEqual(exit, { pid, code: 3, signal: null, coreDumped: false, oomKilled: false, status: "known", cause: "exited" });
    const again = await until("it runs again", async () => {
      const [shown] = (await site.get("/processes?entry=y")).body as [Shown];
      return shown.state === "running" && shown;
    });
    assert.deepEqual([again.restarts, again.lastExit?.["signal"], again.lastExit?.["code"]], [1, "SIGUSR1", null]);
    await sentry.stop();
  });

  test("what is not there is told as a problem with a code, and nothing is changed by asking", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    for (const [path, status, code] of [
      ["/nowhere", 404, "E_NO_SUCH_ROUTE"], ["/processes/x:7", 404, "E_NO_SUCH_SLOT"], ["/processes?entry=y", 404, "E_NO_SUCH_ENTRY"],
      ["/stop", 405, "E_METHOD"],
    ] as const) {
      const answer = await site.get(path);
      assert.equal(answer.status, status, path);
      assert.match(answer.type, /^application\/problem\+json/);
      assert.equal((answer.body as { code: string }).code, code);
    }
    await sentry.stop();
  });
});
