import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { RunId, SlotId } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { World, law, someone } from "../support/world.ts";

/** A start takes 10 ms, an end 50 ms. */
const slow: Fate = { ...longLife, answerAfter: 10, heedsAfter: 50 };
const enoent = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/x" };

/** Three processes run; those that are started later have that fate. */
function three(then: (run: RunId, slot: SlotId) => Fate = () => slow, differs = {}): World {
  return new World([law("web", { count: 3, delay: 1000, ...differs })], (run, slot) => run <= 3 ? slow : then(run, slot)).start().pass(10);
}

/** `started web:3` … of the records from that one on, where only these types are of interest. */
function happened(world: World, from: number, types: readonly HistoryRecord["type"][] = ["started", "exited", "fault"]): string[] {
  return world.records.slice(from).filter(({ type }) => types.includes(type))
    .map(({ type, entry, slot }) => `${type} ${entry}${slot === null ? "" : `:${slot}`}`);
}

/** How it has ended, as a client sees it: `done`, or why not. */
function outcome(world: World): string | null {
  for (const record of world.records) {
    if (record.type === "fault" && record.slot === null) return record.message;
    if (record.type === "stopped" && record.slot === 3 && record.cause === "restarted" && !record.wanted) return "done";
  }
  return null;
}

const ready = (world: World): number => [...world.engine.state.slots.values()].filter(({ phase }) => phase.kind === "running").length;

const rolling = (world: World) => world.engine.state.entries.get("web")?.rolling;

test("an extra slot is started first, then each slot gets a new process, one after the other, and the extra one goes", async () => {
  const world = three();
  const from = world.records.length;
  assert.deepEqual(await world.roll("web"), { kind: "accepted" });
  for (let passed = 0; passed < 300; passed += 5) {
    world.pass(5);
    assert(ready(world) >= 3, `only ${ready(world)} are ready after ${passed} ms`);
  }
  assert.deepEqual(happened(world, from), [
    "started web:3", "exited web:0", "started web:0", "exited web:1", "started web:1", "exited web:2", "started web:2", "exited web:3",
  ]);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
  assert.equal(rolling(world), null);
  assert.equal(outcome(world), "done");
  for (const record of world.records.slice(from)) if (record.type === "exited") assert.deepEqual([record.cause, record.by], ["restarted", someone]);
});

test("its beginning is told with the count, for whoever takes over, and with who asked", () => {
  const world = three();
  const from = world.records.length;
  void world.roll("web");
  const [scaled, waiting] = world.records.slice(from);
  assert(scaled?.type === "scaled" && waiting?.type === "waiting");
  assert.deepEqual([scaled.count, scaled.cause, scaled.by], [3, "restarted", someone]);
  assert.deepEqual([waiting.slot, waiting.by], [3, someone]);
});

test("where the extra process cannot be started, no other is touched", () => {
  const world = three(() => ({ ...slow, fault: enoent }));
  const from = world.records.length;
  void world.roll("web");
  world.pass(5000);
  assert.deepEqual(happened(world, from, ["started", "exited", "fault", "stopped"]), ["fault web:3", "fault web", "stopped web:3"]);
  assert.deepEqual(world.kernel.signals, []);
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
  const fault = world.records.find((record) => record.type === "fault" && record.slot === null);
  assert(fault?.type === "fault");
  assert.deepEqual([fault.step, fault.errno, fault.message, fault.subject, fault.cause, fault.by],
    ["rolling restart", "", "web:3 did not get ready; the others were not touched", "", "restarted", someone]);
  assert.equal(world.records.findLast(({ type }) => type === "stopped")?.cause, "scaled", "it is not taken for one that went well");
});

test("it has one try: a failed start that is told so late that the next is due at once has failed all the same", () => {
  const world = new World([law("web", { delay: 0 }), law("db")], (run, slot) =>
    slot === "db:0" ? { ...slow, toldAfter: 500 } : run === 3 ? { ...slow, fault: enoent } : slow).start().pass(10);
  void world.roll("web");
  world.end("db:0"); // facts come in order: this one holds up the one after it
  world.pass(1000);
  const { message } = world.records.find((record) => record.type === "fault" && record.slot === null) as { message?: string } ?? {};
  assert.equal(message, "web:1 did not get ready; the others were not touched");
  assert.equal(world.engine.state.slots.has("web:1"), false);
});

test("where a slot's new process cannot be started, the slots after it keep theirs, and it is tried again as after any failure", () => {
  const world = three((run) => run === 5 ? { ...slow, fault: enoent } : slow);
  const from = world.records.length;
  void world.roll("web");
  world.pass(500);
  assert.deepEqual(happened(world, from), ["started web:3", "exited web:0", "fault web:0", "fault web", "exited web:3"]);
  assert.equal(outcome(world), "web:0 did not get ready; those after it were not touched");
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1000);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.alive().length, 3);
});

test("where the extra process ends before the last one is replaced, it ends there; also where the delay is none", () => {
  for (const delay of [0, 1000]) {
    const world = three((run) => run === 4 ? { ...slow, livesFor: 65 } : slow, { delay });
    void world.roll("web");
    world.pass(90);
    assert.equal(outcome(world), "web:3, the extra one, has ended; those still to come were not touched");
    world.pass(100);
    assert.deepEqual(world.kernel.alive().slice(0, 2), [3, 5], "web:2 keeps its old process");
    assert.deepEqual([...world.engine.state.slots.values()].map(({ phase }) => phase.kind), ["running", "running", "running"]);
  }
});

test("slots that are down stay down, one that waits for its restart starts now, and one that hangs in its start begins anew", () => {
  const world = new World([law("web", { count: 3, delay: 60_000 })], (run) => run === 3 ? { ...slow, answerAfter: Infinity } : slow).start();
  world.pass(10).end("web:1");
  void world.down("web:0");
  world.pass(50);
  void world.roll("web");
  world.pass(20);
  assert.deepEqual([world.phase("web:0"), world.phase("web:1"), world.phase("web:2")], ["stopped", "running", "stopping"]);
  world.pass(20_000);
  assert.deepEqual([world.phase("web:0"), world.phase("web:1"), world.phase("web:2")], ["stopped", "running", "running"]);
  assert.equal(outcome(world), "done");
});

test("where nothing is wanted there is nothing to do, and nothing is told", async () => {
  const world = new World([law("web"), law("none", { count: 0 })], () => slow).start();
  void world.down("web:0");
  world.pass(100);
  const told = world.records.length;
  assert.deepEqual([await world.roll("web"), await world.roll("none")], [{ kind: "accepted" }, { kind: "accepted" }]);
  world.pass(100);
  assert.equal(world.records.length, told);
  assert.equal(world.engine.state.slots.size, 1);
});

test("a second one begins anew behind the slot that is awaited, and both have one end", () => {
  const world = three();
  void world.roll("web");
  world.pass(100); // web:1 is being restarted
  const from = world.records.length;
  void world.roll("web");
  world.pass(400);
  assert.deepEqual(happened(world, from, ["started"]), ["started web:1", "started web:2", "started web:0", "started web:1"]);
  assert.equal(world.records.filter(({ type, slot, cause }) => type === "stopped" && slot === 3 && cause === "restarted").length, 1);
});

test("a second one that comes while the extra slot still ends has that slot again", () => {
  const world = three((run) => run === 4 ? { ...slow, heedsAfter: 300 } : slow);
  void world.roll("web");
  world.pass(200);
  assert.equal(world.phase("web:3"), "stopping");
  void world.roll("web");
  world.pass(400);
  assert.equal(outcome(world), null);
  world.pass(300);
  assert.equal(outcome(world), "done");
  assert.equal(world.kernel.alive().length, 3);
});

test("a restart of the slot that is awaited is no failure: its newer process is awaited", () => {
  const world = three();
  void world.roll("web");
  world.pass(65); // the new process of web:0 is being started
  assert.equal(world.phase("web:0"), "starting");
  void world.restart("web:0");
  world.pass(1000);
  assert.equal(outcome(world), "done");
});

test("down of the slot that is awaited ends it there; down of another does not", () => {
  const world = three();
  void world.roll("web");
  world.pass(30);
  void world.down("web:2");
  assert.notEqual(rolling(world), null);
  void world.down("web:0");
  assert.equal(rolling(world), null);
  assert.equal(outcome(world), "web:0 was taken down; those after it were not touched");
  world.pass(1000);
  assert.deepEqual(world.kernel.alive(), [2]);
});

test("scaling calls it off: the extra process is the first of those that are added, or goes", () => {
  for (const [count, alive] of [[5, [1, 2, 3, 4, 5]], [2, [1, 2]]] as const) {
    const world = three();
    void world.roll("web");
    world.pass(5);
    void world.scale("web", count);
    world.pass(1000);
    assert.equal(outcome(world), "the entry was scaled");
    assert.deepEqual(world.kernel.alive(), alive);
    assert.equal(world.engine.state.slots.size, count);
  }
});

test("scaling to the count that it has already changes nothing", () => {
  const world = three();
  void world.roll("web");
  void world.scale("web", 3);
  world.pass(1000);
  assert.equal(outcome(world), "done");
});

test("the whole stop calls it off, and ends the extra process with the others", () => {
  const world = three();
  void world.roll("web");
  world.pass(20);
  void world.stop();
  assert.equal(outcome(world), "Sentry itself is stopping");
  world.pass(1000);
  assert.equal(world.left, 1);
  assert.equal(world.kernel.alive().length, 0);
});

test("a reload that leaves the entry as it is, or changes it in place, does not disturb it, wherever it comes", () => {
  for (let moment = 0; moment < 260; moment += 5) {
    const world = three();
    void world.roll("web");
    world.pass(moment).reload([law("web", { count: 3, delay: moment })]);
    world.pass(1000);
    assert.equal(outcome(world), "done", `after ${moment} ms`);
    assert.equal(world.kernel.alive().length, 3);
    assert.equal(world.kernel.alive().filter((run) => run <= 3).length, 0);
  }
});

test("what gets ready between two images takes it further only once the new image has begun what it has to begin", () => {
  const world = new World([law("web", { delay: 0 })], () => ({ ...slow, toldAfter: 500, calledOff: false })).start().pass(10);
  void world.roll("web");
  world.kernel.end(1, { code: 1 }); // told to the next image: then its successor is due
  world.reload([law("web", { delay: 0 })]).pass(5000);
  assert.equal(world.records.findLast(({ type }) => type === "stopped")?.cause, "restarted");
  assert.equal(world.kernel.alive().length, 1);
  assert(!world.told().includes("fault"));
});

test("what fails between two images ends it as well", () => {
  const world = three((run) => run === 4 ? { ...slow, toldAfter: 30 } : slow);
  void world.roll("web");
  world.pass(20).kernel.end(4, { code: 1 });
  world.reload([law("web", { count: 3 })]).pass(1000);
  assert.equal(outcome(world), "web:3, the extra one, has ended; those still to come were not touched");
  assert.deepEqual(world.kernel.alive().slice(0, 2), [2, 3]);
});

test("a reload that replaces, recounts or removes the entry calls it off, and no extra process stays", () => {
  const reloads: [HistoryRecord["type"], string, number, (world: World) => void][] = [
    ["reloaded", "a reload has changed the entry", 3, (world) => void world.reload([law("web", { count: 3 })], ["web"])],
    ["scaled", "a reload has changed the entry", 2, (world) => void world.reload([law("web", { count: 2 })])],
    ["scaled", "a reload has changed the entry", 5, (world) => void world.reload([law("web", { count: 5 })], ["web"])],
    ["removed", "a reload has taken the entry out", 0, (world) => void world.reload([])],
  ];
  for (const [type, why, count, reload] of reloads) {
    const world = three();
    void world.roll("web");
    world.pass(20);
    reload(world);
    assert.equal(outcome(world), why);
    assert(world.told().includes(type));
    world.pass(1000);
    assert.equal(world.kernel.alive().length, count);
    assert.equal(world.engine.state.slots.size, count);
    if (count !== 2) assert.deepEqual(world.kernel.alive().filter((run) => run <= 4), [], "all are of the new configuration");
  }
});

test("it is over with the Sentry that began it: who takes over ends the extra process, and touches no other", () => {
  for (const moment of [0, 5, 20, 65, 100]) {
    const world = three();
    void world.roll("web");
    world.pass(moment).takeOver();
    assert.equal(rolling(world), null);
    world.pass(1000);
    assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
    assert.equal(world.kernel.alive().length, 3);
    assert(world.kernel.alive().includes(3), "web:2 is not restarted any more");
    assert.equal(outcome(world), null);
  }
});
