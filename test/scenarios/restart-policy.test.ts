import assert from "node:assert/strict";
import { test } from "node:test";

import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Ending, Program } from "../support/kernel.ts";
import { law, someone, World } from "../support/world.ts";

const missing = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no/such" };

/** What has become of a process of that law, once it has ended so. */
function after(differs: Partial<Law>, ending: Ending): string {
  const world = new World([law("job", differs)]).start();
  return world.end("job:0", ending).phase("job:0");
}

test("always: after any end there is another start", () => {
  for (const ending of [{ code: 0 }, { code: 3 }, { signal: "SIGSEGV" }, { unknown: true }] as const) {
    assert.equal(after({ restart: "always" }, ending), "waiting");
  }
});

test("on-failure: what ends well is finished, anything else is started again", () => {
  assert.equal(after({ restart: "on-failure" }, { code: 0 }), "finished");
  for (const ending of [{ code: 3 }, { signal: "SIGTERM" }, { unknown: true }] as const) {
    assert.equal(after({ restart: "on-failure" }, ending), "waiting");
  }
});

test("never: what ends well is finished, anything else has failed", () => {
  assert.equal(after({ restart: "never" }, { code: 0 }), "finished");
  for (const ending of [{ code: 3 }, { signal: "SIGTERM" }, { unknown: true }] as const) {
    assert.equal(after({ restart: "never" }, ending), "failed");
  }
});

test("exit 3 ends well where the law says so, and then exit 0 does not", () => {
  assert.equal(after({ restart: "on-failure", successCodes: [3] }, { code: 3 }), "finished");
  assert.equal(after({ restart: "never", successCodes: [3] }, { code: 0 }), "failed");
});

test("a start that fails is a failure: it is tried again, or, by the policy never, is not", () => {
  for (const [restart, phase] of [["on-failure", "waiting"], ["never", "failed"]] as const) {
    const world = new World([law("job", { restart })], () => ({ ...longLife, fault: missing })).start();
    assert.equal(world.phase("job:0"), phase);
  }
});

test("that a slot has finished or failed is told once, with how its last process has ended", () => {
  for (const [code, type] of [[0, "finished"], [1, "failed"]] as const) {
    const world = new World([law("job", { restart: "never" })]).start();
    world.end("job:0", { code }).pass(1_000_000);
    assert.deepEqual(world.told("job:0"), ["started", "exited", type]);
    const last = world.records.at(-1);
    assert.deepEqual([last?.cause, last?.by, last?.pid], ["exited", null, null]);
    assert.equal(world.timers.size, 0);
  }
});

test("a start that fails for good has no exit that would be its cause", () => {
  const world = new World([law("job", { restart: "never" })], () => ({ ...longLife, fault: missing })).start();
  assert.equal(world.records.at(-1)?.type, "failed");
  assert.equal(world.records.at(-1)?.cause, null);
});

test("up, or a restart, begins what has finished or failed anew, and who asked is told", () => {
  for (const code of [0, 1]) for (const ask of ["up", "restart"] as const) {
    const world = new World([law("job", { restart: "never" })]).start();
    world.end("job:0", { code });
    void world[ask]("job:0");
    world.pass(0);
    assert.equal(world.phase("job:0"), "running");
    const waiting = world.records.at(-2);
    assert.deepEqual([waiting?.type, waiting?.by], ["waiting", someone]);
  }
});

test("down of what has finished or failed is told, and it stays down", () => {
  for (const code of [0, 1]) {
    const world = new World([law("job", { restart: "never" })]).start();
    world.end("job:0", { code });
    void world.down("job:0");
    assert.equal(world.phase("job:0"), "stopped");
    assert.equal(world.slot("job:0").wanted, false);
    assert.deepEqual([world.records.at(-1)?.type, world.records.at(-1)?.by], ["stopped", someone]);
  }
});

test("down while a slot waits never starts again, up starts it now, and a restart does not wait", () => {
  for (const [ask, phase] of [["down", "stopped"], ["up", "running"], ["restart", "running"]] as const) {
    const world = new World([law("job", { restart: "on-failure", delay: 60_000 })]).start();
    world.end("job:0", { code: 1 });
    void world[ask]("job:0");
    world.pass(0);
    assert.equal(world.phase("job:0"), phase);
    world.pass(100_000);
    assert.equal(world.phase("job:0"), phase);
  }
});

test("an end that somebody has asked for is neither a failure nor a success: a restart restarts, a stop stops", () => {
  const world = new World([law("job", { count: 2, restart: "never" })]).start();
  void world.restart("job:0");
  void world.down("job:1");
  world.pass(0);
  assert.deepEqual([world.phase("job:0"), world.phase("job:1")], ["running", "stopped"]);
  assert(!world.told().includes("failed"));
});

test("a SIGKILL from outside is a failure by that signal, and not a stop", () => {
  const world = new World([law("job", { restart: "on-failure" })]).start();
  world.end("job:0", { signal: "SIGKILL" });
  const exited = world.records.find(({ type }) => type === "exited");
  assert(exited?.type === "exited");
  assert.deepEqual([exited.signal, exited.cause, exited.by], ["SIGKILL", "exited", null]);
  assert.equal(world.phase("job:0"), "waiting");
});

test("a whole stop does not wait for what has finished or failed, and leaves it so", () => {
  const world = new World([law("job", { restart: "never" }), law("web")]).start();
  world.end("job:0", { code: 1 });
  void world.stop();
  world.pass(0);
  assert.equal(world.left, 1);
  assert.equal(world.phase("job:0"), "failed");
});

test("what has finished is gone when it is scaled away, or taken out of the configuration", () => {
  const world = new World([law("job", { count: 2, restart: "never" })]).start();
  world.end("job:0").end("job:1");
  void world.scale("job", 1);
  assert.deepEqual([...world.engine.state.slots.keys()], ["job:0"]);
  world.reload([]);
  assert.equal(world.engine.state.slots.size, 0);
  assert.equal(world.engine.state.removed.size, 0);
});

test("a reload that replaces the entry begins what has finished or failed, another change does not, nor does what is down", () => {
  const world = new World([law("job", { count: 3, restart: "never" })]).start();
  world.end("job:0", { code: 0 }).end("job:1", { code: 1 });
  void world.down("job:2");
  world.pass(0).reload([law("job", { count: 3, restart: "never", delay: 5 })]);
  assert.deepEqual(["finished", "failed", "stopped"], [0, 1, 2].map((n) => world.phase(`job:${n}`)));
  world.reload([law("job", { count: 3, restart: "never", delay: 5 })], ["job"]);
  assert.deepEqual(["running", "running", "stopped"], [0, 1, 2].map((n) => world.phase(`job:${n}`)));
});

test("scaling up, or another count in the configuration, does not begin what has finished", () => {
  const world = new World([law("job", { restart: "never" })]).start();
  world.end("job:0");
  void world.scale("job", 2);
  world.pass(0).reload([law("job", { count: 3, restart: "never" })]);
  assert.deepEqual(["finished", "running", "running"], [0, 1, 2].map((n) => world.phase(`job:${n}`)));
});

test("what has finished or failed stays so over a reload, and for who takes over", () => {
  const world = new World([law("job", { count: 2, restart: "never" })]).start();
  world.end("job:0", { code: 0 }).end("job:1", { code: 1 });
  world.reload([law("job", { count: 2, restart: "never" })]).takeOver();
  assert.deepEqual(["finished", "failed"], [0, 1].map((n) => world.phase(`job:${n}`)));
  assert.equal(world.kernel.processes.size, 2);
});

test("what has failed stays so for who takes over in the middle of a whole stop", () => {
  const world = new World([law("job", { restart: "never" }), law("web")], () => ({ ...longLife, heedsAfter: 50 })).start();
  world.end("job:0", { code: 1 });
  void world.stop();
  world.pass(10).takeOver().pass(50);
  assert.equal(world.left, 1);
  assert.equal(world.phase("job:0"), "failed");
  assert(!world.told("job:0").includes("stopped"));
});

test("who takes over lets go of what has finished and is not wanted any more", () => {
  const world = new World([law("job", { restart: "never" })]).start();
  world.end("job:0");
  world.engine.state.slots.set("job:0", { ...world.slot("job:0"), wanted: false });
  world.takeOver();
  assert.equal(world.phase("job:0"), "stopped");
});

test("a signal to what has finished is accepted, and sent to nobody", async () => {
  const world = new World([law("job", { restart: "never" })]).start();
  world.end("job:0");
  assert.deepEqual(await world.signal("job:0", "SIGHUP"), { kind: "accepted" });
  assert.deepEqual(world.kernel.signals, []);
});

test("a rolling restart takes what finishes for a good one, and goes on", () => {
  const world = new World([law("job", { count: 2, restart: "on-failure" })],
    (run) => run > 2 ? { ...longLife, livesFor: 50 } : longLife).start();
  void world.roll("job");
  world.pass(1000);
  assert.deepEqual(["finished", "finished"], [0, 1].map((n) => world.phase(`job:${n}`)));
  assert.equal(world.engine.state.entries.get("job")?.rolling, null);
  assert.equal(world.engine.state.slots.size, 2);
  assert(!world.told().includes("fault"));
  const last = world.records.at(-1);
  assert(last?.type === "stopped" && last.entry !== null);
  assert.deepEqual([last.slot, last.cause, last.wanted], [2, "restarted", false]);
});

test("an extra process that ends well while it stands in has done its work, also while it leaves something behind", () => {
  const child: Program = { livesFor: Infinity, ending: { code: 0 }, heedsAfter: 300, killedAfter: 0 };
  const world = new World([law("job", { count: 2, restart: "on-failure" })],
    (run) => run === 3 ? { ...longLife, livesFor: 1500, leaves: [child] } : longLife).start();
  void world.roll("job");
  world.pass(5000);
  assert.deepEqual(world.kernel.alive().length, 2);
  assert(world.kernel.alive().every((run) => run > 3));
  assert(!world.told().includes("fault"));
});

test("a rolling restart begins what has finished or failed as well", () => {
  const world = new World([law("job", { count: 2, restart: "never" })]).start();
  world.end("job:0", { code: 0 }).end("job:1", { code: 1 });
  void world.roll("job");
  world.pass(10_000);
  assert.deepEqual(["running", "running"], [0, 1].map((n) => world.phase(`job:${n}`)));
});

test("3 instances scaled to 5 and to 2 leave slots 0 and 1 with their processes", () => {
  const world = new World([law("job", { count: 3 })]).start();
  const before = [world.kernel.runOf("job:0"), world.kernel.runOf("job:1")];
  void world.scale("job", 5);
  world.pass(0);
  void world.scale("job", 2);
  world.pass(0);
  assert.deepEqual([...world.engine.state.slots.keys()], ["job:0", "job:1"]);
  assert.deepEqual([world.kernel.runOf("job:0"), world.kernel.runOf("job:1")], before);
});

test("200 processes that end at one moment are 200 records, each once, and no zombie", () => {
  const world = new World([law("job", { count: 200, restart: "never" })]).start();
  for (const run of world.kernel.alive()) world.kernel.die(run, { code: run % 2 });
  world.pass(0);
  const runs = world.records.flatMap((record) => record.type === "exited" ? [record.run] : []);
  assert.equal(new Set(runs).size, 200);
  assert.equal(runs.length, 200);
  assert([...world.kernel.processes.values()].every(({ life }) => life === "reaped"));
  assert.equal(world.told().filter((type) => type === "failed").length, 100);
});
