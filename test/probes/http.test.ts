/** Looks by GET. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { httpLook } from "../../src/probes/http.ts";
import { within } from "../../src/probes/look.ts";
import { until } from "../support/until.ts";
import { stayAlive } from "./alive.ts";
import { freePort, httpServer } from "./servers.ts";

stayAlive();

const never = new AbortController().signal;

async function look(url: string, limit = 5_000): Promise<string | null> {
  const finding = await within(limit, httpLook(url), never);
  assert(finding === null || typeof finding === "string");
  return finding;
}

test("statuses from 200 to 399 are well, all others are named", async (t) => {
  const { port } = await httpServer(t, ({ url }, response) => response.writeHead(Number(url?.slice(1))).end("a body"));
  const base = `http://127.0.0.1:${port}`;
  for (const status of [200, 204, 301, 302, 399]) assert.equal(await look(`${base}/${status}`), null, String(status));
  for (const status of [400, 404, 500, 503]) assert.equal(await look(`${base}/${status}`), `GET ${base}/${status}: ${status}`);
});

test("a redirect is not followed", async (t) => {
  const { port, count } = await httpServer(t, (_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
  assert.equal(await look(`http://127.0.0.1:${port}/`), null);
  assert.equal(count(), 1);
});

test("what is asked names who asks, and is a GET on a connection of its own", async (t) => {
  const seen: unknown[] = [];
  const { port, count } = await httpServer(t, ({ method, url, headers }, response) => {
    seen.push([method, url, headers.connection, headers["user-agent"]]);
    response.end();
  });
  for (const _ of [1, 2]) assert.equal(await look(`http://127.0.0.1:${port}/health?deep=1`), null);
  assert.deepEqual(seen, Array<unknown>(2).fill(["GET", "/health?deep=1", "close", "sentry"]));
  assert.equal(count(), 2);
});

test("a body without an end is not waited for, and its connection is closed", async (t) => {
  const { port, open } = await httpServer(t, (_, response) => {
    response.writeHead(200).write("for ever and ever");
  });
  assert.equal(await look(`http://127.0.0.1:${port}/`), null);
  await until("the server has seen it go", () => open.size === 0);
});

test("a server that says nothing has no answer in time, and its connection is closed", async (t) => {
  const { port, open, count } = await httpServer(t, () => {});
  const url = `http://127.0.0.1:${port}/`;
  assert.equal(await look(url, 100), `GET ${url}: no answer within 100 ms`);
  await until("the server has seen it come and go", () => count() === 1 && open.size === 0);
});

test("a server that hangs up, or does not speak HTTP, is not well", async (t) => {
  const server = createServer((socket) => socket.end("220 smtp.example ESMTP\r\n"));
  const silent = createServer((socket) => socket.end());
  for (const one of [server, silent]) {
    await new Promise<void>((resolve) => { one.listen(0, "127.0.0.1", resolve); });
    t.after(() => one.close());
    const url = `http://127.0.0.1:${(one.address() as AddressInfo).port}/`;
    assert.match(String(await look(url)), /: (HPE_INVALID_CONSTANT|ECONNRESET)$/);
  }
});

test("an answer that asks to speak something else is not well, and is not waited for", async (t) => {
  const { port } = await httpServer(t, ({ socket }) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  });
  assert.match(String(await look(`http://127.0.0.1:${port}/`)), /: (101|ECONNRESET|closed without an answer)$/);
});

test("a password in the address is used, and not shown", async (t) => {
  const seen: unknown[] = [];
  const { port } = await httpServer(t, ({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(401).end();
  });
  assert.equal(await look(`http://me:secret@127.0.0.1:${port}/`), `GET http://127.0.0.1:${port}/: 401`);
  assert.deepEqual(seen, [`Basic ${Buffer.from("me:secret").toString("base64")}`]);
});

test("a server that is not there is an error", async () => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  assert.equal(await look(url), `GET ${url}: ECONNREFUSED`);
});

test("https asks for TLS", async (t) => {
  const { port } = await httpServer(t, (_, response) => response.end());
  assert.match(String(await look(`https://127.0.0.1:${port}/`)), /: (ERR_SSL_|EPROTO|ECONNRESET)/);
});
