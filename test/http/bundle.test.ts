/** What a running Sentry loads at the first byte that comes: dist/http.js, which does not have all of fastify. */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Http } from "../../src/http/listener.ts";
import type { Late } from "../../src/http/listener.ts";
import { law } from "../support/world.ts";
import { listeningAtPath } from "./socket.ts";
import { viewOf } from "./view.ts";

const bundle = new URL("../../../dist/http.js", import.meta.url);

async function serving(t: TestContext) {
  const { path, fd } = await listeningAtPath(t);
  const { view, bugs } = viewOf([law("dummy")]);
  const listener = new Http(view, async () => await import(bundle.href) as Late).listen({ kind: "socket", fd, left: [] });
  t.after(() => listener.drain(0));
  const ask = async (route: string, body?: string, type = "application/json") => {
    const [method, url] = route.split(" ");
    const headers = body === undefined ? {} : { "content-type": type };
    const asked = request({ socketPath: path, method, path: url, agent: false, headers }).end(body);
    const [answer] = await once(asked, "response") as [IncomingMessage];
    return { status: answer.statusCode, body: await text(answer) };
  };
  return { ask, bugs };
}

test("the bundle answers all that there is to answer", async (t) => {
  const { ask, bugs } = await serving(t);
  const cases: [number, ...Parameters<typeof ask>][] = [
    [200, "GET /health"],
    [200, "HEAD /processes"],
    [200, "GET /processes/dummy:0"],
    [200, "GET /strays"],
    [200, "GET /entries"],
    [200, "GET /metrics"],
    [200, "GET /types"],
    [200, "POST /type/dummy", "scale=1", "application/x-www-form-urlencoded"],
    [400, "PATCH /entries/dummy", '{"count":-1}'],
    [400, "PATCH /entries/dummy", "{"],
    [400, "GET /processes?nope=1"],
    [400, "GET /%"],
    [404, "GET /entries/nobody"],
    [404, "GET /nothing"],
    [405, "DELETE /entries"],
    [413, "PATCH /entries/dummy", `"${"x".repeat(65 * 1024)}"`],
    [415, "PATCH /entries/dummy", "count=1", "text/plain"],
  ];
  for (const [status, ...asked] of cases) {
    const answer = await ask(...asked);
    assert.equal(answer.status, status, `${asked[0]}: ${answer.body}`);
  }
  assert.deepEqual(bugs, []);
});

test("none of what compiles schemas is in the bundle", () => {
  const inputs = Object.keys((JSON.parse(readFileSync(new URL("../../bundle-late.json", import.meta.url), "utf8")) as { inputs: object }).inputs);
  const packages = new Set(inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]));
  assert.ok(packages.has("fastify"));
  for (const compiler of ["ajv", "typebox", "@fastify/ajv-compiler", "@fastify/fast-json-stringify-compiler", "pino", "light-my-request"]) {
    assert.equal(packages.has(compiler), false, compiler);
  }
  assert.deepEqual(inputs.filter((input) => /fast-json-stringify\/(?!lib\/(serializer|v8)\.js)/.test(input)), []);
});
