import assert from "node:assert/strict";
import { test } from "node:test";

import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const crashes: Fate = { ...longLife, livesFor: 10, ending: { code: 1 } };
const missing = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no/such" };

function limited(count: number, within: number, differs: Partial<Law> = {}, fateOf: (run: number) => Fate = () => crashes): World {
  return new World([law("web", { delay: 100, limit: { count, within }, ...differs })], fateOf).start();
}

test("one failure more than the limit, and the slot has failed, for good and told once", () => {
  const world = limited(3, 60_000).pass(1_000_000);
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.kernel.processes.size, 4);
  assert.equal(world.told().filter((type) => type === "failed").length, 1);
  assert.equal(world.timers.size, 0);
});

test("a program that lives for a while and fails, for ever, ends in failed as well", () => {
  const world = limited(10, 300_000, { delay: 1000 }, () => ({ ...crashes, livesFor: 1500 })).pass(1_000_000);
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.slot("web:0").starts, 11);
});

test("failures that are older than the limit looks back do not count", () => {
  // One each 110 ms: of 330 ms the fourth is the last that counts the first.
  assert.equal(limited(3, 330).pass(10_000).phase("web:0"), "failed");
  assert.notEqual(limited(3, 329).pass(10_000).phase("web:0"), "failed");
});

test("successes in between do not keep a slot from failing", () => {
  const world = limited(2, 60_000, {}, (run) => run % 2 === 0 ? { ...crashes, ending: { code: 0 } } : crashes).pass(10_000);
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.slot("web:0").starts, 5);
});

test("a stable run ends the row of the backoff, and not the count of the limit", () => {
  const backoff = { factor: 2, max: 60_000, jitter: 0, resetAfter: 10 };
  assert.equal(limited(2, 60_000, { backoff }).pass(10_000).phase("web:0"), "failed");
});

test("successes are never too many", () => {
  const world = limited(0, 60_000, {}, () => ({ ...crashes, ending: { code: 0 } })).pass(10_000);
  assert.notEqual(world.phase("web:0"), "failed");
});

test("with a limit of 0 the first failure is one too many, whatever the policy", () => {
  for (const restart of ["always", "on-failure"] as const) {
    const world = limited(0, 1000, { restart }).pass(10);
    assert.equal(world.phase("web:0"), "failed");
  }
});

test("failed starts count, and so do ends of which nobody knows how they were", () => {
  assert.equal(limited(2, 60_000, {}, () => ({ ...longLife, fault: missing })).pass(10_000).phase("web:0"), "failed");
  assert.equal(limited(2, 60_000, {}, () => ({ ...crashes, ending: { unknown: true } })).pass(10_000).phase("web:0"), "failed");
});

test("ends that somebody asked for do not count", () => {
  const world = limited(0, 60_000, {}, () => longLife);
  for (let n = 0; n < 5; n++) {
    void world.restart("web:0");
    world.pass(0);
  }
  assert.equal(world.phase("web:0"), "running");
});

test("up clears it: as many failures as before are allowed again", () => {
  const world = limited(1, 60_000).pass(1000);
  assert.equal(world.phase("web:0"), "failed");
  void world.up("web:0");
  world.pass(10);
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1000);
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.slot("web:0").starts, 4);
  assert.equal(world.told().filter((type) => type === "failed").length, 2);
});

test("the count goes on over a reload, and with who takes over", () => {
  const world = limited(2, 60_000).pass(10);
  world.reload([law("web", { delay: 100, limit: { count: 2, within: 60_000 } })]).pass(110).takeOver().pass(110);
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.slot("web:0").starts, 3);
});

test("a wall clock that is set back and forth changes nothing about the limit", () => {
  const world = limited(3, 330);
  for (let n = 0; n < 40; n++) {
    world.agenda.wallSetBy = n % 2 === 0 ? -3_600_000 : 3_600_000;
    world.pass(50);
  }
  assert.equal(world.phase("web:0"), "failed");
  assert.equal(world.kernel.processes.size, 4);
});

test("a slot that never fails remembers nothing, and one that always does no more than its limit", () => {
  const world = limited(3, 1, { delay: 0 }).pass(10_000);
  assert(world.slot("web:0").failures.times.length <= 4);
  const unlimited = new World([law("web", { delay: 0 })], () => crashes).start().pass(10_000);
  assert.equal(unlimited.slot("web:0").failures.times.length, 0);
});

test("five arguments, and nothing else: restarted always, after the same delay, for ever", () => {
  const world = new World([law("web", { delay: 1000 })], () => crashes).start().pass(1_009_999);
  assert.equal(world.slot("web:0").starts, 1000);
});

test("a rolling restart ends at the first that has failed for good", () => {
  const world = new World([law("web", { count: 2, limit: { count: 0, within: 1000 } })], (run) => run === 4 ? crashes : longLife).start();
  void world.roll("web");
  world.pass(5000);
  assert.deepEqual(["failed", "running"], [0, 1].map((n) => world.phase(`web:${n}`)));
  assert.equal(world.engine.state.slots.size, 2);
  assert.match(JSON.stringify(world.records), /those after it were not touched/);
});

test("the extra slot of a rolling restart that fails for good is gone with it", () => {
  const world = new World([law("web", { restart: "never" })], (run) => run === 2 ? crashes : longLife).start();
  void world.roll("web");
  world.pass(5000);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0"]);
  assert.equal(world.kernel.runOf("web:0"), 1);
});
