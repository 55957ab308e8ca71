import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import { longLife } from "../support/kernel.ts";
import { someone, World, law } from "../support/world.ts";

const slow = () => ({ ...longLife, heedsAfter: 50 });

function typesSince(world: World, act: () => void): HistoryRecord["type"][] {
  const before = world.records.length;
  act();
  return world.records.slice(before).map(({ type }) => type);
}

test("a reload that changes nothing touches no process, and is told with who asked", () => {
  const world = new World([law("web", { count: 2 })]).start();
  const { slots } = world.engine.state;
  const types = typesSince(world, () => world.reload([law("web", { count: 2 })]));
  assert.deepEqual(types, ["reloaded"]);
  assert.equal(world.records.at(-1)?.by, someone);
  assert.deepEqual(world.engine.state.slots, slots);
  assert.deepEqual(world.kernel.signals, []);
  assert.equal(world.kernel.processes.size, 2);
});

test("a wait that had 300 ms left has 300 ms left, also where the delay is another one now", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  world.end("web:0");
  world.pass(700).reload([law("web", { delay: 60_000 })]);
  world.pass(299);
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1);
  assert.equal(world.phase("web:0"), "running");
  world.end("web:0");
  world.pass(59_999);
  assert.equal(world.phase("web:0"), "waiting", "the new delay is in force for the next exit");
});

test("a wait that was over while Sentry was between two images is over at once", () => {
  const world = new World([law("web", { delay: 1000 })], () => ({ ...longLife, toldAfter: 1500 })).start();
  world.end("web:0");
  world.pass(1000).reload([law("web", { delay: 1000 })]);
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(world.told(), ["started", "reloaded", "exited", "started"]);
});

test("a grace that had 300 ms left has 300 ms left, also where the grace is another one now", () => {
  const world = new World([law("web", { grace: 1000 })], () => ({ ...longLife, heedsAfter: null })).start();
  void world.down("web:0");
  world.pass(700).reload([law("web", { grace: 60_000 })]);
  world.pass(299);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"], "what was sent is not sent again");
  world.pass(1);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL"]);
});

test("a new stop signal is in force for processes that run already", () => {
  const world = new World([law("web")]).start();
  world.reload([law("web", { stopSignal: "SIGQUIT" })]);
  void world.down("web:0");
  assert.deepEqual(world.signals(), ["SIGQUIT"]);
});

test("a process that has to be another one is ended as its own law says, and its successor starts without a delay", () => {
  const world = new World([law("web", { delay: 60_000, grace: 1000 })], slow).start();
  world.reload([law("web", { delay: 60_000, stopSignal: "SIGQUIT", grace: 0 })], ["web"]);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(50);
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(world.told("web:0"), ["started", "stopping", "exited", "stopped", "started"]);
  const [, stopping] = world.records.filter(({ slot }) => slot === 0);
  assert(stopping?.type === "stopping");
  assert.deepEqual([stopping.cause, stopping.wanted, stopping.by], ["replaced", true, someone]);
  assert.equal(world.slot("web:0").lastExit?.cause, "replaced");
});

test("a start that is under way is called off where its process would have to be another one", () => {
  const world = new World([law("web")]).start();
  world.put({ kind: "reload", laws: [law("web"), law("db")], replaced: [], exitWhen: null, by: someone }); // db is starting now
  world.put({ kind: "reload", laws: [law("web"), law("db")], replaced: ["db"], exitWhen: null, by: someone });
  assert.deepEqual(world.signals(), ["SIGTERM"]);
  world.pass(0);
  assert.equal(world.phase("db:0"), "running");
  assert.equal(world.kernel.alive().length, 2);
});

test("what waits, is down or stops already is not replaced: what starts next is the new one anyway", () => {
  const world = new World([law("web", { count: 3 })], slow).start();
  world.end("web:0");
  void world.down("web:1");
  world.pass(50);
  void world.down("web:2");
  const types = typesSince(world, () => world.reload([law("web", { count: 3 })], ["web"]));
  assert.deepEqual(types, ["reloaded"]);
  assert.deepEqual(["waiting", "stopped", "stopping"],
    [world.phase("web:0"), world.phase("web:1"), world.phase("web:2")]);
  world.pass(50);
  assert.equal(world.phase("web:2"), "stopped");
});

test("an entry that is new is started, and told with its count", () => {
  const world = new World([law("web")]).start();
  world.reload([law("db", { count: 2 }), law("web")]);
  assert.deepEqual(world.told(), ["started", "reloaded", "added", "started", "started"]);
  const added = world.records.find(({ type }) => type === "added");
  assert(added?.type === "added");
  assert.deepEqual([added.entry, added.count, added.by], ["db", 2, someone]);
});

test("entries stand in the order of the configuration, whenever they came", () => {
  const world = new World([law("web"), law("db"), law("cache")]).start();
  world.reload([law("mail"), law("cache"), law("web")]);
  assert.deepEqual([...world.engine.state.entries.keys()], ["mail", "cache", "web"]);
});

test("an entry that is taken out is ended, and is gone with its last process", async () => {
  const world = new World([law("web", { count: 3 }), law("db")], slow).start();
  world.end("web:2");
  world.reload([law("db")]);
  assert.deepEqual(world.told().slice(-4), ["removed", "stopping", "stopping", "stopped"]);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:1 SIGTERM"]);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "db:0"]);
  assert.deepEqual(await world.scale("web", 1), { kind: "refused", why: "noSuchEntry" });
  assert.deepEqual(await world.up("web:0"), { kind: "refused", why: "noSuchSlot" });
  assert.equal(world.engine.state.removed.size, 1);
  world.pass(50);
  assert.deepEqual([...world.engine.state.slots.keys()], ["db:0"]);
  assert.equal(world.engine.state.removed.size, 0);
  for (const record of world.records) {
    if (record.type === "exited" && record.entry === "web" && record.slot < 2) assert.equal(record.cause, "removed");
  }
});

test("an entry of which nothing lives is gone as soon as it is taken out", () => {
  const world = new World([law("web", { count: 0 }), law("db")]).start();
  void world.down("db:0");
  world.pass(0).reload([]);
  assert.equal(world.engine.state.slots.size, 0);
  assert.equal(world.engine.state.removed.size, 0);
});

test("an entry that comes back while it still ends has one process at a time", () => {
  const world = new World([law("web", { count: 2 })], slow).start();
  world.reload([]).reload([law("web")]);
  assert.equal(world.engine.state.removed.size, 0);
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(50);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0"]);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.alive().length, 1);
});

test("what was scaled, up or down holds until the configuration says another count", () => {
  const world = new World([law("web", { count: 2 })]).start();
  void world.scale("web", 4);
  void world.down("web:0");
  world.pass(0).reload([law("web", { count: 2, delay: 5 })], ["web"]);
  assert.equal(world.engine.state.entries.get("web")?.count, 4);
  assert.equal(world.phase("web:0"), "stopped");

  const types = typesSince(world, () => world.reload([law("web", { count: 3, delay: 5 })]));
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(types.slice(0, 4), ["reloaded", "scaled", "stopping", "waiting"]);
  const dropped = world.records.findLast(({ type }) => type === "exited");
  assert.equal(dropped?.cause, "scaled");
});

test("another count that is what was scaled to already is no scaling, and nothing stays down", () => {
  const world = new World([law("web", { count: 1 })]).start();
  void world.scale("web", 2);
  void world.down("web:1");
  world.pass(0);
  const types = typesSince(world, () => world.reload([law("web", { count: 2 })]));
  assert.deepEqual(types, ["reloaded", "waiting", "started"]);
  assert.equal(world.phase("web:1"), "running");
});

test("a larger count begins new processes; those that are there run on", () => {
  const world = new World([law("web", { count: 1 })]).start();
  const run = world.kernel.runOf("web:0");
  world.reload([law("web", { count: 3 })]);
  assert.equal(world.kernel.runOf("web:0"), run);
  assert.equal(world.kernel.alive().length, 3);
});

test("a reload while Sentry is stopping is told, and changes nothing", () => {
  const world = new World([law("web"), law("db")], slow).start();
  void world.stop();
  world.reload([law("web", { count: 5 }), law("mail")], ["web"]);
  assert.deepEqual([...world.engine.state.entries.keys()], ["web", "db"]);
  assert.equal(world.left, 0);
  world.pass(50);
  assert.equal(world.left, 1);
  assert.equal(world.kernel.processes.size, 2);
});

test("what happens between two images is told after the reload, and before anything is begun", () => {
  const world = new World([law("web", { delay: 0 }), law("db")], () => ({ ...longLife, toldAfter: 5 })).start();
  world.pass(5).kernel.die(1, { code: 3 });
  world.reload([law("web", { delay: 0 }), law("db"), law("mail")]);
  const [, , ...after] = world.records.map((record) => `${record.type} ${record.entry}`);
  assert.deepEqual(after, ["reloaded null", "added mail", "exited web", "started web", "started mail"]);
});

test("a start that is answered between two images is not asked for again", () => {
  const hangs = { ...longLife, answerAfter: 30, calledOff: false };
  const world = new World([law("web")], () => hangs).start();
  world.reload([law("web")]);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.processes.size, 1);
});

test("a start that comes to nothing between two images is asked for again, by another number", () => {
  const world = new World([law("web")], () => ({ ...longLife, answerAfter: 30 })).start();
  world.reload([law("web")]);
  assert.deepEqual([...world.kernel.processes.keys()], [1, 2]);
  world.pass(30);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.alive().length, 1);
});
