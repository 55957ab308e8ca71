import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";

import { SystemTimers, systemClock } from "../../src/engine/clock.ts";
import type { Clock } from "../../src/engine/ports.ts";
import type { Token } from "../../src/core/types.ts";

/** Timers, and a way to wait for each of them. */
function timers(clock: Clock) {
  const waiting = new Map<Token, () => void>();
  const fired: Token[] = [];
  const set = new SystemTimers(clock, (token) => {
    fired.push(token);
    waiting.get(token)?.();
  });
  return { set, fired, of: (token: Token) => new Promise<void>((resolve) => { waiting.set(token, resolve); }) };
}

test("a timer fires at its moment or after it, never before", async () => {
  const { set, of } = timers(systemClock);
  for (let token = 1; token <= 20; token++) {
    const at = systemClock.now().mono + 0.3 * token;
    set.set(token, at);
    await of(token);
    assert(systemClock.now().mono >= at);
  }
});

test("a timer whose moment is past fires, but not before the call that set it has returned", async () => {
  const { set, fired, of } = timers(systemClock);
  set.set(1, systemClock.now().mono - 1000);
  assert.deepEqual(fired, []);
  await of(1);
});

test("what waits to be told when the loop was busy comes before the timer that is due by then", async () => {
  const told: string[] = [];
  const done = new Promise<void>((resolve) => {
    const set = new SystemTimers(systemClock, () => {
      told.push("timer");
      resolve();
    });
    const { port1, port2 } = new MessageChannel();
    port1.once("message", () => {
      told.push("fact");
      port1.close();
    });
    setImmediate(() => {
      set.set(1, systemClock.now().mono + 2); // not before: it could be due in this turn of the loop
      port2.postMessage("");
      for (const until = performance.now() + 20; performance.now() < until;);
    });
  });
  await done;
  assert.deepEqual(told, ["fact", "timer"]);
});

test("a timer that Node fires early waits for the rest", async () => {
  let late = 0;
  const moving: Clock = { now: () => ({ wall: 0, mono: late }) };
  const { set, fired, of } = timers(moving);
  set.set(1, 2); // this clock stands still
  set.set(2, 0);
  await of(2);
  await new Promise((resolve) => setTimeout(resolve, 4)); // Node's own has fired by then
  assert.deepEqual(fired, [2]);
  late = 2;
  await of(1);
});

test("a timer further off than setTimeout can wait does not fire at once, again and again", async (t) => {
  const warnings: Error[] = [];
  const heed = (warning: Error) => { warnings.push(warning); };
  process.on("warning", heed);
  t.after(() => process.off("warning", heed));
  const { set, fired, of } = timers(systemClock);
  set.set(1, systemClock.now().mono + 2 ** 40);
  set.set(2, systemClock.now().mono + 5);
  await of(2);
  assert.deepEqual(fired, [2]);
  assert.deepEqual(warnings, []); // TimeoutOverflowWarning
  set.cancel(1);
});

test("a cancelled timer never fires, and one that was never set may be cancelled", async () => {
  const { set, fired, of } = timers(systemClock);
  set.set(1, systemClock.now().mono + 1);
  set.set(2, systemClock.now().mono + 3);
  set.cancel(1);
  set.cancel(99);
  await of(2);
  assert.deepEqual(fired, [2]);
});

test("the clock goes on the kernel's own CLOCK_MONOTONIC", () => {
  const before = Number(process.hrtime.bigint()) / 1e6;
  const { mono } = systemClock.now();
  const after = Number(process.hrtime.bigint()) / 1e6;
  assert(before <= mono && mono <= after);
});

test("what the wall clock says of one moment of the monotonic clock is always the same", async () => {
  const difference = (): number => {
    const { wall, mono } = systemClock.now();
    return wall - mono * 1000;
  };
  const first = difference();
  const others: number[] = [];
  while (others.length < 50) {
    await new Promise((resolve) => { setTimeout(resolve, 0.3); });
    others.push(difference());
  }
  assert.deepEqual(others.filter((other) => Math.abs(other - first) > 5), [], "microseconds");
});
