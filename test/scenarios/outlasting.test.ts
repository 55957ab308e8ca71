import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord, TroubleRecord } from "../../src/core/record.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate, Program } from "../support/kernel.ts";
import { law, someone, World } from "../support/world.ts";

/** Waits for a device when it is killed, and longer than anybody has patience. */
const stuck: Fate = { ...longLife, heedsAfter: null, killedAfter: 20_000 };
const child: Program = { livesFor: Infinity, ending: { code: 0 }, heedsAfter: null, killedAfter: 0 };

function troubles(records: readonly HistoryRecord[]): TroubleRecord[] {
  return records.filter((record): record is TroubleRecord =>
    record.type === "fault" && record.entry !== null && record.slot !== null && record.run === null);
}

test("what outlasts SIGKILL is told five seconds after it, by name, and waited for", () => {
  const world = new World([law("web", { grace: 1000 })], () => stuck).start();
  void world.down("web:0");
  world.pass(5999);
  assert.deepEqual(troubles(world.records), []);
  world.pass(1);
  const [trouble] = troubles(world.records);
  assert(trouble !== undefined);
  assert.equal(trouble.step, "kill");
  assert.equal(trouble.pid, 101);
  assert.equal(trouble.message, "101 (fake) is in state D and cannot be interrupted; Sentry goes on waiting");
  assert.deepEqual([trouble.cause, trouble.by], ["stopped", someone]);
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(15_000);
  assert.equal(world.phase("web:0"), "stopped");
});

test("it is told once, and nothing wakes Sentry after that", () => {
  const world = new World([law("web", { grace: 0 })], () => ({ ...stuck, killedAfter: 1_000_000 })).start();
  void world.down("web:0");
  world.pass(5000);
  assert.equal(world.timers.size, 0);
  void world.stop();
  void world.stop();
  world.pass(500_000);
  assert.equal(troubles(world.records).length, 1);
  assert.equal(world.left, 0);
  world.pass(500_000);
  assert.equal(world.left, 1);
});

test("where all is gone within five seconds nothing is told", () => {
  const world = new World([law("web", { grace: 0 })], () => ({ ...stuck, killedAfter: 4999 })).start();
  void world.down("web:0");
  world.pass(10_000);
  assert.deepEqual(troubles(world.records), []);
  assert.equal(world.timers.size, 0);
});

test("of what is left behind each one is named, with what the kernel says to a signal", () => {
  const world = new World([law("web", { grace: 0 })],
    () => ({ ...longLife, leaves: [{ ...child, killedAfter: 20_000 }, { ...child, refuses: "EPERM" }] })).start();
  world.end("web:0").pass(5000);
  const [trouble] = troubles(world.records);
  assert(trouble !== undefined);
  assert.equal(trouble.message, "1001 (fake) is in state D and cannot be interrupted, 1002 (fake): EPERM; Sentry goes on waiting");
  assert.deepEqual([trouble.pid, trouble.errno, trouble.cause, trouble.by], [null, "EPERM", "leftover", null]);
  assert.equal(world.phase("web:0"), "clearing");
});

test("the patience with a process goes on for what it leaves: one stop, one word of it", () => {
  const world = new World([law("web", { grace: 0 })],
    () => ({ ...stuck, killedAfter: 3000, leaves: [{ ...child, killedAfter: 30_000 }] })).start();
  void world.down("web:0");
  world.pass(4999);
  assert.equal(world.phase("web:0"), "clearing");
  assert.deepEqual(troubles(world.records), []);
  world.pass(1);
  assert.equal(troubles(world.records).length, 1);
  world.pass(30_000);
  assert.equal(troubles(world.records).length, 1);
  assert.equal(world.phase("web:0"), "stopped");
});

test("a hurry has its own five seconds", () => {
  const world = new World([law("web", { grace: 60_000 })], () => stuck).start();
  void world.stop();
  world.pass(100);
  void world.stop();
  world.pass(4999);
  assert.deepEqual(troubles(world.records), []);
  world.pass(1);
  assert.equal(troubles(world.records).length, 1);
});

test("a start that hangs in exec, and outlasts even SIGKILL, is told as well", () => {
  const world = new World([law("web", { grace: 0 })]);
  world.put({ kind: "start", laws: [law("web", { grace: 0 })], exitWhen: null });
  world.put({ kind: "down", slot: "web:0", by: someone, reply: null } as never);
  world.put({ kind: "surviving", run: 1, survivors: [{ pid: 7, name: "web", state: "D", errno: null }] });
  assert.equal(troubles(world.records)[0]?.pid, null);
});

test("an answer that comes when all is over is ignored", () => {
  const world = new World([law("web", { grace: 0 })], () => stuck).start();
  void world.down("web:0");
  world.pass(30_000);
  const told = world.records.length;
  world.put({ kind: "surviving", run: 1, survivors: [{ pid: 7, name: "web", state: "D", errno: null }] });
  assert.equal(world.records.length, told);
});

test("patience goes on over a reload, and with who takes over", () => {
  const world = new World([law("web", { grace: 0 })], () => stuck).start();
  void world.down("web:0");
  world.pass(2000).reload([law("web")]).pass(2000).takeOver().pass(999);
  assert.deepEqual(troubles(world.records), []);
  world.pass(1);
  assert.equal(troubles(world.records).length, 1);
});
