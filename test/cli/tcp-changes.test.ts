/** What becomes of the TCP address where a reload brings another, where Sentry is killed, and where its socket is removed. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { suite, test } from "node:test";

import { Wire } from "../http/wire.ts";
import { reloads } from "../support/reloading.ts";
import { at, configured, isServedAt, running } from "../support/served.ts";
import { history, pids } from "../support/shown.ts";
import { ask, bearing, freePort, occupy, refusalAt, tokenOf } from "../support/tcp.ts";
import { until } from "../support/until.ts";

suite("a reload to another address", { concurrency: 2 }, () => {
  test("opens the new one and closes the old one, for those who are connected too", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    const wire = new Wire(t, port).write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await wire.answers(1);
    const next = await freePort();
    configured(site, at(next));
    await reloads(site);
    assert.equal((await ask(next, "/processes")).status, 200);
    assert.equal(await refusalAt(port), "ECONNREFUSED");
    await wire.closed;
    assert.equal((await pids(site)).get("x:0"), pid);
    configured(site, at(port));
    await reloads(site);
    assert.deepEqual([await refusalAt(port), await refusalAt(next)], [null, "ECONNREFUSED"]);
    await sentry.stop();
    assert.equal(await refusalAt(port), "ECONNREFUSED");
  });

  test("opens another address of the same port, and back", async (t) => {
    const { site, port, sentry } = await running(t);
    configured(site, `{ http: "*:${port}" }`);
    await reloads(site);
    assert.equal((await ask(port, "/health", { host: "127.0.0.2" })).status, 200);
    assert.equal((await ask(port, "/processes")).status, 401, "others reach it now");
    assert.equal((await ask(port, "/processes", { headers: bearing(tokenOf(site)) })).status, 200);
    configured(site, at(port));
    await reloads(site);
    assert.equal((await ask(port, "/processes")).status, 200);
    assert.equal(await refusalAt(port, "127.0.0.2"), "ECONNREFUSED");
    assert.ok(!sentry.lines.some((line) => line.includes("HTTP")), sentry.lines.join("\n"));
    await sentry.stop();
  });

  test("to none closes the old one: nobody listens, and the socket answers; then one to an address opens that", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    configured(site, "{ http: false }");
    await reloads(site);
    assert.equal(await refusalAt(port), "ECONNREFUSED");
    assert.equal((await pids(site)).get("x:0"), pid);
    configured(site, at(port));
    await reloads(site);
    assert.equal((await ask(port, "/processes")).status, 200);
    await sentry.stop();
  });

  test("of the same port, that is taken, is refused, and the old one answers", async (t) => {
    const { site, port, sentry } = await running(t);
    await occupy(port, t, "127.0.0.3");
    configured(site, `{ http: "127.0.0.3:${port}" }`);
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 7, stderr);
    assert.equal((await ask(port, "/processes")).status, 200);
    await sentry.stop();
  });

  test("puts other `hosts` in force, and takes out those of before", async (t) => {
    const { site, port, sentry } = await running(t);
    const statuses = async () => [
      (await ask(port, "/health", { headers: { host: "one.example" } })).status, (await ask(port, "/health", { headers: { host: "two.example" } })).status,
    ];
    for (const [host, expected] of [["one.example", [200, 403]], ["two.example", [403, 200]]] as const) {
      configured(site, `{ http: { address: "127.0.0.1:${port}", hosts: ["${host}"] } }`);
      await reloads(site);
      assert.deepEqual(await statuses(), expected);
    }
    await sentry.stop();
  });

  for (const [what, addressOf, why] of [
    ["is taken", (port: number) => `127.0.0.1:${port}`, "EADDRINUSE"], ["is not this machine's", (port: number) => `203.0.113.77:${port}`, "EADDRNOTAVAIL"],
  ] as const) {
    test(`that ${what} is refused: exit 7 and 422, all runs on, and the old address answers`, async (t) => {
      const { site, port, sentry, pid } = await running(t);
      const occupant = await occupy(0, t);
      const address = addressOf(occupant.port);
      configured(site, `{ http: "${address}" }`);
      const { code, stdout, stderr } = await site.sentry(["reload", "sample.ts"]);
      assert.deepEqual([code, stdout], [7, ""], stderr);
      for (const word of [address, why]) assert.ok(stderr.includes(word), stderr);
      await sentry.line(new RegExp(`^Problem encountered while compiling ${site.path("sample.ts")}$`));
      await sentry.line(new RegExp(`^cannot use .*\\b${address}\\b.*${why}`));
      const reply = await ask(port, "/reload", { method: "POST", headers: bearing(tokenOf(site)) });
      assert.equal(reply.status, 422);
      assert.equal((JSON.parse(reply.text) as { code: string }).code, "E_CONFIG_INVALID");
      assert.ok(reply.text.includes(address));
      assert.equal((await ask(port, "/processes")).status, 200);
      assert.equal((await pids(site)).get("x:0"), pid);
      assert.deepEqual(history(site, "reloaded"), []);
      await occupant.leave();
      configured(site, at(occupant.port));
      await reloads(site);
      assert.deepEqual([await refusalAt(occupant.port), await refusalAt(port)], [null, "ECONNREFUSED"]);
      await sentry.stop();
    });
  }
});

suite("after a SIGKILL of Sentry", { concurrency: 2 }, () => {
  test("nobody answers at its address until the next one takes over, which does", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    const wire = new Wire(t, port).write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await wire.answers(1);
    sentry.kill("SIGKILL");
    await sentry.ended;
    await wire.closed;
    assert.equal(await refusalAt(port), "ECONNREFUSED", "no child has it, nor the keeper");
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await isServedAt(port);
    const [shown] = JSON.parse((await ask(port, "/processes")).text) as { pid: number }[];
    assert.equal(shown?.pid, pid);
    await second.stop();
  });

  test("an address that somebody else has got meanwhile is told, and its processes are taken over all the same", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    sentry.kill("SIGKILL");
    await sentry.ended;
    const occupant = await occupy(port, t);
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await second.line(new RegExp(`^Cannot use .*\\b127\\.0\\.0\\.1:${port}\\b.*EADDRINUSE`));
    assert.equal((await pids(site)).get("x:0"), pid);
    process.kill(pid, "SIGKILL");
    await second.started("x");
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 7, stderr);
    await occupant.leave();
    await reloads(site);
    assert.equal((await ask(port, "/processes")).status, 200);
    await second.stop();
  });
});

test("where the socket's file was removed, TCP goes on, the command says so, and SIGHUP brings it back", async (t) => {
  const { site, port, sentry, pid } = await running(t);
  rmSync(site.path("sample.run/socket"));
  const { code, stdout, stderr } = await site.sentry(["status", "sample.ts"]);
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /socket was removed/);
  assert.equal((await ask(port, "/processes")).status, 200);
  assert.equal((await ask(port, "/history", { headers: bearing(tokenOf(site)) })).status, 200);
  sentry.kill("SIGHUP");
  await sentry.line(/^Sentry reexec'd/);
  await until("the socket is back", () => existsSync(site.path("sample.run/socket")));
  assert.equal((await site.sentry(["status", "sample.ts"])).code, 0);
  assert.equal((await pids(site)).get("x:0"), pid);
  assert.equal((await ask(port, "/processes")).status, 200);
  await sentry.stop();
});
