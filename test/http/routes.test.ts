import assert from "node:assert/strict";
import { test } from "node:test";

import type { ProcessShown } from "../../src/http/schema.ts";
import { longLife } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

test("health is answered", async () => {
  const { app } = served([]);
  const answer = await app.inject("/health");
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), { status: "ok" });
});

test("a running process is shown with all that the interface says", async () => {
  const { world, app } = served([law("dummy")]);
  world.end("dummy:0", { code: 3 }).pass(1000);
  const started = world.agenda.now().wall / 1000;
  const startedAt = new Date(started).toISOString();
  const exitedAt = new Date(started - 1000).toISOString();
  world.pass(3201);
  assert.deepEqual((await app.inject("/processes")).json(), [{
    id: "dummy:0", entry: "dummy", slot: 0, pid: 102, state: "running", ready: true, command: "sleep", args: ["4"],
    startedAt, uptimeMs: 3201, restarts: 1, nextStartAt: null, cpuPercent: null, memoryBytes: null,
    lastExit: {
      pid: 101, code: 3, signal: null, coreDumped: false, oomKilled: false, status: "known", cause: "exited",
      at: exitedAt.replace("Z", "000Z"),
      ranMs: 0, maxRssBytes: null, userMs: 1, systemMs: 1,
    },
  }]);
});

test("a slot without a process has no pid, and says when the next start is due", async () => {
  const { world, app } = served([law("dummy", { delay: 1000 })]);
  world.end("dummy:0");
  world.agenda.pass(400);
  const shown = (await app.inject("/processes/dummy:0")).json<ProcessShown>();
  const due = new Date(world.agenda.now().wall / 1000 + 600).toISOString();
  assert.deepEqual([shown.state, shown.pid, shown.startedAt, shown.uptimeMs, shown.ready, shown.nextStartAt],
    ["waiting", null, null, null, false, due]);
});

test("processes come in the order of the configuration, also those that were added later", async () => {
  const { world, app } = served([law("web"), law("db")]);
  void world.scale("web", 2);
  world.pass(0);
  const ids = async (url: string) => (await app.inject(url)).json<ProcessShown[]>().map(({ id }) => id);
  assert.deepEqual(await ids("/processes"), ["web:0", "web:1", "db:0"]);
  assert.deepEqual(await ids("/processes?entry=db"), ["db:0"]);
});

test("one process is found by its pid as by its name", async () => {
  const { app } = served([law("dummy")]);
  const byName = await app.inject("/processes/dummy:0");
  assert.equal(byName.statusCode, 200);
  assert.equal(byName.json<ProcessShown>().pid, 101);
  assert.equal((await app.inject("/processes/101")).json<ProcessShown>().id, "dummy:0");
});

const wrong: [method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH", url: string, status: number, code: string][] = [
  ["GET", "/nothing", 404, "E_NO_SUCH_ROUTE"],
  ["GET", "/processes/web:0", 404, "E_NO_SUCH_SLOT"],
  ["GET", "/processes/1", 404, "E_NO_SUCH_SLOT"],
  ["GET", "/processes?entry=web", 404, "E_NO_SUCH_ENTRY"],
  ["GET", "/processes?entry=a&entry=b", 400, "E_USAGE"],
  ["GET", "/processes/%zz", 400, "E_USAGE"],
  ["POST", "/processes/web:0/up", 404, "E_NO_SUCH_SLOT"],
  ["POST", "/processes/dummy:1/down", 404, "E_NO_SUCH_SLOT"],
  ["GET", "/entries/web", 404, "E_NO_SUCH_ENTRY"],
  ["POST", "/entries/web/up", 404, "E_NO_SUCH_ENTRY"],
  ["GET", "/history?entry=web", 404, "E_NO_SUCH_ENTRY"],
  ["GET", "/history?entry=a&entry=b", 400, "E_USAGE"],
  ["GET", "/history?limit=0", 400, "E_USAGE"],
  ["GET", "/history?limit=10001", 400, "E_USAGE"],
  ["GET", "/history?limit=1&limit=2", 400, "E_USAGE"],
  ["GET", "/history?limit=all", 400, "E_USAGE"],
  ["POST", "/processes", 405, "E_METHOD"],
  ["GET", "/reload", 405, "E_METHOD"],
  ["GET", "/plan", 405, "E_METHOD"],
  ["GET", "/entries/dummy/up", 405, "E_METHOD"],
  ["GET", "/stop", 405, "E_METHOD"],
  ["PUT", "/health", 405, "E_METHOD"],
];
for (const [method, url, status, code] of wrong) {
  test(`${method} ${url} is a problem: ${status} ${code}`, async () => {
    const { app } = served([law("dummy")]);
    const answer = await app.inject({ method, url });
    assert.equal(answer.statusCode, status);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    const problem = answer.json<Record<string, unknown>>();
    assert.deepEqual([problem["status"], problem["code"], problem["type"]], [status, code, "about:blank"]);
    assert.equal(typeof problem["detail"], "string");
  });
}

test("an address that does not know a method says which it knows", async () => {
  const { app } = served([]);
  const allow = async (method: "GET" | "POST", url: string) => (await app.inject({ method, url })).headers.allow;
  assert.equal(await allow("POST", "/processes"), "GET, HEAD");
  assert.equal(await allow("GET", "/stop"), "POST");
});

test("a body that is no JSON, or of an unknown kind, is the caller's mistake", async () => {
  const { app, world } = served([law("dummy")]);
  const post = (type: string, payload: string) =>
    app.inject({ method: "POST", url: "/stop", headers: { "content-type": type }, payload });
  assert.equal((await post("application/json", "{")).statusCode, 400);
  assert.equal((await post("application/x-thing", "thing")).statusCode, 415);
  assert.equal(world.phase("dummy:0"), "running");
});

test("a stop is answered at once, while processes are still ending", async () => {
  const { app, world } = served([law("dummy")], () => ({ ...longLife, heedsAfter: null }));
  const answer = await app.inject({ method: "POST", url: "/stop" });
  assert.equal(answer.statusCode, 202);
  assert.equal(world.phase("dummy:0"), "stopping");
  const again = await app.inject({ method: "POST", url: "/stop" });
  assert.equal(again.statusCode, 202);
  assert.equal(world.phase("dummy:0"), "stopping");
  const shown = (await app.inject("/processes/dummy:0")).json<ProcessShown>();
  assert.deepEqual([shown.state, shown.pid, shown.ready], ["stopping", 101, false]);
});

for (const why of ["busy", "reloading", "leaving"] as const) {
  test(`what is refused because Sentry is ${why} says so`, async () => {
    const { app, view } = served([law("dummy")]);
    view.engine.ask = async () => ({ kind: "refused", why });
    const [status, code] = why === "busy" ? [429, "E_BUSY"] : [409, "E_REFUSED"];
    for (const url of ["/stop", "/entries/dummy/down", "/processes/dummy:0/up"]) {
      const answer = await app.inject({ method: "POST", url });
      assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [status, code], url);
    }
  });
}

test("a bug in a route is answered as one, and is loud", async () => {
  const { app, view, bugs } = served([law("dummy")]);
  view.program = () => { throw new Error("torn"); };
  const answer = await app.inject("/processes");
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.json<{ code: string }>().code, "E_FAILED");
  assert.equal(bugs.length, 1);
});

test("no more than four plans are made at a time", async () => {
  const { app, view } = served([law("dummy")]);
  const made: (() => void)[] = [];
  view.plan = () => new Promise((resolve) => { made.push(() => resolve({ kind: "plan", changes: [] })); });
  const post = () => app.inject({ method: "POST", url: "/plan" });
  const four = [post(), post(), post(), post()];
  while (made.length < 4) await new Promise((resolve) => { setImmediate(resolve); });
  const fifth = await post();
  assert.deepEqual([fifth.statusCode, fifth.json<{ code: string }>().code], [429, "E_BUSY"]);
  for (const done of made) done();
  assert.deepEqual((await Promise.all(four)).map(({ statusCode }) => statusCode), [200, 200, 200, 200]);
  const again = post();
  while (made.length < 5) await new Promise((resolve) => { setImmediate(resolve); });
  made[4]?.();
  assert.equal((await again).statusCode, 200);
});
