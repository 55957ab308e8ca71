import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const notify = law("web", { ready: "notify", grace: 2000, readyTimeout: 5000 });

function ready(fate: Fate = longLife, differs = {}): World {
  return new World([{ ...notify, ...differs }], () => fate).start().notify("web:0", { ready: true });
}

function said(world: World) {
  const { phase } = world.slot("web:0");
  assert(phase.kind === "running");
  return phase.said;
}

test("what it says stays until it says something else", () => {
  const world = ready().notify("web:0", { status: "3 clients", errno: 2 }).notify("web:0", { doing: "reloading" });
  assert.deepEqual(said(world), { doing: "reloading", status: "3 clients", errno: 2, mainPid: null, watchdogEvery: null });
  world.notify("web:0", { ready: true });
  assert.equal(said(world).doing, null, "with READY its reload is over");
});

test("one that says that it is stopping has its grace from then on; if it ends by then, that is an end like any other", () => {
  const world = ready().notify("web:0", { doing: "stopping" }).pass(1999);
  assert.deepEqual([world.phase("web:0"), world.kernel.signals.length], ["running", 0]);
  world.end("web:0", { code: 0 });
  assert.equal(world.records.find(({ type }) => type === "exited")?.cause, "exited");
  assert.equal(world.phase("web:0"), "waiting");
});

test("one that says so and does not end is killed, and has failed", () => {
  const world = ready(longLife, { restart: "on-failure", delay: 500 }).notify("web:0", { doing: "stopping" }).pass(2000);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGKILL"]);
  assert.equal(world.records.find(({ type }) => type === "exited")?.cause, "exited");
  assert.equal(world.phase("web:0"), "waiting");
});

test("while it stops it is neither looked at nor watched", () => {
  const world = ready(longLife, { health: { failures: 1 }, watchdog: 100, grace: 10_000 });
  assert.deepEqual([world.probes.size, world.timers.size], [1, 1]);
  world.notify("web:0", { doing: "stopping" });
  assert.equal(world.probes.size, 0);
  world.put({ kind: "examined", run: 1, ok: false, message: "" }); // was on its way
  assert.equal(world.pass(5000).phase("web:0"), "running");
});

test("one that is stopping, told or not, may need more time", async () => {
  const world = ready().notify("web:0", { doing: "stopping", extend: 3000 }).pass(2999);
  assert.equal(world.phase("web:0"), "running");
  assert.deepEqual(world.pass(1).kernel.signals, ["web:0 SIGKILL"]);

  const told = ready({ ...longLife, heedsAfter: null });
  await told.down("web:0");
  told.pass(1000).notify("web:0", { extend: 500 }).notify("web:0", { extend: 5000 }).pass(4999);
  assert.deepEqual(told.kernel.signals, ["web:0 SIGTERM"]);
  assert.deepEqual(told.pass(1).kernel.signals, ["web:0 SIGTERM", "web:0 SIGKILL"]);
});

/** Its process ends after a second, and leaves one behind, whose pid is 1001. */
const handsOver: Fate = { ...longLife, livesFor: 1000, leaves: [{ ...longLife, livesFor: 9000 }] };

test("the process that it has named takes its place when it ends: by the same run, and told with the new pid", () => {
  const world = ready(handsOver).notify("web:0", { mainPid: 1001 }).pass(1000);
  assert.equal(world.phase("web:0"), "running");
  const record = world.records.at(-1);
  assert.deepEqual([record?.type, record?.pid], ["ready", 1001]);
  assert.equal(world.slot("web:0").starts, 1);
  world.pass(9000);
  assert.equal(world.records.find(({ type }) => type === "exited")?.pid, 1001);
});

test("one that was not ready yet has the rest of its time, in the process that it has named", () => {
  const world = new World([notify], () => handsOver).start().notify("web:0", { mainPid: 1001 }).pass(1000);
  assert.equal(world.phase("web:0"), "readying");
  world.pass(3999);
  assert.equal(world.phase("web:0"), "readying");
  world.pass(1);
  assert.equal(world.records.findLast(({ type }) => type === "stopping")?.cause, "readyTimeout");
});

test("where nothing is left there is nobody to be followed", () => {
  const world = ready({ ...longLife, livesFor: 1000 }).notify("web:0", { mainPid: 1001 }).pass(1000);
  assert.deepEqual([world.phase("web:0"), world.records.at(-2)?.type], ["waiting", "exited"]);
});

test("what it has shown by itself while the one that it has named was looked for makes that one ready", () => {
  const slowly: Fate = { ...handsOver, search: { after: 500, pidFile: false } };
  const world = new World([{ ...notify, ready: "probe" }], () => slowly).start().notify("web:0", { mainPid: 1001 }).pass(1200);
  assert.deepEqual([world.phase("web:0"), ...world.probes], ["following", [1, "sign"]]);
  assert.equal(world.prove("web:0").phase("web:0"), "following");
  assert.deepEqual(world.pass(300).told("web:0"), ["started", "ready"]);
});

test("where the named one is not found, the end that was seen is the run's, and it is judged as before", () => {
  const world = ready(handsOver, { restart: "on-failure" }).notify("web:0", { mainPid: 4711 }).pass(1000);
  assert.deepEqual(world.records.slice(-4).map(({ type }) => type), ["fault", "exited", "stopping", "finished"]);
  assert.equal(world.phase("web:0"), "finished", "what it has left is ended, and it has ended well");
});

test("a search for the named one outlives an exec and a take-over", () => {
  for (const goOn of [(world: World) => world.reload([notify]), (world: World) => world.takeOver()]) {
    const world = ready({ ...handsOver, search: { after: 500, pidFile: false } }).notify("web:0", { mainPid: 1001 }).pass(1200);
    assert.equal(world.phase("web:0"), "following");
    goOn(world).pass(500);
    assert.deepEqual([world.phase("web:0"), world.records.at(-1)?.pid], ["running", 1001]);
  }
});
