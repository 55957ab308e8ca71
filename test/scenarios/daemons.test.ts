import assert from "node:assert/strict";
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate, Program } from "../support/kernel.ts";
import { law, someone, World } from "../support/world.ts";

/** Lives on when what has started it has ended. */
const daemon: Program = { livesFor: Infinity, ending: { code: 0 }, heedsAfter: 0, killedAfter: 0, detached: true };

/** Ends well after a moment, and leaves these. */
function forks(...forks: Program[]): Fate {
  return { ...longLife, livesFor: 30, forks };
}

function world(fateOf: Fate | ((run: number) => Fate), differs: Partial<Law> = {}): World {
  const fate = typeof fateOf === "function" ? fateOf : () => fateOf;
  return new World([law("nginx", { daemon: true, delay: 100, grace: 1000, readyTimeout: 5000, ...differs })], fate).start();
}

function messages(records: readonly HistoryRecord[]): string[] {
  return records.flatMap((record) => record.type === "fault" ? [record.message] : []);
}

test("a program that forks itself away is followed: the process that it leaves is the slot's", () => {
  const w = world(forks(daemon));
  assert.equal(w.phase("nginx:0"), "following");
  w.pass(30);
  assert.equal(w.phase("nginx:0"), "settling");
  w.pass(249);
  assert.deepEqual(w.told(), ["started"]);
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "running");
  const ready = w.records.at(-1);
  assert(ready?.type === "ready");
  assert.deepEqual([ready.pid, ready.run, ready.cause, ready.by], [1001, 1, null, null]);
  assert.equal(w.slot("nginx:0").starts, 1);
});

test("what is followed on is reaped, and its end is not recorded: nothing has ended by it", () => {
  const w = world(forks(daemon)).pass(1000);
  assert(!w.told().includes("exited"));
  assert.equal(w.kernel.processes.get(1)?.previous, null);
});

test("a program that forks twice leaves one in between, which is followed on", () => {
  const between: Program = { ...daemon, livesFor: 100, forks: [daemon] };
  const w = world(forks(between)).pass(30 + 100 + 249);
  assert.equal(w.phase("nginx:0"), "settling");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "running");
  assert.deepEqual(w.told(), ["started", "ready"]);
  assert.equal(w.records.at(-1)?.pid, 1002);
});

test("what the daemon has started itself is no candidate", () => {
  const w = world(forks({ ...daemon, leaves: [daemon, daemon] })).pass(1000);
  assert.equal(w.phase("nginx:0"), "running");
});

test("where a PID file says which it is, it need not settle, and others may be there", () => {
  const w = world({ ...forks(daemon, daemon), search: { after: 200, pidFile: true } }).pass(229);
  assert.equal(w.phase("nginx:0"), "following");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "running");
});

test("the followed process's exit is the run's exit, with its own status, by the ordinary law", () => {
  const w = world(forks(daemon), { restart: "on-failure" }).pass(1030);
  w.end("nginx:0", { code: 3 });
  const exited = w.records.find(({ type }) => type === "exited");
  assert(exited?.type === "exited");
  assert.deepEqual([exited.pid, exited.code, exited.run, exited.ranMs], [1001, 3, 1, 1000]);
  assert.equal(w.phase("nginx:0"), "waiting");
  w.pass(1100).end("nginx:0", { code: 0 });
  assert.equal(w.phase("nginx:0"), "finished");
});

test("several candidates: the fault says so, all of them are ended, and it counts as a failure", () => {
  const w = world(forks(daemon, daemon), { restart: "never" }).pass(30);
  assert.deepEqual(messages(w.records), ["2 processes are left"]);
  assert.deepEqual(w.told(), ["started", "fault", "exited", "stopping", "failed"]);
  const [, fault, exited, stopping] = w.records;
  assert(fault?.type === "fault" && fault.entry !== null && exited?.type === "exited");
  assert.deepEqual([exited.code, exited.cause, exited.leftovers, stopping?.cause], [0, "exited", true, "leftover"]);
  assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
  assert.equal(w.phase("nginx:0"), "failed");
});

test("a process that ends well and leaves nothing is a failure, and the fault says what to do", () => {
  const w = world({ ...longLife, livesFor: 30 }, { restart: "on-failure" }).pass(30);
  assert.deepEqual(w.told(), ["started", "fault", "exited", "waiting"]);
  assert.match(messages(w.records)[0] ?? "", /`daemon` is to be left out/);
});

test("one that fails before it has forked itself away has simply failed", () => {
  const w = world({ ...longLife, livesFor: 30, ending: { code: 1 } }).pass(30);
  assert.deepEqual(w.told(), ["started", "exited", "waiting"]);
  assert.equal(w.records.at(-2)?.cause, "exited");
});

test("one that fails and leaves something behind has failed, and that is ended", () => {
  const w = world({ ...forks(daemon), ending: { code: 1 } }).pass(30);
  assert.deepEqual(w.told(), ["started", "exited", "stopping", "waiting"]);
  assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
});

test("where nobody knows how the process has ended, what it has left is followed; where it left nothing, it has failed", () => {
  const w = world({ ...forks(daemon), ending: { unknown: true } }).pass(1000);
  assert.equal(w.phase("nginx:0"), "running");
  assert.deepEqual(w.told(), ["started", "ready"]);
  const alone = world({ ...longLife, livesFor: 30, ending: { unknown: true } }, { restart: "on-failure" }).pass(30);
  assert.deepEqual(alone.told(), ["started", "exited", "waiting"]);
  assert.equal(alone.slot("nginx:0").lastExit?.cause, "unknown");
});

test("a daemon that dies as soon as it is followed was never ready", () => {
  for (const ending of [{ code: 1 }, { signal: "SIGSEGV" }, { code: 0 }] as const) {
    const w = world(forks({ ...daemon, livesFor: 100, ending }), { restart: "never" }).pass(130);
    assert.equal(w.phase("nginx:0"), "failed");
    assert(!w.told().includes("ready"));
    assert.equal(w.told().filter((type) => type === "exited").length, 1);
    assert.equal(w.slot("nginx:0").lastExit?.exit.pid, 1001);
  }
});

test("one in between that dies while the next is looked for leaves its own exit, once", () => {
  const w = world({ ...forks({ ...daemon, livesFor: 20 }), search: { after: 50, pidFile: false } }).pass(80);
  assert.deepEqual(messages(w.records), ["0 processes are left"]);
  assert.equal(w.told().filter((type) => type === "exited").length, 1);
  assert.equal(w.slot("nginx:0").lastExit?.exit.pid, 101);
});

test("a program that stays in the foreground is ended at the deadline, with what to do, and that is a failure", () => {
  const w = world(longLife, { restart: "on-failure" }).pass(4999);
  assert.equal(w.phase("nginx:0"), "following");
  w.pass(1);
  assert.deepEqual(w.told(), ["started", "fault", "stopping", "exited", "waiting"]);
  assert.match(messages(w.records)[0] ?? "", /still in the foreground after 5000 ms: .* or leave `daemon` out/);
  const [, , stopping, exited] = w.records;
  assert.deepEqual([stopping?.cause, exited?.cause, exited?.by], ["readyTimeout", "readyTimeout", null]);
});

test("a deadline is a failure also for the limit, the policy and the backoff, in which no such run is a stable one", () => {
  const never = world(longLife, { restart: "never" }).pass(5000);
  assert.equal(never.phase("nginx:0"), "failed");
  assert.equal(never.records.at(-1)?.cause, "readyTimeout");
  assert.equal(world(longLife, { limit: { count: 2, within: 60_000 } }).pass(60_000).phase("nginx:0"), "failed");
  const backoff = { factor: 2, max: 60_000, jitter: 0, resetAfter: 1000 };
  const w = world(longLife, { backoff, delay: 1000 }).pass(30_000);
  const waits = w.records.flatMap((record, n) => {
    const next = w.records[n + 1];
    return record.type === "exited" && next?.type === "waiting" ? [(next.until ?? NaN) - record.mono] : [];
  });
  assert.deepEqual(waits.slice(0, 3), [1000, 2000, 4000]);
});

test("a search that comes to no end is over at the deadline: the exit is told then, and what is left is ended", () => {
  const w = world({ ...forks(daemon), search: { after: Infinity, pidFile: true } }, { restart: "never" }).pass(4999);
  assert.deepEqual(w.told(), ["started"]);
  w.pass(1);
  assert.deepEqual(w.told(), ["started", "fault", "stopping", "exited", "failed"]);
  assert.match(messages(w.records)[0] ?? "", /within 5000 ms its PID file has named none/);
  assert.equal(w.slot("nginx:0").lastExit?.cause, "readyTimeout");
  assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
});

test("the deadline is one, however often the program forks", () => {
  const again = (more: number): Program => ({ ...daemon, livesFor: 200, forks: more > 0 ? [again(more - 1)] : [] });
  const w = world(forks(again(20)), { readyTimeout: 1000, restart: "never" }).pass(999);
  assert.equal(w.phase("nginx:0"), "settling");
  w.pass(100);
  assert.equal(w.phase("nginx:0"), "failed");
  assert.equal(w.slot("nginx:0").lastExit?.cause, "readyTimeout");

  const slow = world({ ...forks(again(20)), search: { after: 10, pidFile: false } }, { readyTimeout: 235, restart: "never" }).pass(234);
  assert.equal(slow.phase("nginx:0"), "following");
  slow.pass(1);
  assert.equal(slow.phase("nginx:0"), "failed");
});

test("a process that is found just before the deadline may settle behind it", () => {
  const w = world({ ...forks(daemon), search: { after: 4900, pidFile: false } }).pass(5179);
  assert.equal(w.phase("nginx:0"), "settling");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "running");
});

test("a stop before it has forked itself away ends the process and all that it has started", () => {
  for (const scope of ["tree", "group", "process"] as const) {
    const w = world({ ...forks(daemon), livesFor: Infinity, leaves: [daemon] }, { scope });
    void w.down("nginx:0");
    w.pass(0);
    assert.equal(w.phase("nginx:0"), "stopped");
    assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
  }
});

test("a stop while it is looked for: the exit is told once, by who has asked, and what is left is ended", () => {
  for (const scope of ["tree", "group", "process"] as const) {
    const w = world({ ...forks(daemon), search: { after: 700, pidFile: false } }, { scope }).pass(100);
    void w.down("nginx:0");
    assert.equal(w.phase("nginx:0"), "clearing");
    w.pass(1000);
    assert.equal(w.phase("nginx:0"), "stopped");
    assert.deepEqual(w.told(), ["started", "stopping", "exited", "stopped"]);
    for (const record of w.records.slice(1)) assert.deepEqual([record.cause, record.by], ["stopped", someone]);
    assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
    assert.equal(w.timers.size, 0);
  }
});

test("a stop while it settles ends the one that was found, whose exit is the run's", () => {
  const w = world(forks(daemon)).pass(100);
  void w.stop();
  w.pass(0);
  assert.equal(w.left, 1);
  assert.equal(w.slot("nginx:0").lastExit?.exit.pid, 1001);
});

test("what settles may be one in between, so its end is for all that it has started, whatever the scope", () => {
  const end = [(w: World) => void w.down("nginx:0"), (w: World) => {
    w.engine.state.slots.set("nginx:0", { ...w.slot("nginx:0"), wanted: false });
    w.takeOver();
  }];
  for (const goOn of end) {
    const w = world(forks({ ...daemon, leaves: [daemon] }), { scope: "process" }).pass(100);
    assert.equal(w.phase("nginx:0"), "settling");
    goOn(w);
    w.pass(0);
    assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
  }
});

test("an end that began before it was known is for all to its end, also what is killed", () => {
  const deaf = { ...daemon, heedsAfter: null };
  for (const [fate, millis] of [[forks({ ...deaf, leaves: [deaf] }), 100], [{ ...longLife, heedsAfter: null, leaves: [deaf] }, 10]] as const) {
    const w = world(fate, { scope: "process", grace: 1000 }).pass(millis);
    void w.down("nginx:0");
    w.reload([w.engine.state.entries.get("nginx")!.law]).pass(1000);
    assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
    assert.equal(w.phase("nginx:0"), "stopped");
  }
});

test("a start that is called off, and comes to a process all the same, is ended with all that it has started", () => {
  const w = world({ ...longLife, answerAfter: 50, calledOff: false, leaves: [daemon] }, { scope: "process" });
  void w.down("nginx:0");
  w.pass(50);
  assert.equal(w.kernel.processes.get(1)?.family.living("tree").length, 0);
  assert.equal(w.phase("nginx:0"), "stopped");
});

test("one that is beyond the count when somebody takes over after the deadline, and is wanted again, begins anew without a failure", () => {
  const w = world({ ...longLife, heedsAfter: 500 }, { restart: "never", count: 2 }).pass(5000);
  const { entries } = w.engine.state;
  // As it is for the extra process of a rolling restart, which ends with whoever began that.
  entries.set("nginx", { ...entries.get("nginx")!, count: 1 });
  w.takeOver();
  void w.scale("nginx", 2);
  w.pass(500);
  assert.deepEqual([w.phase("nginx:0"), w.phase("nginx:1")], ["failed", "following"]);
});

test("one that is found when it was told to end already is ended, and its exit is not a second one", () => {
  const deaf = { ...daemon, heedsAfter: 50 };
  const w = world({ ...forks(deaf), toldAfter: 10 }).pass(39);
  for (const life of ["zombie", "alive"]) { // its exit is told; then it is found, and that is not told yet
    w.agenda.next();
    assert.equal(w.kernel.processes.get(1)?.life, life);
  }
  assert.equal(w.phase("nginx:0"), "following");
  void w.down("nginx:0");
  w.pass(59);
  assert.equal(w.phase("nginx:0"), "clearing");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "stopped");
  assert.equal(w.told().filter((type) => type === "exited").length, 1);
  assert.equal(w.kernel.processes.get(1)?.life, "reaped");
});

test("what such a one has started itself is ended as well before the slot is at rest", () => {
  const w = world({ ...forks({ ...daemon, leaves: [{ ...daemon, heedsAfter: 300 }] }), toldAfter: 10 }).pass(39);
  for (let n = 0; n < 2; n++) w.agenda.next();
  void w.down("nginx:0");
  w.pass(299);
  assert.equal(w.phase("nginx:0"), "clearing");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "stopped");
});

test("a restart before it is ready begins anew at once, and is no failure", () => {
  for (const millis of [10, 30 + 100, 30 + 400]) {
    const w = world({ ...forks(daemon), search: { after: 200, pidFile: false } }, { restart: "never" }).pass(millis);
    void w.restart("nginx:0");
    w.pass(0);
    assert.equal(w.phase("nginx:0"), "following");
    assert(!w.told().includes("failed"));
    assert.equal(w.told().filter((type) => type === "exited").length, 1);
  }
});

test("somebody who asks for another start after the deadline gets it at once, and without a failure", () => {
  const w = world({ ...longLife, heedsAfter: 500 }, { restart: "never" }).pass(5000);
  assert.equal(w.phase("nginx:0"), "stopping");
  void w.up("nginx:0");
  assert.deepEqual([w.records.at(-1)?.type, w.records.at(-1)?.by], ["waiting", someone]);
  w.pass(500);
  assert.equal(w.phase("nginx:0"), "following");
});

test("a reload that replaces the entry after the deadline begins anew at once", () => {
  const w = world({ ...longLife, heedsAfter: 500 }, { restart: "never" }).pass(5000);
  const { law } = w.engine.state.entries.get("nginx")!;
  w.reload([law], ["nginx"]).pass(500);
  assert.equal(w.phase("nginx:0"), "following");
});

test("who takes over after the deadline of a slot that is not wanted any more does not start it again", () => {
  const w = world({ ...longLife, heedsAfter: 500 }).pass(5000);
  w.engine.state.slots.set("nginx:0", { ...w.slot("nginx:0"), wanted: false });
  w.takeOver().pass(500);
  assert.equal(w.phase("nginx:0"), "stopped");
});

test("down after the deadline leaves the slot stopped, and not failed", () => {
  const w = world({ ...longLife, heedsAfter: 500 }, { restart: "never" }).pass(5000);
  void w.down("nginx:0");
  w.pass(500);
  assert.equal(w.phase("nginx:0"), "stopped");
  assert.equal(w.records.at(-1)?.cause, "stopped");
});

test("a signal goes to the process that is there, and to nobody while one is looked for", () => {
  const w = world({ ...forks(daemon), heedsAfter: null, search: { after: 200, pidFile: false } });
  void w.signal("nginx:0", "SIGHUP");
  w.pass(100);
  void w.signal("nginx:0", "SIGHUP");
  assert.deepEqual(w.kernel.signals, ["nginx:0 SIGHUP"]);
  assert.equal(w.records.at(-1)?.type, "signalled");
  assert.equal(w.records.filter(({ type }) => type === "signalled").length, 1);
});

test("a hurry has nothing to hurry while nobody is told to end", () => {
  const w = world({ ...forks(daemon), livesFor: Infinity });
  void w.stop();
  assert.deepEqual(w.kernel.signals, ["nginx:0 SIGTERM"]);
});

test("following goes on over a reload, and with who takes over, in each of its phases and to the same deadline", () => {
  for (const goOn of [(w: World) => w.reload([...w.engine.state.entries.values()].map(({ law }) => law)), (w: World) => w.takeOver()]) {
    for (const millis of [10, 100, 330]) {
      const w = world({ ...forks(daemon), search: { after: 200, pidFile: false } }).pass(millis);
      goOn(w).pass(1000);
      assert.equal(w.phase("nginx:0"), "running", `after ${millis} ms`);
      assert.equal(w.records.filter(({ type }) => type === "ready").length, 1);
      assert.equal(w.kernel.processes.size, 1);
    }
    const late = world(longLife).pass(4000);
    goOn(late).pass(999);
    assert.equal(late.phase("nginx:0"), "following");
    late.pass(1);
    assert.notEqual(late.phase("nginx:0"), "following");
  }
});

test("a take-over ends what is not wanted any more, in each of its phases", () => {
  for (const millis of [10, 100, 330]) {
    const w = world({ ...forks(daemon), search: { after: 200, pidFile: false } }).pass(millis);
    w.engine.state.slots.set("nginx:0", { ...w.slot("nginx:0"), wanted: false });
    w.takeOver().pass(1000);
    assert.equal(w.phase("nginx:0"), "stopped");
  }
});

test("a rolling restart waits until the daemon is ready, and has stayed", () => {
  const w = world({ ...forks(daemon), heedsAfter: 0 }).pass(1000);
  void w.roll("nginx");
  w.pass(30 + 250);
  assert.equal(w.phase("nginx:1"), "running");
  w.pass(749);
  assert.equal(w.phase("nginx:0"), "running", "the extra one has not stayed yet");
  w.pass(1);
  assert.equal(w.phase("nginx:0"), "following");
  w.pass(5000);
  assert.equal(w.engine.state.entries.get("nginx")?.rolling, null);
  assert.equal(w.engine.state.slots.size, 1);
});

test("a rolling restart ends where the daemon is not found in time", () => {
  for (const fate of [longLife, { ...forks(daemon), search: { after: Infinity, pidFile: true } }, forks(daemon, daemon)]) {
    const w = world((run) => run <= 2 ? forks(daemon) : fate, { count: 2 }).pass(1000);
    void w.roll("nginx");
    w.pass(6000);
    assert.match(messages(w.records).join(), /nginx:2 did not get ready; the others were not touched/);
    assert.deepEqual(w.kernel.alive(), [1, 2]);
  }
});
