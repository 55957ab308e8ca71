import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import { World, law, someone } from "../support/world.ts";

const slow = () => ({ ...longLife, heedsAfter: 50 });

test("a restart ends the process, and starts the next as soon as it has ended, without the delay", async () => {
  const world = new World([law("web", { delay: 60_000 })], slow).start();
  const old = world.kernel.runOf("web:0");
  const answer = world.restart("web:0");
  assert.equal(world.phase("web:0"), "stopping");
  assert.deepEqual(world.signals(), ["SIGTERM"]);
  world.pass(50);
  assert.equal(world.phase("web:0"), "running");
  assert.notEqual(world.kernel.runOf("web:0"), old);
  assert.deepEqual(world.told("web:0"), ["started", "stopping", "exited", "stopped", "started"]);
  const [, stopping, exited] = world.records;
  assert(stopping?.type === "stopping" && exited?.type === "exited");
  assert.deepEqual([stopping.cause, stopping.wanted, stopping.by], ["restarted", true, someone]);
  assert.deepEqual([exited.cause, exited.by], ["restarted", someone]);
  assert.deepEqual(await answer, { kind: "accepted" });
});

test("a restart of a slot that waits starts it now", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  world.end("web:0");
  void world.restart("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.timers.size, 0);
  assert.deepEqual(world.kernel.signals, []);
});

test("a restart of a slot that is down wants it up again", () => {
  const world = new World([law("web")]).start();
  void world.down("web:0");
  world.pass(0);
  void world.restart("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.slot("web:0").wanted, true);
});

test("a restart of a slot that is stopping starts it once that has ended", () => {
  const world = new World([law("web")], slow).start();
  void world.down("web:0");
  void world.restart("web:0");
  void world.restart("web:0");
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
  world.pass(50);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.processes.size, 2);
});

test("a start that hangs is ended by a restart, and begun anew", () => {
  const world = new World([law("web", { grace: 1000 })], (run) => run === 1 ? { ...longLife, answerAfter: Infinity } : longLife).start();
  void world.restart("web:0");
  assert.equal(world.phase("web:0"), "stopping");
  world.pass(1000);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.kernel.runOf("web:0"), 2);
});

test("a restart under way is brought to its end by a reload, and by who takes over", () => {
  for (const goOn of [(world: World) => world.reload([law("web")]), (world: World) => world.takeOver()]) {
    const world = new World([law("web")], slow).start();
    void world.restart("web:0");
    goOn(world).pass(50);
    assert.equal(world.phase("web:0"), "running");
    assert.equal(world.slot("web:0").lastExit?.cause, "restarted");
  }
});

test("what is not there, and what is about to leave, cannot be restarted", async () => {
  const world = new World([law("web")], slow).start();
  assert.deepEqual(await world.restart("web:1"), { kind: "refused", why: "noSuchSlot" });
  assert.deepEqual(await world.roll("db"), { kind: "refused", why: "noSuchEntry" });
  void world.stop();
  assert.deepEqual(await world.restart("web:0"), { kind: "refused", why: "leaving" });
  assert.deepEqual(await world.roll("web"), { kind: "refused", why: "leaving" });
  assert.deepEqual(await world.signal("web:0", "SIGHUP"), { kind: "refused", why: "leaving" });
});

test("a signal goes to the process alone, once it is told who sent which", async () => {
  const world = new World([law("web", { count: 2 })], slow).start();
  assert.deepEqual(await world.signal("web:1", "SIGHUP"), { kind: "accepted" });
  assert.deepEqual(world.kernel.signals, ["web:1 SIGHUP"]);
  const told = world.records.at(-1);
  assert(told?.type === "signalled");
  const { pid } = world.kernel.processes.get(2) ?? {};
  assert.deepEqual([told.entry, told.slot, told.pid, told.signal, told.cause, told.by], ["web", 1, pid, "SIGHUP", null, someone]);
});

test("a process that a signal has ended has ended by itself", () => {
  const world = new World([law("web", { delay: 1000 })]).start();
  void world.signal("web:0", "SIGUSR1");
  world.pass(0);
  assert.equal(world.slot("web:0").lastExit?.cause, "exited");
  assert.equal(world.phase("web:0"), "waiting");
});

test("one that is stopping can have a signal as well; its grace stays as it is", () => {
  const world = new World([law("web", { grace: 1000 })], () => ({ ...longLife, heedsAfter: null })).start();
  void world.down("web:0");
  void world.signal("web:0", "SIGUSR1");
  world.pass(1000);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "web:0 SIGUSR1", "web:0 SIGKILL"]);
});

test("where there is no process, or none yet, a signal is accepted, sent to nobody, and not told", async () => {
  const world = new World([law("web", { count: 4 })], (_run, slot) => {
    const unheeded = { ...longLife, answerAfter: 30, calledOff: false };
    return slot === "web:2" || slot === "web:3" ? unheeded : longLife;
  }).start();
  world.end("web:0");
  void world.down("web:1");
  void world.down("web:3");
  world.pass(0);
  const told = world.records.length;
  for (const slot of ["web:0", "web:1", "web:2", "web:3"] as const) {
    assert.deepEqual(await world.signal(slot, "SIGHUP"), { kind: "accepted" });
    assert.deepEqual(world.signals(), []);
  }
  assert.equal(world.records.length, told);
  assert.deepEqual(await world.signal("web:4", "SIGHUP"), { kind: "refused", why: "noSuchSlot" });
});
