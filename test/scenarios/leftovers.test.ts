import assert from "node:assert/strict";
import { test } from "node:test";

import type { Law, Scope } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate, Program } from "../support/kernel.ts";
import { law, someone, World } from "../support/world.ts";

const child: Program = { livesFor: Infinity, ending: { code: 0 }, heedsAfter: 20, killedAfter: 0 };
const deaf: Program = { ...child, heedsAfter: null };

/** Its process has started others. */
function parent(...leaves: Program[]): Fate {
  return { ...longLife, leaves };
}

function left(world: World, run: number): number {
  return world.kernel.processes.get(run)?.family.living("tree").length ?? 0;
}

function ofLeftover(differs: Partial<Law> = {}, ...leaves: Program[]): World {
  return new World([law("web", { delay: 100, grace: 1000, ...differs })],
    (run) => run === 1 ? parent(...leaves) : longLife).start();
}

test("an exit is recorded at once, whatever the process has left behind, and says that there is something", () => {
  const world = ofLeftover({}, child).end("web:0", { code: 3 });
  assert.deepEqual(world.told("web:0"), ["started", "exited", "stopping"]);
  const [, exited, stopping] = world.records;
  assert(exited?.type === "exited" && stopping?.type === "stopping");
  assert.deepEqual([exited.code, exited.cause, exited.leftovers], [3, "exited", true]);
  assert.deepEqual([stopping.cause, stopping.by, stopping.pid, stopping.run], ["leftover", null, null, 1]);
  assert.equal(stopping.until, world.agenda.now().mono + 1000);
});

test("what a process has left behind is ended before the next is started, and the process is reaped only then", () => {
  const world = ofLeftover({}, child, child).end("web:0");
  assert.equal(world.phase("web:0"), "clearing");
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
  assert.equal(world.kernel.processes.get(1)?.life, "zombie");
  world.pass(20);
  assert.equal(world.kernel.processes.get(1)?.life, "reaped");
  assert.equal(left(world, 1), 0);
});

test("the delay counts from the exit, and is not waited for again where the ending took longer", () => {
  const quick = ofLeftover({ delay: 100 }, child).end("web:0");
  quick.pass(99);
  assert.equal(quick.phase("web:0"), "waiting");
  quick.pass(1);
  assert.equal(quick.phase("web:0"), "running");

  const slow = ofLeftover({ delay: 100 }, deaf).end("web:0");
  slow.pass(999);
  assert.equal(slow.phase("web:0"), "clearing");
  slow.pass(1);
  assert.equal(slow.phase("web:0"), "running");
});

test("what does not heed the signal is killed after the grace", () => {
  const world = ofLeftover({ stopSignal: "SIGQUIT" }, deaf).end("web:0").pass(1000);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGQUIT", "web:0 SIGKILL"]);
  assert.equal(left(world, 1), 0);
});

test("a stop ends the whole tree, and is over when nothing is left", () => {
  const world = ofLeftover({}, child, { ...child, detached: true });
  void world.down("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "clearing");
  world.pass(20);
  assert.equal(world.phase("web:0"), "stopped");
  assert.equal(left(world, 1), 0);
  assert.deepEqual(world.told("web:0"), ["started", "stopping", "exited", "stopped"]);
  for (const record of world.records.slice(1)) assert.deepEqual([record.cause, record.by], ["stopped", someone]);
});

test("the grace of a stop goes on for what is left when the process itself has ended", () => {
  const world = new World([law("web", { grace: 1000 })], () => ({ ...parent(deaf), heedsAfter: 700 })).start();
  void world.stop();
  world.pass(999);
  assert.equal(world.phase("web:0"), "clearing");
  assert.equal(world.left, 0);
  world.pass(1);
  assert.equal(world.left, 1);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL"]);
});

test("after a SIGKILL that has ended the process, what it leaves is killed as well", () => {
  const world = new World([law("web", { grace: 0 })], () => ({ ...longLife, heedsAfter: null, leaves: [{ ...deaf, killedAfter: 30 }] })).start();
  void world.down("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "clearing");
  world.pass(30);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL"]);
  assert.equal(world.phase("web:0"), "stopped");
});

test("by the scope process what is left is nobody's affair, by the scope group what has left the group", () => {
  const gone = (scope: Scope) => {
    const world = ofLeftover({ scope }, child, { ...child, detached: true }).end("web:0");
    const [, exited] = world.records;
    assert(exited?.type === "exited");
    world.pass(100);
    assert.equal(world.phase("web:0"), "running");
    return [exited.leftovers, left(world, 1)];
  };
  assert.deepEqual(gone("process"), [false, 2]);
  assert.deepEqual(gone("group"), [true, 1]);
  assert.deepEqual(gone("tree"), [true, 0]);
});

test("down while something is being cleared: the slot is stopped then, and never starts again", () => {
  const world = ofLeftover({}, child).end("web:0");
  void world.down("web:0");
  const told = world.records.at(-1);
  assert(told?.type === "stopping");
  assert.deepEqual([told.cause, told.by, told.wanted], ["stopped", someone, false]);
  world.pass(100_000);
  assert.equal(world.phase("web:0"), "stopped");
  assert.deepEqual([world.records.at(-1)?.cause, world.records.at(-1)?.by], ["stopped", someone]);
  assert.equal(world.kernel.processes.size, 1);
});

test("up, or a restart, while something is being cleared starts the next as soon as nothing is left", () => {
  for (const ask of ["up", "restart"] as const) {
    const world = ofLeftover({ delay: 60_000 }, child).end("web:0");
    void world[ask]("web:0");
    assert.deepEqual([world.records.at(-1)?.type, world.records.at(-1)?.by], ["waiting", someone]);
    assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
    world.pass(20);
    assert.equal(world.phase("web:0"), "running");
  }
});

test("down and up again while something is being cleared starts the next as soon as nothing is left", () => {
  const world = ofLeftover({ delay: 60_000 }, child).end("web:0");
  void world.down("web:0");
  void world.up("web:0");
  world.pass(20);
  assert.equal(world.phase("web:0"), "running");
});

test("each change of mind while something is being cleared is told, with who asked, and a whole stop as well", () => {
  const world = ofLeftover({}, child).end("web:0");
  const before = world.records.length;
  for (const wish of ["down", "down", "up", "down", "up"] as const) void world[wish]("web:0");
  void world.stop();
  const minds = world.records.slice(before);
  assert.deepEqual(minds.map(({ type }) => type), ["stopping", "waiting", "stopping", "waiting"]);
  assert(minds.every(({ by }) => by === someone));

  const stopped = ofLeftover({}, child).end("web:0");
  void stopped.stop();
  const last = stopped.records.at(-1);
  assert(last?.type === "stopping");
  assert.deepEqual([last.cause, last.by, last.wanted], ["stopped", someone, true]);
});

test("what has finished or failed is so once nothing is left, unless somebody asks for more until then", () => {
  for (const [code, rest] of [[0, "finished"], [1, "failed"]] as const) {
    const world = ofLeftover({ restart: "never" }, child).end("web:0", { code });
    assert(!world.told().includes(rest));
    world.pass(20);
    assert.equal(world.phase("web:0"), rest);
    assert.equal(world.records.at(-1)?.cause, "exited");

    const asked = ofLeftover({ restart: "never" }, child).end("web:0", { code });
    void asked.up("web:0");
    asked.pass(20);
    assert.equal(asked.phase("web:0"), "running");
    assert(!asked.told().includes(rest));
  }
});

test("an up of what is about to have failed clears the failures", () => {
  for (const wishes of [["up"], ["down", "up"]] as const) {
    const world = new World([law("web", { delay: 0, limit: { count: 1, within: 60_000 } })],
      (run) => ({ ...parent(child), livesFor: run < 4 ? 5 : Infinity, ending: { code: 1 } })).start().pass(30);
    assert.equal(world.slot("web:0").failures.times.length, 2);
    for (const wish of wishes) void world[wish]("web:0");
    world.pass(45);
    assert.equal(world.slot("web:0").starts, 4);
    assert.equal(world.phase("web:0"), "running");
  }
});

test("a reload that replaces the entry begins what is about to have finished, and cuts no wait short", () => {
  for (const [restart, phase] of [["never", "running"], ["always", "waiting"]] as const) {
    const world = ofLeftover({ restart, delay: 60_000 }, child).end("web:0");
    world.reload([law("web", { restart, delay: 60_000 })], ["web"]).pass(20);
    assert.equal(world.phase("web:0"), phase);
  }
});

test("a second signal to stop hurries what is being cleared", () => {
  const world = ofLeftover({}, deaf).end("web:0");
  void world.stop();
  assert.equal(world.left, 0);
  void world.stop();
  assert.deepEqual(world.signals(), ["SIGKILL"]);
  world.pass(0);
  assert.equal(world.left, 1);
  assert.equal(world.timers.size, 0);
});

test("a whole stop leaves when nothing is left, and what ends by itself is not waited for longer", () => {
  const world = ofLeftover({}, { ...deaf, livesFor: 300 });
  world.end("web:0");
  void world.stop();
  world.pass(299);
  assert.equal(world.left, 0);
  world.pass(1);
  assert.equal(world.left, 1);
});

test("a signal finds no process where only leftovers are there", async () => {
  const world = ofLeftover({}, deaf).end("web:0");
  assert.deepEqual(await world.signal("web:0", "SIGHUP"), { kind: "accepted" });
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
});

test("scaled away while something is being cleared, the slot is gone when nothing is left", () => {
  const world = ofLeftover({}, child).end("web:0");
  void world.scale("web", 0);
  world.pass(20);
  assert.equal(world.engine.state.slots.size, 0);
  assert.equal(world.records.at(-1)?.cause, "scaled");
});

test("clearing goes on over a reload without another signal, and with one for who takes over, in the same grace", () => {
  const world = ofLeftover({}, deaf).end("web:0").pass(300);
  world.reload([law("web", { delay: 100, grace: 60_000 })]);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
  world.pass(300).takeOver();
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGTERM"]);
  world.pass(399);
  assert.equal(world.phase("web:0"), "clearing");
  world.pass(1);
  assert.equal(world.phase("web:0"), "running");
});

test("a reload forgets nothing of what is being cleared: what comes after it comes, and a stop leaves", () => {
  const world = ofLeftover({ delay: 0 }, child).end("web:0");
  world.reload([law("web", { delay: 0 })]).pass(20);
  assert.equal(world.phase("web:0"), "running");

  const killed = ofLeftover({}, { ...deaf, killedAfter: 30 }).end("web:0").pass(1000);
  killed.reload([law("web")]);
  void killed.stop();
  killed.pass(30);
  assert.equal(killed.left, 1);
});

test("what is being cleared goes on by the signal and the scope that it began with, whatever a reload says of them", () => {
  const world = ofLeftover({ scope: "tree" }, { ...deaf, detached: true }).end("web:0").pass(300);
  world.reload([law("web", { delay: 100, scope: "group", stopSignal: "SIGQUIT", grace: 1 })]).pass(700);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL"]);
  assert.equal(left(world, 1), 0);
});

test("a stop by SIGKILL has no grace, and is told as that", () => {
  const differs = { stopSignal: "SIGKILL", grace: 10_000 };
  const stuck = { ...deaf, killedAfter: 6000 };
  const world = ofLeftover(differs, stuck);
  void world.down("web:0");
  assert.deepEqual([world.records.at(-1)?.type, world.timers.size], ["stopping", 1]);
  const ended = ofLeftover(differs, stuck).end("web:0");
  for (const one of [world, ended]) {
    const told = one.records.find(({ type }) => type === "stopping");
    assert(told?.type === "stopping");
    assert.equal(told.until, one.agenda.now().mono);
    one.pass(4999);
    assert(!one.told().includes("fault"));
    one.pass(1);
    assert(one.told().includes("fault"), "five seconds after the signal");
    one.pass(1000);
    assert.equal(left(one, 1), 0);
    assert.deepEqual(one.kernel.signals, ["web:0 SIGKILL"]);
  }
});

test("a take-over of what is being cleared, and is not wanted any more, comes to rest", () => {
  const world = ofLeftover({}, child).end("web:0");
  world.engine.state.slots.set("web:0", { ...world.slot("web:0"), wanted: false });
  world.takeOver().pass(20);
  assert.equal(world.phase("web:0"), "stopped");
});

test("a rolling restart goes on only once what the old process has left is gone", () => {
  const world = new World([law("web")], (run) => run === 1 ? parent({ ...child, heedsAfter: 500 }) : longLife).start();
  void world.roll("web");
  world.pass(1000);
  assert.equal(world.phase("web:0"), "clearing");
  world.pass(500);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.engine.state.entries.get("web")?.rolling?.awaited, 0);
  world.pass(1000);
  assert.equal(world.engine.state.entries.get("web")?.rolling, null);
});

test("a rolling restart waits for a slot that is being cleared when its turn comes, also until that is killed", () => {
  const world = ofLeftover({ grace: 1000 }, deaf);
  void world.roll("web");
  world.pass(900).end("web:0");
  world.pass(999);
  assert.equal(world.engine.state.entries.get("web")?.rolling?.awaited, 0);
  assert.equal(world.phase("web:0"), "clearing");
  world.pass(5000);
  assert.equal(world.engine.state.entries.get("web")?.rolling, null);
  assert(!world.told().includes("fault"));
});

test("a new process that ends and leaves something behind has ended the rolling restart", () => {
  const world = new World([law("web", { count: 2 })],
    (run) => run === 4 ? { ...parent(child), livesFor: 100, ending: { code: 1 } } : longLife).start();
  void world.roll("web");
  world.pass(1100);
  assert.match(JSON.stringify(world.records), /web:0 ended 100 ms after its start; those after it were not touched/);
});
