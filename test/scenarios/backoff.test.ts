import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { Backoff, Law, Millis } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const backoff: Backoff = { factor: 2, max: 60_000, jitter: 0, resetAfter: 30_000 };
const crashes: Fate = { ...longLife, livesFor: 10, ending: { code: 1 } };
const missing = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no/such" };

/** How long it has waited each time, once that long has passed. */
function waits(differs: Partial<Law>, fateOf: (run: number) => Fate, millis: Millis): Millis[] {
  return waited(new World([law("web", { delay: 1000, backoff, ...differs })], fateOf).start().pass(millis).records);
}

/** From each end to when the next start is due. */
function waited(records: readonly HistoryRecord[]): Millis[] {
  const ends = records.flatMap((record, n) => {
    const next = records[n + 1];
    if (record.type === "exited" && next?.type === "waiting") return [(next.until ?? NaN) - record.mono];
    if (record.type === "fault" && next?.type === "waiting") return [(next.until ?? NaN) - (record.at / 1000 - 1_334_000_000_000)];
    return [];
  });
  return ends.map((wait) => Math.round(wait));
}

test("without a backoff each wait is as long as the delay", () => {
  assert.deepEqual(waits({ backoff: null }, () => crashes, 4000), [1000, 1000, 1000, 1000]);
});

test("with each failure in a row the delay grows by the factor, up to its maximum", () => {
  assert.deepEqual(waits({ backoff: { ...backoff, max: 5000 } }, () => crashes, 18_000), [1000, 2000, 4000, 5000, 5000, 5000]);
});

test("a delay of 0 is 0 the first time, and grows as if it was 100 ms from the second on", () => {
  const world = new World([law("web", { delay: 0, backoff })], () => crashes).start().pass(1300);
  assert.deepEqual(waited(world.records), [200, 400, 800]);
  assert.deepEqual(world.told().slice(0, 4), ["started", "exited", "started", "exited"]);
});

test("failed starts are failures in that row, and wait at least 100 ms", () => {
  assert.deepEqual(waits({ delay: 10 }, () => ({ ...longLife, fault: missing }), 1500), [100, 100, 100, 100, 160, 320, 640]);
});

test("a success ends the row, and is followed by the plain delay", () => {
  const fateOf = (run: number): Fate => run === 3 ? { ...crashes, ending: { code: 0 } } : crashes;
  assert.deepEqual(waits({}, fateOf, 5000), [1000, 2000, 1000, 1000]);
});

test("a process that was stable ends the row before its own failure is counted, also by a hair", () => {
  const fateOf = (run: number): Fate => ({ ...crashes, livesFor: [10, 10, 29_999, 30_000, 10][run - 1]! });
  assert.deepEqual(waits({}, fateOf, 70_000).slice(0, 5), [1000, 2000, 4000, 1000, 2000]);
});

test("the jitter makes a delay longer or shorter, never by more than it says and never above the maximum", () => {
  const world = new World([law("web", { count: 500, delay: 1000, backoff: { ...backoff, max: 1100, jitter: 0.2 } })], () => crashes).start();
  world.pass(10);
  const all = world.records.flatMap((record) => record.type === "waiting" ? [(record.until ?? NaN) - world.agenda.now().mono] : []);
  assert.equal(all.length, 500);
  assert(Math.min(...all) >= 800 && Math.min(...all) < 850, `the shortest is ${Math.min(...all)}`);
  assert.equal(Math.max(...all), 1100);
  assert(new Set(all).size > 200, "they come back at different moments");
});

test("at the maximum, too, they do not come back at one moment", () => {
  const all = waits({ count: 100, backoff: { factor: 10, max: 2000, jitter: 1, resetAfter: 30_000 } }, () => crashes, 20_000);
  const capped = all.slice(300); // the third failures, and those after them
  assert(capped.some((wait) => wait < 500) && capped.some((wait) => wait === 2000));
});

test("the same beginning has the same jitter, another one another", () => {
  const [one, other, later] = [0, 0, 1].map((millis) => {
    const world = new World([law("web", { backoff: { ...backoff, jitter: 1 } })], () => crashes);
    return waited(world.pass(millis).start().pass(50_000).records);
  });
  assert.deepEqual(one, other);
  assert.notDeepEqual(one, later);
});

test("a success is followed by the plain delay, without a jitter", () => {
  const fate: Fate = { ...crashes, ending: { code: 0 } };
  assert.deepEqual(waits({ backoff: { ...backoff, jitter: 1 } }, () => fate, 3000), [1000, 1000, 1000]);
});

test("an end that somebody asked for is not in the row", () => {
  const world = new World([law("web", { delay: 1000, backoff })], (run) => run === 2 ? longLife : crashes).start();
  world.pass(1500);
  void world.restart("web:0");
  world.pass(1000);
  assert.deepEqual(waited(world.records), [1000, 2000]);
});

test("up starts it now, and the row goes on; down and up begin a new one", () => {
  const world = new World([law("web", { delay: 1000, backoff })], () => crashes).start();
  world.pass(10);
  void world.up("web:0");
  world.pass(10);
  void world.down("web:0");
  void world.up("web:0");
  world.pass(10);
  assert.deepEqual(waited(world.records), [1000, 2000, 1000]);
});

test("the row goes on over a reload, and with who takes over", () => {
  const world = new World([law("web", { delay: 1000, backoff })], () => crashes).start();
  world.pass(10).reload([law("web", { delay: 1000, backoff })]).pass(1010).takeOver().pass(2010);
  assert.deepEqual(waited(world.records), [1000, 2000, 4000]);
});

test("the wall clock set one hour back and forth changes no delay", () => {
  const world = new World([law("web", { delay: 1000, backoff })], () => crashes).start();
  for (const wallSetBy of [-3_600_000, 3_600_000, 0]) {
    world.agenda.wallSetBy = wallSetBy;
    world.pass(1500);
  }
  world.pass(2000);
  assert.deepEqual(waited(world.records), [1000, 2000, 4000]);
});
