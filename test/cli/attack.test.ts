/** Whatever is done to the TCP address, supervision and the Unix socket go on as if nothing were. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { Site } from "../support/site.ts";
import { Wire } from "../http/wire.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Begins with what test/fixtures/attacker.mjs calls that. */
async function attack(t: TestContext, port: number, way: string, count: number): Promise<() => Promise<void>> {
  const fixture = `${packageFolder()}/test/fixtures/attacker.mjs`;
  const child = spawn(process.execPath, [fixture, String(port), way, String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "close");
  t.after(() => child.kill("SIGKILL"));
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  assert.equal(value, "attacking");
  return async () => {
    child.stdin.end();
    await gone;
  };
}

function resident(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** As many as this process, and so each that it starts, can have open. */
const OPEN_FILES = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? Infinity);

const MANY = Math.min(10_000, Math.floor(OPEN_FILES / 2));

suite("under attack", { concurrency: 1 }, () => {
  for (const [way, count, what] of [
    ["idle", MANY, `${MANY} connections on which nothing is said`],
    ["slowHeaders", 2000, "2000 connections whose headers come slowly"],
    ["slowBodies", 2000, "2000 connections whose bodies come slowly"],
    ["garbage", 200, "garbage"],
    ["longHeaders", 200, "headers that do not end"],
    ["longBodies", 50, "bodies that do not end"],
    ["flood", 20, "requests and requests"],
    ["unread", 200, "answers that nobody takes"],
  ] as const) {
    test(`${what}: exits are handled on time, and the Unix socket answers`, async (t) => {
      const site = new Site(t);
      const port = await freePort();
      site.config('entry("x", "sleep", ["1000"], 50, 1)', "sample.ts", `{ http: "127.0.0.1:${port}" }`);
      const sentry = site.start();
      let pid = await sentry.started("x");
      const over = async (to: string | number) => {
        await new Wire(t, to).write("GET /processes HTTP/1.1\r\nHost: localhost\r\n\r\n").answers(1);
      };
      await over(port);
      const before = resident(sentry.pid);
      const end = await attack(t, port, way, count);
      // Nothing more comes of it, so after 10 s it is refused; all that follows is done by then.
      const clock = new Wire(t, site.path("sample.run/socket")).write("GET");
      for (let n = 0; n < 5; n++) {
        process.kill(pid, "SIGKILL");
        pid = await sentry.started("x");
        assert.equal((await site.get("/processes/x:0")).status, 200);
      }
      assert.equal(clock.got, "", "it was not done on time");
      const { body } = await site.get("/history?limit=20");
      const lines = (body as { type: string; at: string }[]).map(({ type, at }) => ({ type, at: Date.parse(at) }));
      const late = lines.flatMap(({ type, at }, n) => (type === "started" && n > 0 ? [at - lines.findLast((line, m) => m < n && line.type === "exited")!.at] : []));
      t.diagnostic(`from exit to start, of which 50 ms are wanted: ${late.map((ms) => ms.toFixed(0)).join(", ")} ms`);
      const grown = resident(sentry.pid) / before;
      t.diagnostic(`resident: ${grown.toFixed(2)} times as much`);
      assert.ok(grown < 5, "memory has grown");
      await end();
      await over(port);
      await sentry.stop();
    });
  }
});
