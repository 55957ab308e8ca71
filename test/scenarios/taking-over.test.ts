import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { World, law } from "../support/world.ts";

const stubborn: Fate = { ...longLife, heedsAfter: null, calledOff: false };

test("a take-over is told, and touches nothing that runs", () => {
  const world = new World([law("web", { count: 2 })]).start();
  const { slots } = world.engine.state;
  world.takeOver();
  assert.deepEqual(world.engine.state.slots, slots);
  assert.deepEqual(world.kernel.signals, []);
  assert.equal(world.kernel.processes.size, 2);
  const told = world.records.at(-1);
  assert(told?.type === "tookOver");
  assert.deepEqual([told.entry, told.slot, told.pid, told.processes], [null, null, 1511, 2]);
});

test("what was scaled, up or down, the restart counts and the pending delays are those of the Sentry that is gone", () => {
  const world = new World([law("web", { count: 2, delay: 1000 })]).start();
  void world.scale("web", 3);
  void world.down("web:1");
  world.pass(0).end("web:2");
  world.pass(700).takeOver();
  assert.equal(world.engine.state.entries.get("web")?.count, 3);
  assert.equal(world.phase("web:1"), "stopped");
  world.pass(299);
  assert.equal(world.phase("web:2"), "waiting");
  world.pass(1);
  assert.equal(world.phase("web:2"), "running");
  assert.equal(world.slot("web:2").starts, 2);
});

test("what ended meanwhile is recorded once, and restarted as if Sentry had been there", () => {
  const world = new World([law("web", { delay: 1000 })], () => ({ ...longLife, toldAfter: 600 })).start();
  world.end("web:0", { code: 3 });
  world.pass(400).takeOver();
  assert.deepEqual(world.told(), ["started", "exited", "waiting", "tookOver"]);
  world.pass(599);
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1);
  assert.equal(world.phase("web:0"), "running");
});

test("an end of which nobody knows how has the cause unknown, and is restarted by policy", () => {
  const world = new World([law("web")], () => ({ ...longLife, toldAfter: 600 })).start();
  world.end("web:0", { code: 3 });
  world.takeOver(true);
  const exited = world.records.find(({ type }) => type === "exited");
  assert(exited?.type === "exited");
  assert.deepEqual([exited.code, exited.signal, exited.status, exited.cause], [null, null, "unknown", "unknown"]);
  world.pass(1000);
  assert.equal(world.phase("web:0"), "running");
});

test("a process that was told to end keeps that cause, also where nobody knows how it ended", () => {
  const world = new World([law("web")], () => ({ ...longLife, toldAfter: 600 })).start();
  void world.down("web:0");
  world.pass(0).takeOver(true);
  assert.equal(world.slot("web:0").lastExit?.cause, "stopped");
  assert.equal(world.phase("web:0"), "stopped");
});

test("a process that was just started and not recorded is taken up, and recorded then", () => {
  const world = new World([law("web")], () => ({ ...stubborn, answerAfter: 30 })).start();
  world.takeOver();
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.processes.size, 1);
  assert.equal(world.slot("web:0").starts, 1);
  assert.deepEqual(world.told(), ["started", "tookOver"]);
});

test("a start that had not come to a process is asked for again", () => {
  const world = new World([law("web")], () => ({ ...longLife, answerAfter: Infinity })).start();
  world.takeOver();
  assert.equal(world.phase("web:0"), "starting");
  assert.equal(world.kernel.processes.size, 2);
});

test("a signal of which nobody knows whether it was sent is sent again, and the grace ends when it was to end", () => {
  const world = new World([law("web", { grace: 1000 })], () => stubborn).start();
  void world.down("web:0");
  world.pass(700).takeOver();
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGTERM"]);
  world.pass(299);
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(1);
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(world.slot("web:0").lastExit?.exit.signal, "SIGKILL");
});

test("after a grace that was over, it is SIGKILL that is sent again", () => {
  const world = new World([law("web", { grace: 0 })], () => ({ ...stubborn, killedAfter: 50 })).start();
  void world.down("web:0");
  world.pass(10).takeOver();
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL", "web:0 SIGKILL"]);
});

test("a start that was called off and has come to nothing leaves its slot at rest", () => {
  const world = new World([law("web")], () => ({ ...longLife, answerAfter: Infinity })).start();
  void world.down("web:0");
  world.takeOver();
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(world.told().at(-1), "stopped");
  assert.equal(world.timers.size, 0);
});

test("a process that is up although its slot is down, or is beyond the count, is told to end", () => {
  const world = new World([law("web", { count: 3 })], () => ({ ...longLife, heedsAfter: 50 })).start();
  const { slots, entries } = world.engine.state;
  // As a damaged record of it may say.
  slots.set("web:0", { ...world.slot("web:0"), wanted: false });
  entries.set("web", { law: law("web", { count: 3 }), count: 2, rolling: null, opened: true, due: null, missed: 0 });
  world.takeOver();
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:2 SIGTERM"]);
  world.pass(50);
  assert.deepEqual(world.records.filter(({ type }) => type === "exited").map(({ cause }) => cause), ["stopped", "scaled"]);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1"]);
});

test("a process of an entry that was taken out, and that nobody has told yet, is told to end", () => {
  const world = new World([law("web")]).start();
  const { slots, entries, removed } = world.engine.state;
  slots.set("web:0", { ...world.slot("web:0"), wanted: false });
  entries.delete("web");
  removed.set("web", { law: law("web"), live: 1 });
  world.takeOver();
  assert.equal(world.records.findLast(({ type }) => type === "exited")?.cause, "removed");
  assert.equal(world.engine.state.removed.size, 0);
});

test("a slot that is at rest although it is wanted, or is missing, is started", () => {
  const world = new World([law("web", { count: 2 }), law("db")], () => ({ ...longLife, heedsAfter: 0 })).start();
  void world.down("web:0");
  world.pass(0);
  const { slots, entries } = world.engine.state;
  slots.set("web:0", { ...world.slot("web:0"), wanted: true });
  entries.set("db", { law: law("db"), count: 2, rolling: null, opened: true, due: null, missed: 0 });
  world.takeOver();
  for (const id of ["web:0", "web:1", "db:0", "db:1"] as const) assert.equal(world.phase(id), "running");
});

test("a wait of a slot that nobody wants any more comes to rest", () => {
  const world = new World([law("web")]).start();
  world.end("web:0");
  world.engine.state.slots.set("web:0", { ...world.slot("web:0"), wanted: false });
  world.takeOver();
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(world.timers.size, 0);
});

test("a whole stop that was under way goes on, with who asked for it", () => {
  const world = new World([law("web"), law("db")], () => ({ ...longLife, heedsAfter: 50 })).start();
  world.end("db:0");
  void world.stop();
  world.pass(10).takeOver();
  assert.equal(world.left, 0);
  world.pass(50);
  assert.equal(world.left, 1);
  const [last] = world.records.slice(-1);
  assert(last?.type === "stopped" && last.entry === null);
  assert.equal(last.by?.uid, 1000);
});

test("a whole stop of which the last process ended meanwhile is done with the take-over", () => {
  const world = new World([law("web")], () => ({ ...longLife, toldAfter: 500 })).start();
  void world.stop();
  world.pass(10).takeOver();
  assert.equal(world.left, 1);
  assert.deepEqual(world.told().slice(-4), ["exited", "stopped", "tookOver", "stopped"]);
});

test("a second take-over finds what the first one has left", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  world.end("web:0");
  world.pass(400).takeOver().pass(400).takeOver();
  world.pass(199);
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1);
  assert.equal(world.phase("web:0"), "running");
});

test("what is being taken out of the configuration goes on ending", () => {
  const world = new World([law("web")], () => ({ ...longLife, heedsAfter: 50 })).start();
  world.reload([]).takeOver();
  assert.equal(world.engine.state.removed.size, 1);
  world.pass(50);
  assert.equal(world.engine.state.removed.size, 0);
  assert.equal(world.engine.state.slots.size, 0);
});
