/** The port: what it opens, what it tells the law, and that it stops. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import type { Health, Ready } from "../../src/engine/probe.ts";
import { until } from "../support/until.ts";
import { stayAlive } from "./alive.ts";
import { freePort, httpServer, tcpServer } from "./servers.ts";
import { exit, prober } from "./world.ts";

stayAlive();

const exec = { kind: "exec", command: "check.sh", args: [] } as const;

function lines(run: number, text: string, stream: 0 | 1 = 0) {
  return { kind: "lines", run, stream, text } as const;
}

async function someTurns(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn();
}

test("a server that comes later makes its process ready, once", async (t) => {
  let status = 503;
  const { port, open } = await httpServer(t, (_, response) => response.writeHead(status).end());
  const { world, prober: all } = prober({ ready: { kind: "http", url: `http://127.0.0.1:${port}/`, interval: 1 } });
  all.probe(7, "web", 0, 1514, "ready");
  assert.deepEqual(world.happened, [], "it was answered from within the call");
  await until("it was found not to be", () => world.happened.length > 0);
  status = 200;
  await until("it is ready", () => world.happened.length > 1);
  await until("no connection is left", () => open.size === 0);
  await someTurns();
  assert.deepEqual(world.happened, [
    { kind: "examined", run: 7, ok: false, message: `GET http://127.0.0.1:${port}/: 503` }, { kind: "proven", run: 7 },
  ]);
});

test("after unprobe nothing is connected, and nothing is told", async (t) => {
  const { port, open } = await httpServer(t, () => {});
  const { world, prober: all } = prober({ ready: { kind: "http", url: `http://127.0.0.1:${port}/`, interval: 1 } });
  all.probe(7, "web", 0, 1514, "ready");
  await until("it is connected", () => open.size === 1);
  all.unprobe(7);
  await until("the connection is closed", () => open.size === 0);
  await someTurns();
  assert.deepEqual(world.happened, []);
});

test("a program makes its process ready", async () => {
  const { world, prober: all } = prober({ ready: { ...exec, interval: 1 } });
  all.probe(7, "web", 2, 1514, "ready");
  all.take(exit(await until("one has begun", () => world.begun[0]), { code: 1 }));
  all.take(exit(await until("another has begun", () => world.begun[1]), {}));
  await until("it is ready", () => world.happened.length > 1);
  assert.deepEqual(world.happened, [{ kind: "examined", run: 7, ok: false, message: "check.sh: exit code 1" }, { kind: "proven", run: 7 }]);
  assert.deepEqual(world.deeds, ["begin web:2 check.sh", "reap program 0", "begin web:2 check.sh", "reap program 1"]);
});

test("unprobe ends a program", async () => {
  const { world, prober: all } = prober({ ready: { ...exec, interval: 1 } });
  all.probe(7, "web", 0, 1514, "ready");
  await until("it has begun", () => world.begun.length === 1);
  all.unprobe(7);
  assert.deepEqual(world.deeds.slice(1), ["end program 0"]);
});

test("bad findings are all told, a good one only after a bad one, and the first", async (t) => {
  const { world, prober: all } = prober({ health: { probe: exec, interval: 1, timeout: 5_000 } });
  all.probe(7, "web", 0, 1514, "health");
  t.after(() => all.close());
  const codes = [0, 0, 0, 1, 1, 0, 0, 1];
  for (const [n, code] of codes.entries()) all.take(exit(await until(`program ${n} has begun`, () => world.begun[n]), { code }));
  await until("all was told", () => world.happened.length === 5);
  const bad = { kind: "examined", run: 7, ok: false, message: "check.sh: exit code 1" };
  const good = { kind: "examined", run: 7, ok: true, message: "" };
  assert.deepEqual(world.happened, [good, bad, bad, good, bad]);
});

test("that nobody can look is told once, and makes nobody unwell", async (t) => {
  const { world, prober: all } = prober({ health: { probe: exec, interval: 1, timeout: 5_000 } });
  t.after(() => all.close());
  all.probe(7, "web", 0, 1514, "health");
  const fault = { step: "clone", errno: "EAGAIN", message: "resource temporarily unavailable", subject: "" };
  for (let n = 0; n < 3; n++) all.take({ kind: "fault", run: await until(`program ${n} has begun`, () => world.begun[n]), ...fault });
  all.take(exit(await until("it can be looked at", () => world.begun[3]), { code: 1 }));
  await until("it is unwell", () => world.happened.length > 0);
  assert.deepEqual(world.told, ["Whether web:0 is well cannot be seen: check.sh: EAGAIN."]);
  assert.deepEqual(world.happened, [{ kind: "examined", run: 7, ok: false, message: "check.sh: exit code 1" }]);
});

test("what is wrong with a server is told in full", async (t) => {
  const port = await freePort();
  const { world, prober: all } = prober({ health: { probe: { kind: "tcp", host: "127.0.0.1", port }, interval: 1, timeout: 1_000 } });
  t.after(() => all.close());
  all.probe(7, "web", 0, 1514, "health");
  const [first] = await until("something was told", () => (world.happened.length > 0 ? world.happened : null));
  assert.deepEqual(first, { kind: "examined", run: 7, ok: false, message: `127.0.0.1:${port}: ECONNREFUSED` });
});

test("a newline makes ready whoever waits for one, once", () => {
  const { world, prober: all } = prober({ ready: { kind: "fd", fd: 3 } });
  all.see({ kind: "newline", run: 7 });
  all.probe(7, "web", 0, 1514, "ready");
  assert.deepEqual(world.happened, [], "one of before was taken for this run's");
  all.see({ kind: "newline", run: 8 });
  all.see({ kind: "newline", run: 7 });
  all.see({ kind: "newline", run: 7 });
  assert.deepEqual(world.happened, [{ kind: "proven", run: 7 }]);
});

test("a line that the pattern matches makes ready; lines may go only after they were looked at", () => {
  const { world, prober: all } = prober({ ready: { kind: "log", source: "listening on \\d+", flags: "" } });
  all.probe(7, "web", 0, 1514, "ready");
  all.see(lines(7, "starting\n"));
  assert.deepEqual(world.deeds, ["seen 7 0"]);
  all.see(lines(7, "listening on 8080\n", 1));
  assert.deepEqual(world.happened, [{ kind: "proven", run: 7 }]);
  assert.deepEqual(world.deeds, ["seen 7 0", "hush 7", "seen 7 1"]);
});

test("lines that nobody waits for may go, and no more of them are asked for", () => {
  const { world, prober: all } = prober({});
  all.see(lines(7, "listening\n"));
  assert.deepEqual(world.deeds, ["hush 7", "seen 7 0"]);
});

test("where only a sign of its own is waited for nobody looks; the line that is one is told, as a newline is", async () => {
  for (const [ready, sign] of [
    [{ kind: "log", source: "listening", flags: "" }, lines(7, "listening\n")], [{ kind: "fd", fd: 3 }, { kind: "newline", run: 7 }],
  ] as const) {
    const { world, prober: all } = prober({ ready });
    all.probe(7, "web", 0, 1514, "sign");
    all.see(sign);
    assert.deepEqual(world.happened, [{ kind: "proven", run: 7 }]);
  }
  const { world, prober: all } = prober({ ready: { ...exec, interval: 1 } });
  all.probe(7, "web", 0, 1514, "sign");
  await someTurns();
  assert.deepEqual([world.laidOut, world.happened], [0, []]);
});

test("what a process shows before the law has got to it is kept until then", async () => {
  const { world, prober: all } = prober({ ready: { kind: "log", source: "listening", flags: "" } });
  world.obeyed = false;
  all.see(lines(7, "listening\n"));
  await someTurns();
  assert.deepEqual(world.deeds, []);
  all.probe(7, "web", 0, 1514, "ready");
  world.obeyed = true;
  await until("it is ready", () => world.happened.length > 0);
  assert.deepEqual(world.deeds, ["hush 7", "seen 7 0"]);
});

test("unprobe lets the lines go", () => {
  const { world, prober: all } = prober({ ready: { kind: "log", source: "listening", flags: "" } });
  all.probe(7, "web", 0, 1514, "ready");
  all.unprobe(7);
  all.unprobe(7);
  assert.deepEqual(world.deeds, ["hush 7"]);
});

test("a pattern that takes for ever is told of, and given up in the end", () => {
  const { world, prober: all } = prober({ ready: { kind: "log", source: "^(a+)+$", flags: "" } });
  all.probe(7, "web", 3, 1514, "ready");
  const text = `${"a".repeat(60)}b\n`;
  for (let n = 0; n < 4; n++) all.see(lines(7, text));
  const told = "The ready pattern /^(a+)+$/ takes too long over what web:3 prints.";
  assert.deepEqual(world.told, [`${told} That counts as no match.`, `${told} It is not tried again on this process.`]);
  assert.deepEqual(world.deeds.filter((deed) => deed === "seen 7 0").length, 4);
  assert.deepEqual(world.happened, []);
});

test("another probe of a run takes the place of the one before", async () => {
  const health: Health = { probe: exec, interval: 1, timeout: 5_000 };
  const { world, prober: all } = prober({ ready: { ...exec, interval: 1 }, health });
  all.probe(7, "web", 0, 1514, "ready");
  await until("it is looked at", () => world.begun.length === 1);
  all.probe(7, "web", 0, 1514, "health");
  assert.deepEqual(world.deeds.slice(1), ["end program 0"]);
  await until("its health is looked at", () => world.begun.length === 2);
  assert.deepEqual(world.happened, []);
  all.close();
});

test("before a reload nobody is examined, and where it is called off everybody anew; who is ready is looked for all the while", async (t) => {
  const { world, prober: all } = prober({ ready: { ...exec, interval: 1 }, health: { probe: exec, interval: 1, timeout: 1 } });
  t.after(() => all.close());
  all.probe(7, "web", 0, 1514, "health");
  await until("it is looked at", () => world.begun.length === 1);
  all.rest(true);
  all.take(exit(world.begun[0] ?? 0, { signal: "SIGKILL" }));
  world.happened.length = 0;
  all.probe(8, "web", 1, 1515, "health");
  all.probe(9, "web", 2, 1516, "ready");
  for (let n = 1; n <= 10; n++) all.take(exit(await until(`program ${n} has begun`, () => world.begun[n]), { code: n === 10 ? 0 : 1 }));
  await until("one is ready", () => world.happened.length > 1);
  assert.deepEqual(world.happened.map(({ kind }) => kind), ["examined", "proven"]);
  assert.equal(new Set(world.deeds.filter((deed) => deed.startsWith("begin")).slice(1)).size, 1);
  all.rest(false);
  await until("both are looked at", () => world.begun.length === 13);
  assert.deepEqual(new Set(world.deeds.filter((deed) => deed.startsWith("begin")).slice(-2)), new Set(["begin web:0 check.sh", "begin web:1 check.sh"]));
});

test("nobody is looked at where nothing is asked for", async () => {
  for (const ready of [null, { kind: "notify" }] satisfies (Ready | null)[]) {
    const { world, prober: all } = prober(ready === null ? {} : { ready });
    world.configured = ready !== null;
    all.probe(7, "web", 0, 1514, "ready");
    all.probe(8, "web", 1, 1515, "health");
    await someTurns();
    assert.deepEqual([world.deeds, world.happened], [[], []]);
  }
});

test("after close nothing is told, and lines stay for whoever comes next", async (t) => {
  const { port, open } = await tcpServer(t);
  const { world, prober: all } = prober({ ready: { kind: "tcp", host: "127.0.0.1", port, interval: 1 } });
  all.probe(7, "web", 0, 1514, "ready");
  world.ready = { kind: "log", source: "listening", flags: "" };
  all.probe(8, "web", 1, 1515, "ready");
  all.close();
  all.see(lines(8, "listening\n"));
  await someTurns();
  assert.deepEqual([world.deeds, world.happened, open.size], [[], [], 0]);
});
