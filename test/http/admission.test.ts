/** Who is let in to what, and who is told what of Sentry itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { FastifyInstance, InjectOptions } from "fastify";

import type { Openness } from "../../src/http/doors.ts";
import { Problem } from "../../src/http/problem.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

/** By a real connection to a Unix socket. */
async function askSocket(t: TestContext, app: FastifyInstance, method: string, path: string, headers = {}): Promise<IncomingMessage> {
  const folder = mkdtempSync(join(tmpdir(), "sentry-http-"));
  await app.ready();
  const server = createServer(app.routing).listen(join(folder, "socket"));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await once(server, "listening");
  const asking = request({ socketPath: join(folder, "socket"), method, path, headers, agent: false }).end();
  const [answer] = await once(asking, "response") as [IncomingMessage];
  answer.resume();
  return answer;
}

const openness: [Openness, InjectOptions["method"] & string, url: string][] = [
  ["always", "GET", "/health"], ["always", "HEAD", "/health"], ["always", "POST", "/health"],
  ["reading", "GET", "/ready"],
  ["reading", "GET", "/processes"], ["reading", "GET", "/processes?entry=dummy"], ["reading", "GET", "/processes/dummy:0"],
  ["reading", "GET", "/processes/nobody:0"], ["reading", "DELETE", "/processes"], ["reading", "PUT", "/processes/dummy:0?x"],
  ["reading", "GET", "/entries"], ["reading", "GET", "/entries/dummy"], ["reading", "DELETE", "/entries/dummy"],
  ["reading", "GET", "/metrics"], ["reading", "GET", "/types"], ["reading", "OPTIONS", "/types"],
  ["reading", "GET", "/openapi.json"],
  ["token", "PATCH", "/entries/dummy"], ["token", "GET", "/history"], ["token", "GET", "/plan"], ["token", "POST", "/plan"],
  ["token", "POST", "/reload"], ["token", "POST", "/reload-logs"], ["token", "POST", "/stop"], ["token", "POST", "/type/dummy"],
  ...["up", "down", "restart", "signal"].flatMap((wish) => ["/processes/dummy:0", "/entries/dummy"].flatMap((of): typeof openness => [
    ["token", "POST", `${of}/${wish}`], ["token", "GET", `${of}/${wish}`],
  ])),
  ["token", "GET", "/"], ["token", "GET", "/nothing"], ["token", "GET", "/processes/dummy:0/"], ["token", "GET", "/processes/%zz"],
];
for (const [how, method, url] of openness) {
  test(`${method} ${url} asks the door for "${how}", and before anything else`, async () => {
    const { app, door, world } = served([law("dummy")]);
    door.says = new Problem("E_UNAUTHORIZED", "who are you?");
    const answer = await app.inject({ method, url, headers: { "content-type": "text/html" }, payload: "{" });
    assert.deepEqual([answer.statusCode, door.asked], [401, [how]]);
    assert.equal(answer.headers["www-authenticate"], "Bearer");
    assert.equal(world.told().length, 1, "nothing was done");
  });
}

test("events and their like ask for the token, and are not opened without it", async () => {
  const { app, door, past } = served([law("dummy")]);
  door.says = new Problem("E_FORBIDDEN", "you are from elsewhere");
  const answer = await app.inject("/events");
  const { code, detail } = answer.json<{ code: string; detail: string }>();
  assert.deepEqual([answer.statusCode, code, detail], [403, "E_FORBIDDEN", "you are from elsewhere"]);
  assert.deepEqual([door.asked, past.listeners], [["token"], 0]);
});

test("who comes by the socket is told which version answers, who comes over TCP is not", async (t) => {
  const { app } = served([law("dummy")]);
  assert.equal((await app.inject("/health")).headers["server"], undefined);
  for (const path of ["/health", "/nothing"]) {
    assert.equal((await askSocket(t, app, "GET", path)).headers["server"], "sentry/1.2.3");
  }
});

const config = encodeURIComponent("/srv/größer.ts");

test("who comes by the socket is told for which configuration it answers, and as which process", async (t) => {
  const { app } = served([law("dummy")]);
  assert.equal((await app.inject("/health")).headers["sentry-config"], undefined);
  for (const path of ["/health", "/nothing"]) {
    const { headers } = await askSocket(t, app, "GET", path);
    assert.deepEqual([headers["sentry-config"], headers["sentry-pid"]], [config, String(process.pid)]);
  }
});

test("who comes by the socket and means another configuration is refused, and nothing is done", async (t) => {
  const { app, world } = served([law("dummy")]);
  for (const [method, path] of [["POST", "/entries/dummy/down"], ["GET", "/health"], ["GET", "/nothing"]] as const) {
    assert.equal((await askSocket(t, app, method, path, { "sentry-config": "%2Fsrv%2Fother.ts" })).statusCode, 421);
  }
  assert.equal(world.told().length, 1);
  assert.equal((await askSocket(t, app, "GET", "/health", { "sentry-config": config })).statusCode, 200);
  assert.equal((await app.inject({ url: "/health", headers: { "sentry-config": "%2Fsrv%2Fother.ts" } })).statusCode, 200, "over TCP it means nothing");
});

test("a method that nobody has heard of is as wrong as one that is known elsewhere", async (t) => {
  const { app } = served([]);
  const answer = await askSocket(t, app, "PROPFIND", "/entries/dummy");
  assert.deepEqual([answer.statusCode, answer.headers.allow], [405, "GET, HEAD, PATCH"]);
});
