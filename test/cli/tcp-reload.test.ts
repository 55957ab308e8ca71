/** What clients of the TCP address notice of a reload: as little as can be. */
import assert from "node:assert/strict";
import { copyFileSync, readdirSync, renameSync } from "node:fs";
import { Agent } from "node:http";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Wire } from "../http/wire.ts";
import { reloads } from "../support/reloading.ts";
import { at, configured, isServedAt, running } from "../support/served.ts";
import { halfRequest, history, pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, bearing, freePort, refusalAt, tokenOf } from "../support/tcp.ts";
import type { Asked, Reply } from "../support/tcp.ts";
import { until } from "../support/until.ts";

/** Asks one thing after the other until it is told to end, and gives all answers. */
function asksAllTheTime(port: number, asked: Asked): () => Promise<Reply[]> {
  let over = false;
  const replies: Reply[] = [];
  const all = (async () => {
    for (let n = 0; !over; n++) replies.push(await ask(port, ["/processes", "/health", "/history?limit=5", "/metrics"][n % 4] ?? "", asked));
  })();
  all.catch(() => {}); // thrown when it is asked for
  return async () => {
    over = true;
    await all;
    return replies;
  };
}

function keepAlive(t: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  return agent;
}

suite("a reload, over TCP", { concurrency: 2 }, () => {
  test("is not noticed by one who asks on the same connection before, during and after it", async (t) => {
    const { site, port, sentry } = await running(t);
    const agent = keepAlive(t);
    const from = new Set<number | undefined>();
    for (let n = 0; n < 3; n++) {
      let done = false;
      const reload = reloads(site).finally(() => { done = true; });
      while (!done) {
        const reply = await ask(port, "/processes", { agent });
        assert.equal(reply.status, 200);
        from.add(reply.from);
      }
      await reload;
    }
    assert.equal((await ask(port, "/processes", { agent })).status, 200);
    assert.equal(from.size, 1, "it was always the same connection");
    assert.equal(history(site, "reloaded").length, 3);
    await sentry.stop();
  });

  test("is not noticed by connections on which nothing is asked meanwhile, be it their first request that comes then", async (t) => {
    const { site, port, sentry } = await running(t);
    const silent = new Wire(t, port);
    const idle = new Wire(t, port).write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await idle.answers(1);
    for (let n = 0; n < 2; n++) await reloads(site);
    for (const wire of [silent, idle]) {
      assert.ok(!wire.socket.closed);
      wire.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /types HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      await wire.closed;
      assert.match(wire.got, /1 x: sleep 1000 {2}-- 1000ms\.\n/);
    }
    assert.equal(silent.got.split("HTTP/1.1 200").length - 1, 2);
    assert.equal(idle.got.split("HTTP/1.1 200").length - 1, 3);
    await sentry.stop();
  });

  test("loses none of those who ask all the time, each on a connection of its own or always on the same, and refuses none", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    const headers = bearing(tokenOf(site));
    const ends = [asksAllTheTime(port, { headers }), asksAllTheTime(port, { headers }), asksAllTheTime(port, { headers, agent: keepAlive(t) })];
    for (let n = 0; n < 5; n++) await reloads(site);
    const replies = (await Promise.all(ends.map((end) => end())));
    for (const all of replies) {
      assert.ok(all.length > 10, `${all.length} were asked`);
      assert.deepEqual([...new Set(all.map(({ status }) => status))], [200]);
    }
    assert.equal(new Set(replies[2]?.map(({ from }) => from)).size, 1);
    assert.equal((await pids(site)).get("x:0"), pid);
    assert.equal(history(site, "reloaded").length, 5);
    await sentry.stop();
  });

  test("gives no process that is started after it a descriptor of the address, or of those who are connected", async (t) => {
    const { site, port, sentry, pid } = await running(t);
    const wires = [new Wire(t, port), new Wire(t, port).write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")];
    await wires[1]?.answers(1);
    await reloads(site);
    await isServedAt(port);
    process.kill(pid, "SIGKILL");
    const next = await sentry.started("x");
    assert.deepEqual(readdirSync(`/proc/${next}/fd`).sort(), ["0", "1", "2"]);
    for (const wire of wires) assert.ok(!wire.socket.closed);
    await sentry.stop();
    await Promise.all(wires.map(({ closed }) => closed));
  });

  test("that is asked for there is answered with the promised id, and done", async (t) => {
    const { site, port, sentry } = await running(t);
    const { status, text } = await ask(port, "/reload", { method: "POST", headers: bearing(tokenOf(site)) });
    assert.equal(status, 202);
    const { reload } = JSON.parse(text) as { reload: number };
    await until("it is recorded", () => history(site, "reloaded").some(({ id }) => id === reload));
    assert.equal((await ask(port, "/processes")).status, 200);
    await sentry.stop();
  });

  test("that fails in its exec leaves the address as it was, and connections to it", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    configured(site, at(port));
    const node = site.path("node");
    copyFileSync(process.execPath, node);
    const sentry = site.open(node, site.command("start", "sample.ts").slice(1));
    await sentry.started("x");
    await isServedAt(port);
    const headers = bearing(tokenOf(site));
    const agent = keepAlive(t);
    const { from } = await ask(port, "/health", { agent });
    const next = await freePort();
    for (const options of [at(port), at(next), "{ http: false }"]) {
      configured(site, options);
      const end = asksAllTheTime(port, { headers });
      // Node is taken away when it has been tried and before it is run: half a request makes the reload wait just there.
      const half = await halfRequest(site);
      sentry.kill("SIGHUP");
      await sentry.line(/ successfully compiled\.$/);
      renameSync(node, `${node}.away`);
      half.resume();
      await sentry.line(new RegExp(`^cannot reload: ${node}: exec: .*ENOENT`));
      renameSync(`${node}.away`, node);
      assert.equal((await ask(port, "/health", { agent })).from, from, options);
      assert.deepEqual([...new Set((await end()).map(({ status }) => status))], [200], options);
      assert.equal(await refusalAt(next), "ECONNREFUSED", options);
    }
    await reloads(site);
    assert.equal(await refusalAt(port), "ECONNREFUSED");
    await sentry.stop();
  });
});
