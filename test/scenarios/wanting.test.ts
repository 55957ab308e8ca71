import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import { World, law, someone } from "../support/world.ts";

const slow = () => ({ ...longLife, heedsAfter: 50 });

test("a slot that is taken down stays down, and comes up again when it is wanted", () => {
  const world = new World([law("web")]).start();
  void world.down("web:0");
  world.pass(100_000);
  assert.equal(world.phase("web:0"), "stopped");
  void world.up("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "running");
});

test("up while a process is stopping starts a new one as soon as it has ended", () => {
  const world = new World([law("web", { delay: 60_000 })], slow).start();
  void world.down("web:0");
  void world.up("web:0");
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(50);
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(world.told("web:0"), ["started", "stopping", "waiting", "exited", "stopped", "started"]);
});

test("who asked for a slot to be up is told, before it is started", () => {
  const world = new World([law("web")]).start();
  void world.down("web:0");
  world.pass(0);
  void world.up("web:0");
  world.pass(0);
  assert.deepEqual(world.told("web:0").slice(-3), ["stopped", "waiting", "started"]);
  const waiting = world.records.at(-2);
  assert(waiting?.type === "waiting");
  assert.deepEqual([waiting.by, waiting.pid, waiting.until], [someone, null, world.agenda.now().mono]);
});

test("each change of mind while a process is stopping is told, with who asked", () => {
  const world = new World([law("web", { grace: 1000 })], slow).start();
  const until = world.agenda.now().mono + 1000;
  void world.down("web:0");
  world.pass(10);
  for (const wish of ["up", "up", "down", "down"] as const) void world[wish]("web:0");
  const [, , ...minds] = world.records;
  assert.deepEqual(minds.map(({ type, by }) => [type, by]), [["waiting", someone], ["stopping", someone]]);
  const [waiting, stopping] = minds;
  assert(waiting?.type === "waiting" && stopping?.type === "stopping");
  assert.equal(waiting.pid, world.records[0]?.pid);
  assert.deepEqual([stopping.wanted, stopping.until, stopping.run], [false, until, 1]);
  world.pass(40);
  assert.equal(world.phase("web:0"), "stopped");
});

test("up of what is up already, and down of what is down already, are nothing new", () => {
  const world = new World([law("web", { count: 2 })]).start();
  void world.down("web:1");
  world.pass(0);
  const told = world.records.length;
  void world.up("web:0");
  void world.down("web:1");
  assert.equal(world.records.length, told);
});

test("down while a slot waits for its restart takes its timer away", () => {
  const world = new World([law("web")]).start();
  world.end("web:0");
  void world.down("web:0");
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(world.timers.size, 0);
});

test("up of a slot that waits for its restart starts it now, and that is told with who asked", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  world.end("web:0");
  void world.up("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.timers.size, 0);
  assert.deepEqual(world.told("web:0"), ["started", "exited", "waiting", "waiting", "started"]);
  const waiting = world.records.at(-2);
  assert(waiting?.type === "waiting");
  assert.deepEqual([waiting.by, waiting.until], [someone, world.agenda.now().mono]);
});

test("scaling, and a reload that replaces its entry, cut no wait short", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  world.end("web:0");
  void world.scale("web", 2);
  world.reload([law("web", { delay: 1000 })], ["web"]);
  world.pass(999);
  assert.equal(world.phase("web:0"), "waiting");
});

test("scaling up adds the lowest free numbers", () => {
  const world = new World([law("web", { count: 1 })]).start();
  void world.scale("web", 3);
  world.pass(0);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
});

test("scaling down stops the highest, and they are gone once they have ended", () => {
  const world = new World([law("web", { count: 3 })], slow).start();
  void world.scale("web", 1);
  assert.deepEqual(["web:0", "web:1", "web:2"].map((id) => world.phase(id as "web:0")),
    ["running", "stopping", "stopping"]);
  world.pass(50);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0"]);
  assert.equal(world.records.find(({ type }) => type === "exited")?.cause, "scaled");
});

test("a slot that is scaled away and back while it ends has one process at a time", () => {
  const world = new World([law("web", { count: 2 })], slow).start();
  void world.scale("web", 1);
  void world.scale("web", 2);
  assert.equal(world.phase("web:1"), "stopping");
  world.pass(50);
  assert.equal(world.phase("web:1"), "running");
  assert.equal(world.kernel.alive().length, 2);
});

test("a slot that is down stays down when its entry is scaled", () => {
  const world = new World([law("web", { count: 2 })]).start();
  void world.down("web:0");
  world.pass(0);
  void world.scale("web", 3);
  world.pass(0);
  assert.equal(world.phase("web:0"), "stopped");
});

test("scaling is told once, with who asked; the same number again is nothing new", () => {
  const world = new World([law("web")]).start();
  void world.scale("web", 2);
  void world.scale("web", 2);
  const scaled = world.records.filter(({ type }) => type === "scaled");
  assert.equal(scaled.length, 1);
  assert.equal(scaled[0]?.by?.uid, 1000);
});

test("what is not there is refused by name", async () => {
  const world = new World([law("web")], slow).start();
  assert.deepEqual(await world.up("db:0"), { kind: "refused", why: "noSuchSlot" });
  assert.deepEqual(await world.scale("db", 1), { kind: "refused", why: "noSuchEntry" });
  void world.scale("web", 0);
  assert.deepEqual(await world.up("web:0"), { kind: "refused", why: "noSuchSlot" });
});
