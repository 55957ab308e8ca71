/** Processes that take more memory than they may. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryWatch } from "../../src/triggers/memory-watch.ts";
import type { Limited } from "../../src/triggers/memory-watch.ts";
import { until } from "../support/until.ts";

const M = 1024 ** 2;

function watching() {
  const pauses: (() => void)[] = [];
  const memory = new Map<number, number>();
  const all = {
    running: [] as Limited[], sweeps: [] as number[][], posted: [] as unknown[], bugs: [] as string[], memory, broken: false, pauses,
    start: (run: number, limit: number, memoryBytes: number) => {
      all.running.push({ run, pid: run + 1000, startTicks: run, limit });
      memory.set(run + 1000, memoryBytes);
      watch.wake();
    },
    end: (run: number) => { all.running = all.running.filter((one) => one.run !== run); },
    /** Ten seconds are over; gives once it has looked, and waits again or sleeps. */
    async look() {
      const pause = await until("it waits", () => pauses.shift());
      const before = [all.sweeps.length, all.bugs.length].join();
      const expected = all.running.length > 0;
      pause();
      if (expected && !all.broken) await until("it has looked", () => [all.sweeps.length, all.bugs.length].join() !== before);
      if (all.running.length > 0) await until("it waits again", () => pauses.length > 0);
    },
  };
  const watch = new MemoryWatch({
    running: () => all.running,
    async sweep(roots) {
      if (all.broken) throw new Error("no /proc");
      all.sweeps.push(roots.map(({ pid }) => pid));
      return roots.map(({ pid }) => (memory.has(pid) ? { memoryBytes: memory.get(pid) ?? 0 } : null));
    },
    post: (facts) => { all.posted.push(...facts); },
    bug: (error, what) => { all.bugs.push(`${what}: ${(error as Error).message}`); },
  }, (_, over) => new Promise((resolve) => {
    pauses.push(() => resolve(null));
    over.addEventListener("abort", () => resolve(null));
  }));
  return { ...all, all, watch };
}

test("a run that is above its limit is told once, with both amounts", async () => {
  const { all } = watching();
  all.start(1, 512 * M, 512 * M);
  all.start(2, 512 * M, 600 * M + 1);
  await all.look();
  await all.look();
  assert.deepEqual(all.posted, [{ kind: "oversized", run: 2, message: "601M of 512M" }]);
  all.memory.set(1001, 512 * M + 1);
  await all.look();
  assert.deepEqual(all.posted.slice(1), [{ kind: "oversized", run: 1, message: "513M of 512M" }]);
  assert.deepEqual(all.sweeps[0], [1001, 1002], "one sweep for all of them");
});

test("small limits are told in smaller units", async () => {
  const { all } = watching();
  all.start(1, 64 * 1024, M);
  await all.look();
  assert.deepEqual(all.posted, [{ kind: "oversized", run: 1, message: "1024K of 64K" }]);
});

test("nothing waits as long as there is no process, and it waits once however many there are", async () => {
  const { all, watch } = watching();
  watch.wake();
  assert.equal(all.pauses.length, 0);
  all.start(1, M, 0);
  all.start(2, M, 0);
  assert.equal(all.pauses.length, 1);
  all.end(1);
  all.end(2);
  await all.look();
  await new Promise(setImmediate);
  assert.deepEqual([all.pauses.length, all.sweeps.length], [0, 0]);
  all.start(3, M, 0);
  await all.look();
  assert.equal(all.sweeps.length, 1);
});

test("a process that is gone by then is no trouble, and a sweep that fails is told once", async () => {
  const { all } = watching();
  all.start(1, M, 2 * M);
  all.memory.clear();
  await all.look();
  all.broken = true;
  await all.look();
  await all.look();
  assert.deepEqual(all.bugs, ["memory was looked at: no /proc"]);
  all.broken = false;
  all.memory.set(1001, 2 * M);
  await all.look();
  assert.equal(all.posted.length, 1);
});

test("after close nothing is told, and nothing waits", async () => {
  const { all, watch } = watching();
  all.start(1, M, 2 * M);
  watch.close();
  await new Promise(setImmediate);
  watch.wake();
  assert.deepEqual([all.posted.length, all.sweeps.length, all.pauses.length], [0, 0, 1]);
});
