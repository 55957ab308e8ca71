/** Looks from outside that are to find a process ready: which answers are good ones. */
import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { freePort } from "../support/tcp.ts";

const localhost = await lookup("localhost", { all: true });

async function listen(t: TestContext, server: Server, port: number): Promise<void> {
  t.after(() => server.close());
  await once(server.listen(port, "127.0.0.1"), "listening");
}

suite("a look", { concurrency: 3 }, () => {
  test("by http is not sent elsewhere by an answer: that it is one is good enough", async (t) => {
    const site = new Site(t);
    const paths: string[] = [];
    const port = await freePort();
    await listen(t, createServer(({ url }, response) => {
      paths.push(url ?? "");
      response.writeHead(302, { location: "/elsewhere" }).end();
    }), port);
    site.config(`entry("x", "sleep", ["1000"], { ready: { http: "http://127.0.0.1:${port}/here" } })`);
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    assert.deepEqual(paths, ["/here"]);
    await sentry.stop();
  });

  for (const [status, isReady] of [[204, true], [400, false], [500, false]] as const) {
    test(`by http has found it ${isReady ? "" : "not "}ready where the answer is ${status}`, async (t) => {
      const site = new Site(t);
      const port = await freePort();
      await listen(t, createServer((_, response) => response.writeHead(status).end()), port);
      site.config(`entry("x", "sleep", ["1000"], { ready: { http: "http://127.0.0.1:${port}/", interval: 20, timeout: ${isReady ? 60_000 : 400} }, restart: "never" })`);
      const sentry = site.start();
      await becomes(site, "x:0", isReady ? "running" : "failed");
      await sentry.stop();
    });
  }

  test("by tcp with a port alone is at localhost, whatever its address is", { skip: localhost.every(({ address }) => address !== "::1") && "localhost is no ::1 here" }, async (t) => {
    const site = new Site(t);
    const port = await freePort();
    const server = createTcpServer((socket) => socket.destroy());
    t.after(() => server.close());
    await once(server.listen(port, "::1"), "listening");
    site.config(`entry("x", "sleep", ["1000"], { ready: { tcp: ${port} } })`);
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });

  test("that is not answered has failed, and another one is taken", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    let asked = 0;
    const server = createServer((_, response) => {
      if (asked++ > 0) response.end();
    });
    await listen(t, server, port);
    site.config(`entry("x", "sleep", ["1000"], { ready: { http: "http://127.0.0.1:${port}/", interval: 20 } })`);
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    assert.equal(asked, 2);
    server.closeAllConnections();
    await sentry.stop();
  });
});
