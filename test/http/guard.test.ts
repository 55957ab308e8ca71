/** Whom the TCP address answers, and what. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { openSocket, openTcp, TOKEN } from "./opened.ts";
import { Wire } from "./wire.ts";

interface Asked {
  readonly path?: string;
  readonly method?: string;
  /** Whole lines. */
  readonly headers?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly head: string;
}

async function ask(t: TestContext, to: string | number, { path = "/health", method = "GET", headers = [] }: Asked, host?: string): Promise<Answer> {
  const wire = new Wire(t, to, host);
  wire.write([`${method} ${path} HTTP/1.1`, ...headers, "Connection: close", "", ""].join("\r\n"));
  await wire.closed;
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(wire.got)?.[1]), code: /"code":"([A-Z_]+)"/.exec(wire.got)?.[1],
    head: wire.got.slice(0, wire.got.indexOf("\r\n\r\n")),
  };
}

async function statuses(t: TestContext, port: number, all: readonly (readonly [status: number, asked: Asked])[], host?: string): Promise<void> {
  for (const [status, asked] of all) {
    const answer = await ask(t, port, asked, host);
    assert.equal(answer.status, status, `${JSON.stringify(asked)}: ${answer.head}`);
  }
}

const hosted = (host: string): Asked => ({ headers: [`Host: ${host}`] });

test("a request has to name the address, localhost, or one of the names that are ours", async (t) => {
  const { port } = await openTcp(t, { hosts: ["Sentry.Example", "10.1.2.3:80", "fe80::1"] });
  await statuses(t, port, [
    ...["127.0.0.1", `127.0.0.1:${port}`, "127.0.0.1:9000", "localhost", "LOCALHOST:1", "localhost.", "localhost.:80", "localhost:",
      "sentry.example", "SENTRY.EXAMPLE.:8001", "10.1.2.3", "10.1.2.3:8001", "[fe80::1]", "[FE80:0:0:0:0:0:0:1]:8001",
    ].map((host) => [200, hosted(host)] as const),
    ...["evil.example", "localhost.evil.example", "evillocalhost", "sentry.example.evil", "127.0.0.2", "127.0.0.1.evil.example", "[::1]",
      "", "localhost@evil.example", "evil.example@localhost", "localhost/", "localhost#", "localhost:80:80", "localhost:x", "localhost:99999",
      "[localhost]", "[fe80::1", "fe80::1", "localhost, evil.example", "a b", "%6cocalhost", "*", "localhost..", "ſentry.example",
    ].map((host) => [403, hosted(host)] as const),
  ]);
});

test("a request that names no host, or two, is wrong", async (t) => {
  const { port } = await openTcp(t);
  const { path } = await openSocket(t);
  for (const to of [port, path]) {
    for (const headers of [[], ["Host: localhost", "Host: localhost"], ["host: localhost", "HOST: evil.example"]]) {
      const { status, code, head } = await ask(t, to, { headers });
      assert.deepEqual([status, code], [400, "E_USAGE"]);
      assert.match(head, /^content-type: application\/problem\+json/im);
    }
  }
});

test("where all addresses are listened on, each by which the machine is reached is ours", async (t) => {
  const { port } = await openTcp(t, { host: "*", bound: "::" });
  const others = Object.values(networkInterfaces()).flat().filter((one) => one?.family === "IPv4" && !one.internal);
  for (const host of ["127.0.0.1", "127.0.0.2", ...others.map((one) => one!.address)]) {
    await statuses(t, port, [[200, hosted(`${host}:${port}`)], [403, hosted("127.0.0.3")], [403, hosted("0.0.0.0")]], host);
  }
  await statuses(t, port, [[200, hosted("[::1]")], [200, hosted("[0:0::1]:80")], [403, hosted("127.0.0.1")]], "::1");
});

test("what a page of another origin asks is refused, whatever it is", async (t) => {
  const { port } = await openTcp(t, { hosts: ["sentry.example"] });
  const from = (origin: string, host = `localhost:${port}`): Asked => ({ headers: [`Host: ${host}`, `Origin: ${origin}`] });
  await statuses(t, port, [
    [200, from(`http://localhost:${port}`)],
    [200, from("http://localhost:9000", "localhost:9000")],
    [200, from("https://sentry.example", "sentry.example")],
    [200, from("https://sentry.example", "sentry.example:443")],
    [200, from("http://localhost:9000", "LOCALHOST:9000")],
    [403, from("null")],
    [403, from("")],
    [403, from("http://evil.example")],
    [403, from("http://localhost")],
    [403, from(`http://localhost:${port + 1}`)],
    [403, from(`http://127.0.0.1:${port}`)],
    [403, from("https://sentry.example", "sentry.example:80")],
    [403, from("file://")],
    [403, from(`http://localhost:${port} http://localhost:${port}`)],
    [403, from(`http://localhost:${port}/`)],
    [403, from(`http://x@localhost:${port}`)],
    [403, { headers: [`Host: localhost:${port}`, `Origin: http://localhost:${port}`, "Origin: http://evil.example"] }],
  ]);
  const post = { path: "/stop", method: "POST", headers: ["Host: localhost", "Origin: http://evil.example", `Authorization: Bearer ${TOKEN}`] };
  assert.deepEqual((await ask(t, port, post)).code, "E_FORBIDDEN");
});

const shown = (authorization: string | null): string[] =>
  authorization === null ? ["Host: localhost"] : ["Host: localhost", `Authorization: ${authorization}`];

test("on a loopback address anybody may read how things are; all else asks for the token", async (t) => {
  const { port, world } = await openTcp(t);
  for (const path of ["/health", "/ready", "/processes", "/entries", "/metrics", "/types"]) {
    const { status } = await ask(t, port, { path, headers: shown(null) });
    assert.ok(status === 200 || (path === "/ready" && status === 503), path);
  }
  for (const [method, path] of [
    ["GET", "/history"], ["GET", "/events"], ["GET", "/entries/dummy/logs"], ["POST", "/processes/dummy:0/down"], ["POST", "/stop"],
    ["POST", "/reload"], ["GET", "/nowhere"], ["PATCH", "/entries/dummy"], ["POST", "/type/dummy"], ["PUT", "/stop"],
  ] as const) {
    for (const authorization of [
      null, "", "Bearer", "Bearer ", `Bearer ${TOKEN}0`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${"ff00".repeat(16)}`, `Basic ${TOKEN}`,
      TOKEN, `Bearer ${TOKEN}, Bearer x`, `Bearer "${TOKEN}"`,
    ]) {
      const { status, code, head } = await ask(t, port, { method, path, headers: shown(authorization) });
      assert.deepEqual([status, code], [401, "E_UNAUTHORIZED"], `${method} ${path} with ${authorization}`);
      assert.match(head, /^www-authenticate: Bearer/im);
    }
  }
  assert.ok(world.records.every(({ by }) => by === null), "something was done");
});

test("with the token all is done, and the history says that somebody with the token has asked", async (t) => {
  const { port, world } = await openTcp(t);
  for (const scheme of ["Bearer", "bearer", "BEARER "]) {
    assert.equal((await ask(t, port, { path: "/history", headers: shown(`${scheme} ${TOKEN}`) })).status, 200);
  }
  const { status } = await ask(t, port, { method: "POST", path: "/processes/dummy:0/down", headers: shown(`Bearer ${TOKEN}`) });
  assert.equal(status, 200);
  assert.deepEqual(world.records.at(-1)?.by, { kind: "token", pid: null, uid: null });
});

test("on an address that others reach all but /health asks for the token", async (t) => {
  for (const host of ["*", "0.0.0.0", "192.0.2.1"]) {
    const { port } = await openTcp(t, { host, bound: "0.0.0.0" });
    await statuses(t, port, [
      [200, { headers: shown(null) }],
      [401, { path: "/processes", headers: shown(null) }],
      [401, { path: "/ready", headers: shown(null) }],
      [401, { path: "/nowhere", headers: shown(null) }],
      [200, { path: "/processes", headers: shown(`Bearer ${TOKEN}`) }],
    ]);
  }
});

test("over the Unix socket nothing is asked for, and the history says who it was", async (t) => {
  const { path, world } = await openSocket(t);
  const headers = ["Host: evil.example", "Origin: http://evil.example"];
  assert.equal((await ask(t, path, { method: "POST", path: "/processes/dummy:0/down", headers })).status, 200);
  assert.deepEqual(world.records.at(-1)?.by, { kind: "socket", pid: 4000, uid: 1000 });
});
