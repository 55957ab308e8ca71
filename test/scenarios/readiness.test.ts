import assert from "node:assert/strict";
import { test } from "node:test";

import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate, Program } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const slow: Fate = { ...longLife, heedsAfter: 30 };
const entry = (differs: Partial<Law>): Law => law("web", { readyTimeout: 5000, ...differs });

test("where to be started is to be ready, nobody looks and nothing more is told", () => {
  const world = new World([law("web")]).start();
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(world.told("web:0"), ["started"]);
  assert.equal(world.probes.size, 0);
});

test("a process is ready once it says so itself, and that is told with its pid", () => {
  const world = new World([entry({ ready: "notify" })]).start();
  assert.equal(world.phase("web:0"), "readying");
  world.notify("web:0", { status: "reading the journal" });
  assert.equal(world.phase("web:0"), "readying");
  world.notify("web:0", { ready: true });
  assert.equal(world.phase("web:0"), "running");
  const ready = world.records.at(-1);
  assert.deepEqual([ready?.type, ready?.pid], ["ready", 101]);
  assert.equal(world.timers.size, 0, "its deadline is over");
});

test("what is asked from outside is looked at until it is ready, and then no longer", () => {
  const world = new World([entry({ ready: "probe" })]).start();
  assert.deepEqual([...world.probes], [[1, "ready"]]);
  world.notify("web:0", { ready: true });
  assert.equal(world.phase("web:0"), "readying", "its own word is not what was asked for");
  world.prove("web:0");
  assert.deepEqual([world.phase("web:0"), world.probes.size], ["running", 0]);
  world.prove("web:0"); // that was on its way twice
  assert.deepEqual(world.told("web:0"), ["started", "ready"]);
});

test("to run out of time is a failure: it is ended, and counts for the limit and the backoff", () => {
  for (const ready of ["notify", "probe"] as const) {
    const world = new World([entry({ ready, delay: 1000, limit: { count: 1, within: 60_000 } })], () => slow).start().pass(4999);
    assert.equal(world.phase("web:0"), "readying");
    world.pass(1);
    assert.equal(world.phase("web:0"), "stopping");
    world.pass(30);
    assert.equal(world.phase("web:0"), "waiting");
    assert.equal(world.records.find(({ type }) => type === "exited")?.cause, "readyTimeout");
    world.pass(1000 + 5000 + 30);
    assert.equal(world.phase("web:0"), "failed");
  }
});

test("why it was not ready is told where its time is over: what was found when it was last looked at", () => {
  const world = new World([entry({ ready: "probe" })], () => slow).start();
  world.examine("web:0", false).pass(5000);
  assert.deepEqual(world.records.flatMap((record) => record.type === "stopping" ? [[record.cause, record.reason]] : []), [["readyTimeout", "connection refused"]]);
});

test("a process that ends before it was ready has failed, however it has ended", () => {
  const world = new World([entry({ ready: "probe", restart: "on-failure" })]).start().end("web:0", { code: 0 });
  assert.equal(world.phase("web:0"), "waiting");
  assert.equal(world.probes.size, 0);
});

test("one that needs more time says so: the deadline is later, and never sooner", () => {
  const world = new World([entry({ ready: "notify" })]).start().pass(4000);
  world.notify("web:0", { extend: 500 }).pass(999);
  assert.equal(world.phase("web:0"), "readying", "less than it has is no less");
  world.notify("web:0", { extend: 3000 }).pass(2999);
  assert.equal(world.phase("web:0"), "readying");
  world.pass(1);
  assert.equal(world.records.find(({ type }) => type === "stopping")?.cause, "readyTimeout");
});

test("a daemon is to become ready once it has forked itself away, in the same time", () => {
  const daemon: Fate = { ...longLife, livesFor: 100, forks: [longLife], search: { after: 0, pidFile: true } };
  const world = new World([entry({ ready: "probe", daemon: true })], () => daemon).start().pass(100);
  assert.equal(world.phase("web:0"), "readying");
  assert.deepEqual([...world.probes], [[1, "ready"]]);
  assert(!world.told().includes("ready"));
  world.pass(4900);
  assert.equal(world.records.findLast(({ type }) => type === "stopping")?.cause, "readyTimeout");
});

test("a daemon that says it is ready is none in between: nobody waits for it to settle", () => {
  const forks: Fate = { ...longLife, livesFor: 100, forks: [longLife], search: { after: 10, pidFile: false } };
  const world = new World([entry({ ready: "notify", daemon: true })], () => forks).start().pass(105);
  assert.equal(world.phase("web:0"), "following");
  world.notify("web:0", { ready: true }).pass(5);
  assert.equal(world.phase("web:0"), "running");
  const later = new World([entry({ ready: "notify", daemon: true })], () => forks).start().pass(110);
  assert.equal(later.phase("web:0"), "settling");
  assert.equal(later.notify("web:0", { ready: true }).phase("web:0"), "running");
});

test("what a daemon shows by itself before it is known is not forgotten, and makes it ready once it is", () => {
  const pidFile: Fate = { ...longLife, livesFor: 100, forks: [longLife], search: { after: 50, pidFile: true } };
  for (const at of [50, 120]) {
    const world = new World([entry({ ready: "probe", daemon: true })], () => pidFile).start().pass(at);
    assert.deepEqual([...world.probes], [[1, "sign"]]);
    assert.deepEqual([world.prove("web:0").phase("web:0"), world.probes.size], ["following", 0]);
    assert.equal(world.pass(150 - at).phase("web:0"), "running");
    assert.deepEqual(world.told("web:0"), ["started", "ready"]);
  }
});

test("what it has shown does not say which process is the daemon: one in between may have, so it settles all the same", () => {
  const between: Program = { ...longLife, livesFor: 100, forks: [longLife] };
  const forks: Fate = { ...longLife, livesFor: 100, forks: [between] };
  for (const at of [50, 150]) {
    const world = new World([entry({ ready: "probe", daemon: true })], () => forks).start().pass(at).prove("web:0").pass(200 + 249 - at);
    assert.equal(world.phase("web:0"), "settling");
    world.pass(1);
    assert.deepEqual([world.phase("web:0"), world.records.at(-1)?.pid], ["running", 1002]);
  }
});

test("what a daemon has shown is known after an exec", () => {
  const forks: Fate = { ...longLife, livesFor: 100, forks: [longLife] };
  for (const at of [50, 150]) {
    const world = new World([entry({ ready: "probe", daemon: true })], () => forks).start().pass(at).prove("web:0");
    world.reload([entry({ ready: "probe", daemon: true })]).pass(1000);
    assert.equal(world.phase("web:0"), "running");
  }
});

test("down, a restart and a whole stop end what is not ready yet; a signal is for it", async () => {
  const begin = () => new World([entry({ ready: "notify" })], () => slow).start();
  const down = begin();
  await down.down("web:0");
  assert.equal(down.pass(30).phase("web:0"), "stopped");
  const again = begin();
  await again.restart("web:0");
  assert.equal(again.pass(30).phase("web:0"), "readying");
  assert.equal(again.slot("web:0").starts, 2);
  const signalled = begin();
  await signalled.signal("web:0", "SIGHUP");
  assert.deepEqual(signalled.kernel.signals, ["web:0 SIGHUP"]);
  await signalled.stop();
  assert.equal(signalled.pass(30).left, 1);
});

test("a rolling restart goes on as soon as each is ready, and ends where one does not get ready", async () => {
  const world = new World([entry({ ready: "probe", count: 2 })], () => slow).start().prove("web:0").prove("web:1");
  await world.roll("web");
  world.pass(2000).prove("web:2");
  assert.equal(world.phase("web:0"), "stopping", "it goes on without waiting for the extra one to stay");
  world.pass(30).prove("web:0").pass(30);
  assert.equal(world.phase("web:1"), "readying");
  world.pass(5030);
  const fault = world.records.findLast(({ type, slot }) => type === "fault" && slot === null);
  assert(fault?.type === "fault");
  assert.equal(fault.message, "web:1 did not get ready; those after it were not touched");
  world.pass(40);
  assert.equal(world.kernel.alive().length, 1);
});

test("an exec or a take-over changes nothing: it is looked at again, and has the time that is left, but never less than a second", () => {
  for (const goOn of [(world: World) => world.reload([entry({ ready: "probe" })]), (world: World) => world.takeOver()]) {
    const world = goOn(new World([entry({ ready: "probe" })]).start().pass(3000));
    assert.deepEqual([...world.probes], [[1, "ready"]]);
    goOn(world.pass(1500));
    world.pass(999);
    assert.equal(world.phase("web:0"), "readying", "what was found while nobody listened is still to be told");
    world.pass(1);
    assert.equal(world.records.findLast(({ type }) => type === "stopping")?.cause, "readyTimeout");
  }
});

test("a reload changes what makes it ready: what was to become so may be so at once, or is looked at in another way", () => {
  const world = new World([entry({ ready: "notify" })]).start();
  world.put({ kind: "reload", laws: [entry({ ready: "probe" })], replaced: [], exitWhen: null, by: null });
  assert.deepEqual([...world.probes], [[1, "ready"]]);
  world.put({ kind: "reload", laws: [entry({ ready: "started" })], replaced: [], exitWhen: null, by: null });
  assert.deepEqual([world.phase("web:0"), world.probes.size, world.timers.size], ["running", 0, 0]);
  assert.equal(world.told().at(-1), "ready");
});
