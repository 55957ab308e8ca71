import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const slow: Fate = { ...longLife, heedsAfter: 30 };

function kept(differs: Partial<Law>): World {
  return new World([law("web", differs)], () => slow).start();
}

const find = (world: World, type: HistoryRecord["type"]) => world.records.findLast((record) => record.type === type);

test("examinations that are bad in a row make it unhealthy: that is told, it is ended, and it counts as a failure", () => {
  const world = kept({ health: { failures: 3 }, limit: { count: 0, within: 1000 } });
  assert.deepEqual([...world.probes], [[1, "health"]]);
  world.examine("web:0", false).examine("web:0", false).examine("web:0", true).examine("web:0", false).examine("web:0", false);
  assert.equal(world.phase("web:0"), "running", "a good one ends the row");
  world.examine("web:0", false);
  assert.deepEqual([world.phase("web:0"), world.probes.size], ["stopping", 0]);
  const unhealthy = find(world, "unhealthy");
  assert(unhealthy?.type === "unhealthy");
  assert.deepEqual([unhealthy.failures, unhealthy.message], [3, "connection refused"]);
  world.pass(30);
  assert.deepEqual([find(world, "exited")?.cause, world.phase("web:0")], ["unhealthy", "failed"]);
});

test("its health is looked at once it is ready, and again after a restart, an exec and a take-over", () => {
  const differs = { health: { failures: 1 }, ready: "notify", delay: 10 } as const;
  const world = kept(differs);
  assert.equal(world.probes.size, 0);
  world.notify("web:0", { ready: true }).examine("web:0", false).pass(50).notify("web:0", { ready: true });
  assert.deepEqual([...world.probes], [[2, "health"]]);
  assert.deepEqual([...world.reload([law("web", differs)]).probes], [[2, "health"]]);
  assert.deepEqual([...world.takeOver().probes], [[2, "health"]]);
});

test("a reload that gives or takes the health is in force at once", () => {
  const world = kept({});
  const reload = (differs: Partial<Law>) => world.put({ kind: "reload", laws: [law("web", differs)], replaced: [], exitWhen: null, by: null });
  reload({ health: { failures: 1 } });
  assert.deepEqual([...world.probes], [[1, "health"]]);
  reload({});
  assert.equal(world.probes.size, 0);
  assert.equal(world.examine("web:0", false).phase("web:0"), "running");
});

test("who is silent for too long is sent SIGABRT, and after the grace SIGKILL; that is a failure", () => {
  const world = new World([law("web", { watchdog: 1000, grace: 500, delay: 200 })], () => ({ ...longLife, heedsAfter: null })).start();
  world.pass(900).notify("web:0", { watchdog: "alive" }).pass(999);
  assert.equal(world.phase("web:0"), "running");
  world.pass(1);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGABRT"]);
  world.pass(500);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGABRT", "web:0 SIGKILL"]);
  assert.deepEqual([find(world, "exited")?.cause, world.phase("web:0")], ["watchdog", "waiting"]);
});

test("the watchdog begins when it is ready; and the process may set it itself, or ask for its end", () => {
  const world = kept({ watchdog: 1000, ready: "notify" }).pass(5000);
  assert.equal(world.phase("web:0"), "readying");
  world.notify("web:0", { ready: true, watchdogEvery: 3000 }).pass(2999);
  assert.equal(world.phase("web:0"), "running");
  world.notify("web:0", { watchdogEvery: 0 }).pass(100_000);
  assert.equal(world.phase("web:0"), "running", "0 is for ever");
  world.notify("web:0", { watchdog: "trigger" });
  assert.equal(find(world, "stopping")?.cause, "watchdog");
});

test("after an exec or a take-over its time begins anew, in full", () => {
  for (const goOn of [(world: World) => world.reload([law("web", { watchdog: 1000 })]), (world: World) => world.takeOver()]) {
    const world = goOn(kept({ watchdog: 1000 }).pass(900)).pass(999);
    assert.equal(world.phase("web:0"), "running");
    assert.equal(world.pass(1).phase("web:0"), "stopping");
  }
});

test("a reload that takes the watchdog away is in force when it would bark, and one that gives it with the next sign of life", () => {
  const taken = kept({ watchdog: 1000 }).pass(500).reload([law("web")]).pass(5000);
  assert.deepEqual([taken.phase("web:0"), taken.timers.size], ["running", 0]);
  const given = kept({}).reload([law("web", { watchdog: 1000 })]).pass(5000);
  assert.equal(given.phase("web:0"), "running", "it was started without one, and knows of none");
  assert.equal(given.notify("web:0", { watchdog: "alive" }).pass(1000).phase("web:0"), "stopping");
});

test("what takes too much memory is ended, with the message as the reason, and started as after a failure", () => {
  const world = kept({ delay: 1000, backoff: { factor: 2, max: 60_000, jitter: 0, resetAfter: 60_000 } });
  for (const wait of [1000, 2000]) {
    world.put({ kind: "oversized", run: world.runOf("web:0"), message: "it takes 3 GB, and 2 GB are allowed" });
    const stopping = find(world, "stopping");
    assert(stopping?.type === "stopping");
    assert.deepEqual([stopping.cause, stopping.reason], ["memory", "it takes 3 GB, and 2 GB are allowed"]);
    world.pass(30 + wait);
    assert.equal(world.phase("web:0"), "running");
  }
});

test("who asks while it is being ended for a failure is asked for what comes next", async () => {
  const world = kept({ health: { failures: 1 }, restart: "never" }).examine("web:0", false);
  await world.up("web:0");
  assert.equal(world.pass(30).phase("web:0"), "running");
  world.examine("web:0", false);
  await world.down("web:0");
  assert.equal(world.pass(30).phase("web:0"), "stopped");
});

test("a changed file restarts what runs, waits or has come to its end: at once, and without a failure", () => {
  const world = new World([law("web", { count: 4, delay: 60_000, limit: { count: 0, within: 1000 } })], () => slow).start();
  world.end("web:1", { code: 0 }).end("web:2", { code: 1 });
  void world.down("web:3");
  world.pass(100);
  assert.deepEqual([world.phase("web:1"), world.phase("web:2"), world.phase("web:3")], ["waiting", "failed", "stopped"]);
  world.put({ kind: "changed", entry: "web", file: "server.js" });
  const stopping = find(world, "stopping");
  assert(stopping?.type === "stopping");
  assert.deepEqual([stopping.slot, stopping.cause, stopping.reason], [0, "watch", "server.js"]);
  world.pass(30);
  for (const slot of ["web:0", "web:1", "web:2"] as const) assert.equal(world.phase(slot), "running");
  assert.equal(world.phase("web:3"), "stopped");
  assert.equal(world.slot("web:0").failures.times.length, 0);
});

test("a file that changes while a failure is being ended, or cleared up, is followed by a start and not by the law of restarts", () => {
  const world = kept({ health: { failures: 1 }, restart: "never" }).examine("web:0", false);
  world.put({ kind: "changed", entry: "web", file: "server.js" });
  assert.equal(world.pass(30).phase("web:0"), "running");
  const left = new World([law("web", { restart: "never" })], () => ({ ...longLife, leaves: [slow] })).start().end("web:0", { code: 1 });
  assert.equal(left.phase("web:0"), "clearing");
  left.put({ kind: "changed", entry: "web", file: "server.js" });
  assert.equal(left.pass(30).phase("web:0"), "running");
});
