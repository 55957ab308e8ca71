/** When a process is ready: each way to find out, what running out of time is, and who goes by it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, told } from "../support/slots.ts";
import { freePort } from "../support/tcp.ts";
import { until } from "../support/until.ts";

/** One way to be ready: how it is asked for, and what makes it so. */
interface Way {
  readonly option: string;
  readonly open: () => Promise<unknown>;
}

async function listen(t: TestContext, server: Server, port: number): Promise<void> {
  t.after(() => server.close());
  await once(server.listen(port, "127.0.0.1"), "listening");
}

const WAYS: Readonly<Record<string, (t: TestContext, site: Site, puppets: Puppets) => Promise<Way>>> = {
  notify: async (_t, _site, puppets) => ({ option: "notify: true", open: () => puppets.bid("x:0", "says READY=1") }),
  fd: async (_t, _site, puppets) => ({ option: "fd: 5", open: () => puppets.bid("x:0", "echo >&5") }),
  log: async (_t, _site, puppets) => ({ option: "log: /listening on \\d+/", open: () => puppets.bid("x:0", "echo listening on 80 >&2") }),
  tcp: async (t) => {
    const port = await freePort();
    return { option: `tcp: ${port}`, open: () => listen(t, createTcpServer((socket) => socket.destroy()), port) };
  },
  http: async (t) => {
    const port = await freePort();
    let status = 503;
    let asked = 0;
    const open = async (): Promise<void> => {
      await listen(t, createServer((_, response) => {
        asked++;
        response.writeHead(status).end();
      }), port);
      await until("a status that is none was seen", () => asked >= 2);
      status = 399;
    };
    return { option: `http: "http://127.0.0.1:${port}/health"`, open };
  },
  exec: async (_t, site) => ({ option: 'exec: ["test", "-e", "go"]', open: async () => site.write("go", "") }),
};

for (const [name, prepare] of Object.entries(WAYS)) {
  suite(`by ${name} a process`, { concurrency: 2 }, () => {
    test("is starting until it is ready, and that is told", async (t) => {
      const site = new Site(t);
      const puppets = new Puppets(site);
      const { option, open } = await prepare(t, site, puppets);
      site.config(`entry("x", ${puppets.shell()}, { ready: { ${option}, interval: 20 } })`);
      const sentry = site.start();
      await becomes(site, "x:0", "starting");
      const pid = await until("it is started", () => history(site, "started")[0]?.pid);
      assert.equal((await site.get("/ready")).status, 503);
      const { body } = await site.get("/processes/x:0");
      assert.equal((body as { ready: boolean }).ready, false);
      assert.deepEqual(told(site, "x"), ["started"]);
      await open();
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      assert.equal((await site.get("/ready")).status, 200);
      assert.deepEqual(history(site).map((line) => [line.type, line.pid]), [["started", pid], ["ready", pid]]);
      await sentry.stop();
    });

    test("that runs out of time has failed: it is ended, with that cause, and counts for the limit", async (t) => {
      const site = new Site(t);
      const puppets = new Puppets(site);
      const { option } = await prepare(t, site, puppets);
      const options = `ready: { ${option}, interval: 50, timeout: 200 }, delay: 500, limit: { count: 1, within: "1h" }`;
      site.config(`entry("x", ${puppets.shell()}, { ${options} })`);
      const sentry = site.start();
      await becomes(site, "x:0", "failed");
      const life = ["started", "stopping", "exited"];
      assert.deepEqual(told(site, "x"), [...life, "waiting", ...life, "failed"]);
      for (const exit of history(site, "exited")) assert.deepEqual([exit.signal, exit.cause], ["SIGTERM", "readyTimeout"]);
      await sentry.stop();
    });
  });
}

suite("a process that is to be ready", { concurrency: 3 }, () => {
  test("has failed for good where it runs out of time and is never to be restarted", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { ready: { notify: true, timeout: 100 }, restart: "never" })');
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    assert.deepEqual(told(site, "x"), ["started", "stopping", "exited", "failed"]);
    await sentry.stop();
  });

  test("is counted by the backoff for each time that it ran out", async (t) => {
    const site = new Site(t);
    const backoff = '{ factor: 3, max: "1h", jitter: 0, resetAfter: "1h" }';
    site.config(`entry("x", "sleep", ["1000"], { ready: { notify: true, timeout: 50 }, delay: 200, backoff: ${backoff}, limit: { count: 3, within: "1h" } })`);
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    const exits = history(site, "exited").map(({ mono }) => Number(mono));
    const waits = history(site, "waiting").map((line, n) => Math.round(Number(line["until"]) - (exits[n] ?? 0)));
    assert.deepEqual(waits, [200, 600, 1800]);
    await sentry.stop();
  });

  test("has failed where it ends before, however it ends", async (t) => {
    const site = new Site(t);
    site.config('entry("well", "true", [], { ready: "notify", restart: "never" }), entry("badly", "false", [], { ready: { fd: 3 }, restart: "never" })');
    const sentry = site.start();
    for (const name of ["well", "badly"]) {
      await becomes(site, `${name}:0`, "failed");
      assert.deepEqual(told(site, name), ["started", "exited", "failed"]);
    }
    assert.deepEqual(history(site, "exited").map(({ code, cause }) => [code, cause]).sort(), [[0, "exited"], [1, "exited"]]);
    await sentry.stop();
  });

  test("is what the next of a rolling restart waits for, which stops at the first that is not", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    const script = puppets.shell("test -e stuck || says READY=1");
    site.config(`entry("x", ${script}, { count: 3, ready: { notify: true, timeout: "2s" }, restart: "never" })`);
    const sentry = site.start();
    const ids = ["x:0", "x:1", "x:2"];
    const running = async (): Promise<(number | null)[]> => Promise.all(ids.map(async (id) => (await becomes(site, id, "running")).pid));
    const before = await running();
    const rolled = await site.sentry(["restart", "--rolling", "x", "-c", "sample.ts"]);
    assert.equal(rolled.code, 0, rolled.stderr);
    const after = await running();
    assert.ok(after.every((pid) => !before.includes(pid)), `${after.join()} after ${before.join()}`);
    let ready = 0;
    for (const { type } of history(site, "ready", "stopping").slice(ids.length)) {
      ready += type === "ready" ? 1 : -1;
      assert.ok(ready >= 0, "an old one was ended before another was ready");
    }
    site.write("puppets/stuck", "");
    const stopped = await site.sentry(["restart", "--rolling", "x", "-c", "sample.ts"]);
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.deepEqual(await running(), after, "none of the old ones was ended");
    await sentry.stop();
  });

  test("is, and is not, according to sentry status", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify" })`);
    const sentry = site.start();
    await becomes(site, "x:0", "starting");
    const status = async (): Promise<string> => (await site.sentry(["status", "sample.ts"])).stdout;
    assert.match(await status(), /x:0 +starting/);
    await puppets.bid("x:0", "says READY=1");
    await becomes(site, "x:0", "running");
    assert.match(await status(), /x:0 +running/);
    await sentry.stop();
  });

  test("and is a daemon is looked at once it has forked itself away, within the same time", async (t) => {
    const site = new Site(t);
    const daemon = (name: string, more: string): string =>
      `entry("${name}", "sh", ["-c", "sleep 1000 > /dev/null 2>&1 & exit 0"], { daemon: true, restart: "never", ready: { exec: ["test", "-e", "go"], interval: 20${more} } })`;
    site.config(`${daemon("x", "")}, ${daemon("late", ", timeout: 700")}`);
    const sentry = site.start();
    await becomes(site, "late:0", "failed");
    assert.deepEqual(told(site, "late"), ["started", "stopping", "exited", "failed"]);
    await becomes(site, "x:0", "starting");
    assert.deepEqual(told(site, "x"), ["started"]);
    site.write("go", "");
    const { pid } = await becomes(site, "x:0", "running");
    assert.deepEqual(history(site, "ready").map((line) => line.pid), [pid]);
    assert.notEqual(history(site, "started")[0]?.pid, pid);
    await sentry.stop();
  });
});
