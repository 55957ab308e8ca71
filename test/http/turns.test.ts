/** Requests that come faster than they are answered. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { openSocket } from "./opened.ts";
import { Wire } from "./wire.ts";

const HEALTH = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
const PLAN = "POST /plan HTTP/1.1\r\nhost: x\r\n\r\n";

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

test("of one connection only some requests are under way, and the others are not even read", async (t) => {
  const { path, view } = await openSocket(t);
  const plans: (() => void)[] = [];
  view.plan = () => new Promise((resolve) => { plans.push(() => resolve({ kind: "plan", changes: [] })); });
  const asked = 10_000;
  const flood = new Wire(t, path).write(PLAN.repeat(asked));
  const others = new Wire(t, path);
  for (let n = 1; n <= 20; n++) await others.write(HEALTH).answers(n);
  assert.equal(plans.length, 16);
  assert.ok(flood.socket.writableLength > 0, "all of it was read");
  for (let n = 0; n < asked; n++) {
    while (plans.length <= n) await new Promise((resolve) => setImmediate(resolve));
    plans[n]!();
  }
  await flood.answers(asked);
});

test("between the requests of many others there is a turn for each", async (t) => {
  const { path, view } = await openSocket(t);
  let plans = 0;
  view.plan = async () => {
    plans++;
    return { kind: "plan", changes: [] };
  };
  const floods = Array.from({ length: 5 }, () => new Wire(t, path).write(PLAN.repeat(1500)));
  await floods[0]!.answers(1);
  await new Wire(t, path).write(HEALTH).answers(1);
  assert.ok(plans < 5 * 1500, "all others were answered before");
  for (const flood of floods) await flood.answers(1500);
});

test("when too many wait, those who asked for the most are cut, and the others are answered", async (t) => {
  const { path, view } = await openSocket(t);
  view.plan = () => new Promise(() => {});
  const floods = Array.from({ length: 10 }, () => new Wire(t, path).write(PLAN.repeat(10_000)));
  await Promise.race(floods.map(({ closed }) => closed));
  for (let n = 0; n < 20; n++) await new Wire(t, path).write(HEALTH).answers(1);
});
