import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { World, law, someone } from "../support/world.ts";

const stubborn: Fate = { ...longLife, heedsAfter: null };

test("a whole stop tells every process to end, and leaves when the last one has", () => {
  const world = new World([law("web", { count: 2 })], () => ({ ...longLife, heedsAfter: 20 })).start();
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGTERM", "SIGTERM"]);
  world.pass(19);
  assert.equal(world.left, 0);
  world.pass(1);
  assert.equal(world.left, 1);
  assert.equal(world.timers.size, 0);
});

test("who asked for a stop is told with what comes of it", () => {
  const world = new World([law("web")]).start();
  void world.stop();
  world.pass(0);
  assert.deepEqual(world.told("web:0"), ["started", "stopping", "exited", "stopped"]);
  const [, ...ofSlot] = world.records.filter(({ slot }) => slot !== null);
  for (const record of ofSlot) assert.deepEqual([record.cause, record.by], ["stopped", someone]);
});

test("the end of a whole stop is the last that is told, with who asked for it", () => {
  const world = new World([law("web")]).start();
  void world.down("web:0");
  void world.stop();
  world.pass(0);
  const last = world.records.at(-1);
  assert(last?.type === "stopped");
  assert.deepEqual([last.entry, last.slot, last.cause, last.by], [null, null, null, someone]);
});

test("what is wanted of a slot is told apart from the whole stop: a wish is not taken back by it", () => {
  const world = new World([law("web", { count: 2 })]).start();
  void world.down("web:1");
  void world.stop();
  world.pass(0);
  const wishes = world.records.flatMap((r) => r.type === "stopped" && r.entry !== null ? [[r.slot, r.wanted]] : []);
  assert.deepEqual(wishes, [[1, false], [0, true]]);
});

test("a process that dies while stopping is not restarted", () => {
  const world = new World([law("web")], () => stubborn).start();
  void world.down("web:0");
  world.pass(5).end("web:0", { signal: "SIGSEGV" });
  world.pass(100_000);
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(world.kernel.processes.size, 1);
});

test("a process that does not heed its stop signal is killed when its grace is over, and not before", () => {
  const world = new World([law("web", { grace: 10_000 })], () => stubborn).start();
  void world.stop();
  world.pass(9_999);
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(1);
  assert.equal(world.left, 1);
  assert.equal(world.slot("web:0").lastExit?.exit.signal, "SIGKILL");
});

test("an entry's own stop signal is what it is sent", () => {
  const world = new World([law("web", { stopSignal: "SIGQUIT" })]).start();
  void world.down("web:0");
  assert.deepEqual(world.signals(), ["SIGQUIT"]);
});

test("a second signal to stop hurries: what is left is killed at once", () => {
  const world = new World([law("web", { count: 2 })], () => stubborn).start();
  void world.stop();
  world.pass(10);
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGKILL", "SIGKILL"]);
  world.pass(0);
  assert.equal(world.left, 1);
  assert.equal(world.timers.size, 0);
});

test("a second stop that is in no hurry only waits along", () => {
  const world = new World([law("web")], () => stubborn).start();
  void world.stop(false);
  void world.stop(false);
  assert.deepEqual(world.signals(), []);
  assert.equal(world.phase("web:0"), "stopping");
});

test("the first signal does not hurry a stop that was asked for otherwise, and the second one does", () => {
  const world = new World([law("web", { count: 2 })], () => stubborn).start();
  void world.stop(false);
  world.pass(10);
  void world.stop();
  assert.deepEqual(world.signals(), []);
  world.pass(10);
  void world.stop(false);
  assert.deepEqual(world.signals(), []);
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGKILL", "SIGKILL"]);
});

test("nor does the first one hurry what a slot has decided", () => {
  const world = new World([law("once", { restart: "never" }), law("web")], (_run, slot) => slot === "web:0" ? stubborn : longLife).start("any");
  world.end("once:0");
  assert.deepEqual([world.phase("web:0"), world.engine.state.course], ["stopping", "leaving"]);
  void world.stop();
  assert.deepEqual(world.signals(), []);
});

test("that there was a signal is known after a reload", () => {
  const world = new World([law("web")], () => stubborn).start();
  void world.stop();
  world.reload([law("web")]);
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGKILL"]);
});

test("a third stop has nothing to add", () => {
  const world = new World([law("web")], () => ({ ...stubborn, killedAfter: 50 })).start();
  for (let n = 0; n < 2; n++) void world.stop();
  void world.stop();
  assert.deepEqual(world.signals(), []);
});

test("a stop calls a start off that is still under way", () => {
  const world = new World([law("web")], () => ({ ...longLife, answerAfter: 500 })).start();
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGTERM"]);
  world.pass(0);
  assert.equal(world.left, 1);
  assert.equal(world.records.find(({ type }) => type === "fault")?.cause, "stopped");
});

test("a process that comes of a start after its stop is told to end once more", () => {
  const world = new World([law("web")], () => ({ ...longLife, answerAfter: 500, calledOff: false })).start();
  void world.stop();
  world.pass(500);
  assert.equal(world.left, 1);
  assert.deepEqual(world.told("web:0"), ["stopping", "started", "exited", "stopped"]);
});

test("a start that hangs in exec is killed when the grace is over", () => {
  const world = new World([law("web", { grace: 100 })], () => ({ ...longLife, answerAfter: Infinity })).start();
  void world.stop();
  world.pass(99);
  assert.equal(world.left, 0);
  world.pass(1);
  assert.equal(world.left, 1);
});

test("a slot that waits for its restart is at rest at once when all is stopped", () => {
  const world = new World([law("web")]).start();
  world.end("web:0");
  assert.equal(world.timers.size, 1);
  void world.stop();
  assert.equal(world.left, 1);
  assert.equal(world.timers.size, 0);
});

test("where nothing runs, a whole stop leaves at once", async () => {
  const world = new World([]).start();
  assert.deepEqual(await world.stop(), { kind: "accepted" });
  assert.equal(world.left, 1);
});

test("a stop that comes before the entries keeps them from being started", () => {
  const world = new World([law("web")]);
  void world.stop();
  world.start();
  assert.equal(world.left, 1);
  assert.equal(world.kernel.processes.size, 0);
});

test("while Sentry is stopping nothing else is taken up", async () => {
  const world = new World([law("web")], () => stubborn).start();
  void world.stop();
  const refused = { kind: "refused", why: "leaving" };
  assert.deepEqual(await world.up("web:0"), refused);
  assert.deepEqual(await world.down("web:0"), refused);
  assert.deepEqual(await world.scale("web", 3), refused);
});
