/** Requests that come faster than they are answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";


import { openSocket, openTcp, TOKEN } from "./opened.ts";
import type { FakePast } from "./past.ts";
import { Wire } from "./wire.ts";

const HEALTH = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
const HISTORY = `GET /history HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** From now on the history is read only when a test says so. */
function heldBack(past: FakePast): (() => void)[] {
  const readings: (() => void)[] = [];
  past.read = () => new Promise((resolve) => { readings.push(() => resolve([])); });
  return readings;
}

test("what is sent at once is answered in order", async (t) => {
  const { path, past } = await openSocket(t);
  for (let n = 0; n < 9; n++) past.happen();
  const limits = Array.from({ length: 3000 }, (_, n) => 1 + n % 9);
  const wire = new Wire(t, path).write(limits.map((limit) => `GET /history?limit=${limit} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  await wire.answers(limits.length);
  const lengths = wire.got.split("HTTP/1.1 200").slice(1, -1).map((answer) => answer.split('"id":').length - 1);
  assert.deepEqual(lengths, limits.slice(0, -1));
});

test("whoever asks and asks, and takes no answers, is not read any more, and others are answered", async (t) => {
  const { path } = await openSocket(t);
  const flood = new Wire(t, path);
  flood.socket.pause();
  const asked = 20_000;
  flood.write(HEALTH.repeat(asked));
  const others = new Wire(t, path);
  for (let n = 1; n <= 50; n++) await others.write(HEALTH).answers(n);
  assert.ok(flood.socket.writableLength > 0, "all of it was read");
  flood.socket.resume();
  await flood.answers(asked);
});

test("of one connection one request is under way, and the others are not even read", async (t) => {
  const { path, past } = await openSocket(t);
  const readings = heldBack(past);
  const asked = 10_000;
  const flood = new Wire(t, path).write(HISTORY.repeat(asked));
  const others = new Wire(t, path);
  for (let n = 1; n <= 20; n++) await others.write(HEALTH).answers(n);
  assert.equal(readings.length, 1);
  assert.ok(flood.socket.writableLength > 0, "all of it was read");
  for (let n = 0; n < asked; n++) {
    while (readings.length <= n) await turn();
    readings[n]!();
  }
  await flood.answers(asked);
});

for (const [way, open] of [
  ["the socket", async (t) => { const { path, past } = await openSocket(t); return { to: path, past }; }],
  ["TCP", async (t) => { const { port, past } = await openTcp(t); return { to: port, past }; }],
] satisfies [string, (t: TestContext) => Promise<{ to: string | number; past: FakePast }>][]) {
  for (const slow of [1, 16]) {
    test(`over ${way}, who waits for ${slow} and asks for 700 more at once holds nobody up, nor when it has gone`, async (t) => {
      const { to, past } = await open(t);
      const readings = heldBack(past);
      const flood = new Wire(t, to).write(HISTORY.repeat(slow));
      while (readings.length === 0) await turn();
      const others = new Wire(t, to);
      await others.write(HEALTH).answers(1);
      flood.write(HEALTH.repeat(700));
      for (let n = 2; n <= 20; n++) await others.write(HEALTH).answers(n);
      await new Wire(t, to).write(HEALTH).answers(1);
      flood.socket.destroy();
      for (let n = 21; n <= 30; n++) await others.write(HEALTH).answers(n);
      await new Wire(t, to).write(HEALTH).answers(1);
    });
  }
}

test("between the requests of many others there is a turn for each", async (t) => {
  const { path, past } = await openSocket(t);
  let readings = 0;
  past.read = async () => {
    readings++;
    return [];
  };
  const floods = Array.from({ length: 5 }, () => new Wire(t, path).write(HISTORY.repeat(500)));
  await floods[0]!.answers(1);
  await new Wire(t, path).write(HEALTH).answers(1);
  assert.ok(readings < 5 * 500, "all others were answered before");
  for (const flood of floods) await flood.answers(500);
});

test("when requests take long, few of them are begun in a turn of the loop", async (t) => {
  const { path, past } = await openSocket(t);
  let readings = 0;
  past.read = async () => {
    readings++;
    await Promise.resolve(); // what is done after that counts as well
    const end = performance.now() + 3;
    while (performance.now() < end);
    return [];
  };
  let most = 0;
  let watching = true;
  const watch = (): void => {
    most = Math.max(most, readings);
    readings = 0;
    if (watching) setImmediate(watch);
  };
  watch();
  const wires = Array.from({ length: 50 }, () => new Wire(t, path).write(HISTORY.repeat(4)));
  for (const wire of wires) await wire.answers(4);
  watching = false;
  assert.ok(most <= 2, `${most} were begun in a row`);
});

test("after an answer that says that the connection closes nothing is done", async (t) => {
  const { path, past } = await openSocket(t);
  const readings = heldBack(past);
  const wire = new Wire(t, path).write(`POST /reload HTTP/1.1\r\nhost: x\r\n\r\n${HISTORY}`);
  await wire.closed;
  assert.match(wire.got, /^HTTP\/1\.1 202 .*"reload":1\}$/s);
  assert.equal(readings.length, 0);
});

test("when too many wait, those who asked for the most are cut, and the others are answered", async (t) => {
  const { path, past } = await openSocket(t);
  heldBack(past);
  const floods = Array.from({ length: 20 }, () => new Wire(t, path).write(HISTORY.repeat(10_000)));
  await Promise.race(floods.map(({ closed }) => closed));
  for (let n = 0; n < 20; n++) await new Wire(t, path).write(HEALTH).answers(1);
});
