import assert from "node:assert/strict";
import { test } from "node:test";

import { identityOf, longLife } from "../support/kernel.ts";
import { World, law } from "../support/world.ts";

const missing = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no/such" };

test("each entry is started as often as it says", () => {
  const world = new World([law("web", { count: 2 }), law("db")]).start();
  assert.deepEqual([...world.engine.state.slots.keys()], ["web:0", "web:1", "db:0"]);
  for (const id of world.engine.state.slots.keys()) assert.equal(world.phase(id), "running");
});

test("a process that ends is started again after its delay, counted from its exit", () => {
  const world = new World([law("dummy", { delay: 1000 })]).start();
  world.end("dummy:0");
  world.pass(999);
  assert.equal(world.phase("dummy:0"), "waiting");
  world.pass(1);
  assert.equal(world.phase("dummy:0"), "running");
  assert.deepEqual(world.told("dummy:0"), ["started", "exited", "waiting", "started"]);
});

test("an exit that is told late does not make the delay longer", () => {
  const world = new World([law("dummy", { delay: 1000 })], () => ({ ...longLife, toldAfter: 400 })).start();
  world.end("dummy:0");
  world.pass(999);
  assert.equal(world.phase("dummy:0"), "waiting");
  world.pass(1);
  assert.notEqual(world.phase("dummy:0"), "waiting");
});

test("an exit that is told after its delay is over is followed by a start at once, without a wait", () => {
  const world = new World([law("dummy", { delay: 1000 })], () => ({ ...longLife, toldAfter: 5000 })).start();
  world.pass(5000).end("dummy:0");
  world.pass(5000);
  assert.deepEqual(world.told("dummy:0"), ["started", "exited", "started"]);
});

test("an exit is recorded, then reaped, and only then is anything else done", () => {
  const done: string[] = [];
  const world = new World([law("dummy", { delay: 0 })], () => longLife, (_command, effects) => {
    done.splice(0, done.length, ...effects.map(({ kind }) => kind));
  }).start();
  world.kernel.die(1, { code: 0 });
  world.agenda.next();
  assert.deepEqual(done, ["record", "reap", "spawn"]);
});

test("how a process ended is kept with its slot", () => {
  const world = new World([law("dummy")]).start();
  world.pass(4003).end("dummy:0", { signal: "SIGSEGV", coreDumped: true });
  const { lastExit, starts } = world.slot("dummy:0");
  assert.equal(lastExit?.exit.signal, "SIGSEGV");
  assert.equal(lastExit?.exit.code, null);
  assert.equal(lastExit?.exit.coreDumped, true);
  assert.equal(lastExit?.cause, "exited");
  assert.equal(lastExit?.ran, 4003);
  assert.equal(starts, 1);
});

test("a start is told with all that a successor needs to know it by, an exit with the moment that the delay counts from", () => {
  const world = new World([law("dummy", { delay: 0 })]).start();
  const at = world.agenda.now().mono;
  world.pass(4003).end("dummy:0");
  const [first, exited, second] = world.records;
  assert(first?.type === "started" && exited?.type === "exited" && second?.type === "started");
  assert.deepEqual([first.restarts, first.mono, first.identity], [0, at, identityOf(1)]);
  assert.equal(exited.mono, at + 4003);
  assert.deepEqual([second.restarts, second.mono, second.identity], [1, at + 4003, identityOf(2)]);
  const { phase } = world.slot("dummy:0");
  assert(phase.kind === "running");
  assert.deepEqual(phase.started.identity, identityOf(2));
});

test("a start that fails is told with its step and errno, and tried again after the delay", () => {
  const world = new World([law("web", { delay: 1000 })], () => ({ ...longLife, fault: missing })).start();
  assert.equal(world.phase("web:0"), "waiting");
  const [fault] = world.records;
  assert(fault?.type === "fault");
  assert.deepEqual([fault.step, fault.errno, fault.subject, fault.cause], ["exec", "ENOENT", "/no/such", null]);
  world.pass(999);
  assert.equal(world.kernel.processes.size, 1);
  world.pass(1);
  assert.equal(world.kernel.processes.size, 2);
});

test("a start that fails waits at least 100 ms, also where the delay is 0", () => {
  const world = new World([law("web", { delay: 0 })], () => ({ ...longLife, fault: missing })).start();
  world.pass(1000);
  assert.equal(world.kernel.processes.size, 11);
});

test("a start that failed is no start: it is not counted as a restart", () => {
  const world = new World([law("web")], (run) => ({ ...longLife, fault: run === 1 ? missing : null })).start();
  world.pass(1000);
  assert.equal(world.slot("web:0").starts, 1);
});

test("an entry that ends at once with no delay does not keep the others from their starts", () => {
  const restless = { ...longLife, answerAfter: 1, livesFor: 0 };
  const world = new World(
    [law("restless", { delay: 0 }), law("calm", { delay: 1000 })],
    (_run, slot) => slot === "calm:0" ? longLife : restless,
  ).start();
  world.pass(10).end("calm:0");
  world.pass(1000);
  assert.equal(world.slot("calm:0").starts, 2);
  assert(world.slot("restless:0").starts > 900);
});

test("a jump of the wall clock changes nothing about when a process is started", () => {
  const world = new World([law("dummy", { delay: 1000 })]).start();
  world.end("dummy:0");
  world.agenda.wallSetBy = -3_600_000;
  world.pass(999);
  assert.equal(world.phase("dummy:0"), "waiting");
  world.agenda.wallSetBy = 3_600_000;
  world.pass(1);
  assert.equal(world.phase("dummy:0"), "running");
});

test("an exit whose status nobody can know is recorded as unknown, and the process is kept running", () => {
  const world = new World([law("dummy")]).start();
  world.end("dummy:0", { unknown: true });
  const exits = world.records.filter((record) => record.type === "exited");
  assert.deepEqual(exits.map(({ code, signal, status, cause }) => ({ code, signal, status, cause })),
    [{ code: null, signal: null, status: "unknown", cause: "unknown" }]);
  world.pass(1000);
  assert.equal(world.phase("dummy:0"), "running");
});
