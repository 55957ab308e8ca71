import assert from "node:assert/strict";
import { test } from "node:test";

import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const slow: Fate = { ...longLife, heedsAfter: 30 };

function job(differs: Partial<Law> = {}): World {
  return new World([law("job", { schedule: "skip", ...differs })], () => slow).start();
}

function waits(world: World): (number | null)[] {
  const now = world.agenda.now().mono;
  return world.records.flatMap((record) => {
    const { type, cause } = record;
    return type === "waiting" && cause === "schedule" ? [record.until === null ? null : record.until - now] : [];
  });
}

test("it is not started at the beginning: it waits until it is due, and says until when as soon as that is known", () => {
  const world = job();
  assert.deepEqual([world.phase("job:0"), waits(world)], ["scheduled", [null]]);
  const next = world.agenda.now().wall + 5_000_000;
  world.put({ kind: "due", entry: "job", now: false, next, missed: 0 });
  assert.deepEqual(waits(world), [null, 5000]);
  world.put({ kind: "due", entry: "job", now: false, next, missed: 0 });
  assert.equal(waits(world).length, 2, "what is known is not told again");
  assert.equal(world.engine.state.entries.get("job")?.due, next);
});

test("when it is due it runs, and waits again, however it has ended and whatever the policy says", () => {
  for (const restart of ["always", "on-failure", "never"] as const) {
    const world = job({ restart, limit: { count: 0, within: 1000 } });
    for (const code of [0, 1, 1]) {
      world.due("job");
      assert.equal(world.phase("job:0"), "running");
      world.end("job:0", { code });
      assert.equal(world.phase("job:0"), "scheduled");
      assert.equal(world.slot("job:0").lastExit?.exit.code, code);
    }
  }
});

test("a start that fails leaves it where it was", () => {
  const fault = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no/such" };
  const world = new World([law("job", { schedule: "skip" })], () => ({ ...longLife, fault })).start().due("job");
  assert.deepEqual(world.told("job:0"), ["waiting", "fault", "waiting"]);
});

test("up and restart run it now; down keeps it from running, and up after that runs it", async () => {
  const world = job();
  await world.up("job:0");
  assert.equal(world.pass(0).phase("job:0"), "running");
  world.end("job:0");
  await world.restart("job:0");
  assert.equal(world.pass(0).phase("job:0"), "running");
  await world.down("job:0");
  assert.equal(world.pass(30).due("job").phase("job:0"), "stopped");
  await world.up("job:0");
  assert.equal(world.pass(0).phase("job:0"), "running");
});

test("where it still runs when it is due, `skip` leaves it, and counts that, once for all of its slots", () => {
  const world = job({ count: 3 }).due("job").end("job:2").due("job");
  assert.deepEqual([world.phase("job:0"), world.phase("job:2")], ["running", "running"]);
  assert.equal(world.slot("job:0").starts, 1);
  const missed = world.records.filter(({ cause, type }) => type === "fault" && cause === "schedule");
  assert.equal(missed.length, 1);
  assert(missed[0]?.type === "fault");
  assert.deepEqual([missed[0].slot, missed[0].message], [null, "it was due, and job:0 had not ended, job:1 had not ended"]);
  assert.equal(world.engine.state.entries.get("job")?.missed, 1);
});

test("and `kill` ends it, and runs it anew at once", () => {
  const world = job({ schedule: "kill" }).due("job").pass(100).due("job");
  assert.equal(world.records.findLast(({ type }) => type === "stopping")?.cause, "schedule");
  world.pass(30);
  assert.deepEqual([world.phase("job:0"), world.slot("job:0").starts], ["running", 2]);
  assert.equal(world.engine.state.entries.get("job")?.missed, 0);
});

test("what was missed while nobody could see it is counted and told, and not made up for", () => {
  const world = job();
  world.put({ kind: "due", entry: "job", now: false, next: null, missed: 3 });
  assert.deepEqual([world.phase("job:0"), world.engine.state.entries.get("job")?.missed], ["scheduled", 3]);
  const told = world.records.find(({ type }) => type === "fault");
  assert(told?.type === "fault");
  assert.equal(told.message, "it was due 3 times, and nobody could see that");
});

test("what is down has missed nothing", async () => {
  const world = job();
  await world.down("job:0");
  world.put({ kind: "due", entry: "job", now: true, next: null, missed: 3 });
  assert.deepEqual([world.phase("job:0"), world.engine.state.entries.get("job")?.missed], ["stopped", 0]);
  assert.ok(!world.told().includes("fault"));
});

test("what is due and comes after something else is blocked until that is there, and runs then", () => {
  const world = new World([law("job", { schedule: "skip", after: [{ entry: "db", on: "ready" }] }), law("db", { ready: "notify" })]).start();
  assert.equal(world.phase("job:0"), "scheduled");
  world.due("job").due("job");
  assert.deepEqual([world.phase("job:0"), world.engine.state.entries.get("job")?.missed], ["blocked", 1]);
  assert.equal(world.notify("db:0", { ready: true }).phase("job:0"), "running");
});

test("who comes after something that has a schedule does not wait for its time", () => {
  const world = new World([law("web", { after: [{ entry: "job", on: "ready" }] }), law("job", { schedule: "skip" })]).start();
  assert.equal(world.phase("web:0"), "running");
});

test("an exec and a take-over leave it waiting, and running what runs", () => {
  for (const goOn of [(world: World) => world.reload([law("job", { schedule: "skip", count: 2 })]), (world: World) => world.takeOver()]) {
    const world = job({ count: 2 }).due("job").end("job:1");
    assert.deepEqual([goOn(world).phase("job:0"), world.phase("job:1")], ["running", "scheduled"]);
    assert.equal(world.end("job:0").phase("job:0"), "scheduled");
  }
});

test("a reload that takes the schedule away starts it; one that gives a schedule lets what runs come to its end", () => {
  const world = job().reload([law("job")]);
  assert.equal(world.phase("job:0"), "running");
  world.reload([law("job", { schedule: "skip" })]);
  assert.equal(world.phase("job:0"), "running");
  assert.equal(world.end("job:0").phase("job:0"), "scheduled");
  const waiting = new World([law("job", { delay: 1000 })]).start().end("job:0").reload([law("job", { schedule: "skip" })]);
  assert.equal(waiting.phase("job:0"), "scheduled", "what waited for its restart is not kept running any more");
});

test("what it has left behind is ended before it waits again; and who asks meanwhile has it at once after that", async () => {
  const world = new World([law("job", { schedule: "skip" })], () => ({ ...longLife, leaves: [slow] })).start().due("job").end("job:0");
  assert.equal(world.phase("job:0"), "clearing");
  assert.equal(world.pass(30).phase("job:0"), "scheduled");
  world.due("job").end("job:0");
  await world.up("job:0");
  assert.equal(world.pass(30).phase("job:0"), "running");
});

test("the whole stop does not wait for what is not due", async () => {
  const world = job();
  await world.stop();
  assert.equal(world.left, 1);
});
