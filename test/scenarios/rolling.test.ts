import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { RunId, SlotId } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { World, law, someone } from "../support/world.ts";

/**
 * A start takes 10 ms, an end 50 ms, and a new process has to stay for 1000 ms. So the extra process of three is there after
 * 10 ms, web:0 is told to end after 1010, has its new process after 1070, and it is web:1's turn after 2070.
 */
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
  for (let passed = 0; passed < 4500; passed += 5) {
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

test("where the extra process ends soon after its start, no other is touched, whatever the delay and however it ended", () => {
  for (const [livesFor, delay, code] of [[50, 1000, 1], [900, 1000, 0], [0, 0, 1], [999, 0, 0]] as const) {
    const world = three(() => ({ ...slow, livesFor, ending: { code } }), { delay });
    void world.roll("web");
    world.pass(5000);
    assert.equal(outcome(world), `web:3 ended ${livesFor} ms after its start; the others were not touched`);
    assert.deepEqual(world.kernel.alive(), [1, 2, 3]);
    assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
    assert.equal(world.timers.size, 0);
  }
});

test("where a slot's new process ends soon after its start, the slots after it keep theirs, whatever the delay", () => {
  for (const [livesFor, delay] of [[50, 1000], [900, 1000], [50, 0], [999, 0]] as const) {
    const world = three((run) => run === 5 ? { ...slow, livesFor } : slow, { delay });
    void world.roll("web");
    world.pass(5000);
    assert.equal(outcome(world), `web:0 ended ${livesFor} ms after its start; those after it were not touched`);
    assert.deepEqual(world.kernel.alive().slice(0, 2), [2, 3]);
    assert.equal(world.phase("web:0"), "running", "it is tried again");
    assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
  }
});

test("a process that has stayed long enough may end: it goes on without it", () => {
  const world = three((run) => run === 5 ? { ...slow, livesFor: 1001 } : slow);
  void world.roll("web");
  world.pass(5000);
  assert.equal(outcome(world), "done");
});

test("only a rolling restart waits for a process to stay", () => {
  const world = three();
  assert.equal(world.timers.size, 0);
  void world.restart("web:0");
  void world.scale("web", 4);
  world.pass(60);
  assert.deepEqual([world.phase("web:0"), world.phase("web:3"), world.timers.size], ["running", "running", 0]);
  void world.roll("web");
  world.pass(10);
  assert.equal(world.timers.size, 1);
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
  world.pass(1500);
  assert.deepEqual(happened(world, from), ["started web:3", "exited web:0", "fault web:0", "fault web", "exited web:3"]);
  assert.equal(outcome(world), "web:0 did not get ready; those after it were not touched");
  assert.equal(world.phase("web:0"), "waiting");
  world.pass(1000);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.alive().length, 3);
});

test("where the extra process ends before the last one is replaced, it ends there; also where the delay is none", () => {
  for (const delay of [0, 1000]) {
    const world = three((run) => run === 4 ? { ...slow, livesFor: 1065 } : slow, { delay });
    void world.roll("web");
    world.pass(1090);
    assert.equal(outcome(world), "web:3, the extra one, has ended; those still to come were not touched");
    assert.equal(world.timers.size, 0, "nobody waits for web:0 to stay any more");
    world.pass(100);
    assert.deepEqual(world.kernel.alive(), [2, 3, 5], "web:1 and web:2 keep their old processes");
    assert.deepEqual([...world.engine.state.slots.values()].map(({ phase }) => phase.kind), ["running", "running", "running"]);
  }
});

test("slots that are down stay down, one that waits for its restart starts now, and one that hangs in its start begins anew", () => {
  const world = new World([law("web", { count: 3, delay: 60_000 })], (run) => run === 3 ? { ...slow, answerAfter: Infinity } : slow).start();
  world.pass(10).end("web:1");
  void world.down("web:0");
  world.pass(50);
  void world.roll("web");
  world.pass(2030);
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
  world.pass(2100); // web:1 is being restarted
  const from = world.records.length;
  void world.roll("web");
  world.pass(6000);
  assert.deepEqual(happened(world, from, ["started"]), ["started web:1", "started web:2", "started web:0", "started web:1"]);
  assert.equal(world.records.filter(({ type, slot, cause }) => type === "stopped" && slot === 3 && cause === "restarted").length, 1);
});

test("a second one that comes while the extra slot still ends has that slot again", () => {
  const world = three((run) => run === 4 ? { ...slow, heedsAfter: 300 } : slow);
  void world.roll("web");
  world.pass(4250);
  assert.equal(world.phase("web:3"), "stopping");
  void world.roll("web");
  world.pass(400);
  assert.equal(outcome(world), null);
  world.pass(5000);
  assert.equal(outcome(world), "done");
  assert.equal(world.kernel.alive().length, 3);
});

test("a restart of the slot that is awaited is no failure: its newer process is awaited", () => {
  for (const [moment, phase, later] of [[1065, "starting", 2072], [1500, "running", 2555]] as const) {
    const world = three();
    void world.roll("web");
    world.pass(moment);
    assert.equal(world.phase("web:0"), phase);
    void world.restart("web:0");
    world.pass(later - moment); // the one before would have stayed by now, and this one has not yet
    assert.equal(rolling(world)?.awaited, 0);
    world.pass(4000);
    assert.equal(outcome(world), "done");
  }
});

test("down of the slot that is awaited ends it there; down of another does not", () => {
  for (const moment of [1030, 1065, 1500]) {
    const world = three();
    void world.roll("web");
    world.pass(moment);
    void world.down("web:2");
    assert.notEqual(rolling(world), null);
    void world.down("web:0");
    assert.equal(rolling(world), null);
    assert.equal(outcome(world), "web:0 was taken down; those after it were not touched");
    world.pass(1000);
    assert.deepEqual(world.kernel.alive(), [2]);
  }
});

test("scaling calls it off: the extra process is the first of those that are added, or goes", () => {
  for (const [count, alive, moment] of [[5, [1, 2, 3, 4, 5], 5], [5, [1, 2, 3, 4, 5], 500], [2, [1, 2], 5], [2, [1, 2], 500]] as const) {
    const world = three();
    void world.roll("web");
    world.pass(moment);
    void world.scale("web", count);
    world.pass(100);
    assert.equal(outcome(world), "the entry was scaled");
    assert.equal(world.timers.size, 0, "nobody waits for the extra process to stay");
    assert.deepEqual(world.kernel.alive(), alive);
    assert.equal(world.engine.state.slots.size, count);
  }
});

test("scaling to the count that it has already changes nothing", () => {
  const world = three();
  void world.roll("web");
  void world.scale("web", 3);
  world.pass(5000);
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
  for (let moment = 0; moment < 4300; moment += 55) {
    const world = three();
    void world.roll("web");
    world.pass(moment).reload([law("web", { count: 3, delay: moment })]);
    world.pass(5000);
    assert.equal(outcome(world), "done", `after ${moment} ms`);
    assert.equal(world.kernel.alive().length, 3);
    assert.equal(world.kernel.alive().filter((run) => run <= 3).length, 0);
  }
});

test("what gets ready between two images takes it further only once the new image has begun what it has to begin", () => {
  const world = new World([law("web", { delay: 0 })], () => ({ ...slow, toldAfter: 500, calledOff: false })).start().pass(10);
  void world.roll("web");
  world.kernel.die(1, { code: 1 }); // told to the next image: then its successor is due
  world.reload([law("web", { delay: 0 })]).pass(5000);
  assert.equal(world.records.findLast(({ type }) => type === "stopped")?.cause, "restarted");
  assert.equal(world.kernel.alive().length, 1);
  assert(!world.told().includes("fault"));
});

test("what fails between two images ends it as well, also where the delay is none", () => {
  for (const delay of [0, 1000]) {
    for (const [moment, run, why, alive] of [
      [20, 4, "web:3 ended 10 ms after its start; the others were not touched", [1, 2, 3]],
      [1080, 5, "web:0 ended 10 ms after its start; those after it were not touched", [2, 3, 6]],
      [1080, 4, "web:3, the extra one, has ended; those still to come were not touched", [2, 3, 5]],
    ] as const) {
      const world = three((run) => run === 4 || run === 5 ? { ...slow, toldAfter: 30 } : slow, { delay });
      void world.roll("web");
      world.pass(moment).kernel.die(run, { code: 1 });
      world.reload([law("web", { count: 3, delay })]).pass(5000);
      assert.equal(outcome(world), why);
      assert.deepEqual(world.kernel.alive().slice(0, 2), alive.slice(0, 2));
      assert.equal(world.kernel.alive().length, 3);
      assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
    }
  }
});

test("a reload does not begin the wait anew: the new image waits for the same moment", () => {
  const world = three();
  void world.roll("web");
  world.pass(700).reload([law("web", { count: 3 })]).pass(309);
  assert.deepEqual(world.kernel.signals, []);
  world.pass(1);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
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
  for (const moment of [0, 5, 20, 500, 1065, 1500, 2100]) {
    const world = three();
    void world.roll("web");
    world.pass(moment).takeOver();
    assert.equal(rolling(world), null);
    for (const { phase } of world.engine.state.slots.values()) assert(phase.kind !== "running" || phase.settles === null);
    world.pass(1000);
    assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "web:2"]);
    assert.equal(world.kernel.alive().length, 3);
    assert(world.kernel.alive().includes(3), "web:2 is not restarted any more");
    assert.equal(outcome(world), null);
  }
});
