/** What happens, for all who listen. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Herald } from "../../src/http/herald.ts";
import { until } from "../support/until.ts";
import { law } from "../support/world.ts";
import { viewOf } from "./view.ts";

function opened() {
  const { view, past, world } = viewOf([law("dummy")]);
  const herald = new Herald(view);
  function listen() {
    const events: Buffer[] = [];
    const listener = (told: Buffer): void => { events.push(told); };
    herald.add(listener);
    const ids = () => [...Buffer.concat(events).toString().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    return { events, listener, ids };
  }
  return { past, world, herald, listen };
}

test("what happens at the same time is told at once, the same to all", async () => {
  const { past, listen } = opened();
  const [one, other] = [listen(), listen()];
  for (let n = 0; n < 3; n++) past.happen();
  assert.deepEqual(one.events, []);
  await until("it is told", () => one.events.length > 0);
  assert.deepEqual([one.events.length, one.ids()], [1, [1, 2, 3]]);
  assert.equal(one.events[0], other.events[0]);
});

test("who comes in between hears what happens from then on", async () => {
  const { past, listen } = opened();
  const one = listen();
  past.happen();
  const other = listen();
  past.happen();
  await until("it is told", () => one.ids().length === 2);
  assert.deepEqual([one.ids(), other.ids()], [[1, 2], [2]]);
});

test("what waits to be told is bounded", () => {
  const { past, listen } = opened();
  const { ids } = listen();
  for (let n = 0; n < 300; n++) past.happen("x".repeat(1000));
  assert.ok(ids().length > 0);
});

test("the last that happens is told before the end", async () => {
  const { past, world, listen } = opened();
  const { ids } = listen();
  past.happen(); // that would be told some time later
  await world.stop();
  past.happen();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(ids(), [1, 2]);
});

test("where nobody listens the herald does not either", async () => {
  const { past, herald, listen } = opened();
  const { listener, ids } = listen();
  assert.equal(past.listeners, 1);
  past.happen();
  herald.remove(listener);
  herald.remove(listener);
  assert.equal(past.listeners, 0);
  const later = listen();
  past.happen();
  await until("it is told", () => later.ids().length > 0);
  assert.deepEqual([ids(), later.ids()], [[], [2]]);
});
