/** What `start --detach` waits for. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";

import { FirstStarts, toBeStarted } from "../../src/cli/first-starts.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import { law, World } from "../support/world.ts";

const about = { at: 7, entry: "web", pid: null, by: null };
const fault = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "" };

const ANSWERS: readonly HistoryRecord[] = [
  {
    ...about, type: "started", slot: 0, pid: 1514, run: 7, restarts: 0, mono: 1000, cause: null,
    identity: { startTicks: 17, pipes: [1, 2], cgroup: null, notify: null },
  },
  { ...about, ...fault, type: "fault", slot: 0, run: 7, cause: null },
  { ...about, type: "stopped", slot: 0, wanted: false, cause: "stopped" },
  { ...about, type: "finished", slot: 0, cause: "exited" },
  { ...about, type: "failed", slot: 0, cause: null },
  { ...about, type: "waiting", slot: 0, until: 9000, cause: "schedule" },
];

for (const answer of ANSWERS) {
  test(`a process that is ${answer.type} is waited for no longer, and the others still are`, () => {
    let done = 0;
    const starts = new FirstStarts(["web:0", "web:1"], () => { done++; });
    starts.record(answer);
    assert.equal(done, 0);
    starts.record({ ...answer, slot: 1 } as HistoryRecord);
    assert.equal(done, 1);
    starts.record(answer);
    assert.equal(done, 1, "it is done once");
  });
}

test("what is no answer to a start is not taken for one", () => {
  let done = 0;
  const starts = new FirstStarts(["web:0"], () => { done++; });
  starts.record({ ...about, ...fault, type: "fault", slot: 0, run: null, cause: null, step: "kill" });
  starts.record({ ...about, ...fault, type: "fault", slot: null, pid: null, cause: "restarted" });
  starts.record({ ...about, type: "stopping", slot: 0, run: 7, wanted: true, until: 9000, reason: null, cause: "leftover" });
  starts.record({ ...about, type: "waiting", slot: 0, until: 9000, cause: null });
  starts.record({ at: 7, by: null, type: "stopped", entry: null, slot: null, pid: null, cause: null });
  assert.equal(done, 0);
});

test("with nothing to wait for it is done, once the caller has what it made", async () => {
  let done = 0;
  const starts = new FirstStarts([], () => { done++; });
  assert.deepEqual([typeof starts, done], ["object", 0]);
  await setImmediate();
  assert.equal(done, 1);
});

/** Of `web`, `db` and others, the slot 0 of each; and whether all is answered after each record. */
function answered(awaited: readonly string[], records: readonly Partial<HistoryRecord>[]): boolean[] {
  let done = false;
  const starts = new FirstStarts(awaited.map((entry) => `${entry}:0` as const), () => { done = true; });
  return records.map((record) => {
    starts.record({ ...about, slot: 0, cause: null, ...record } as HistoryRecord);
    return done;
  });
}

const [started, blocked, exited] = [
  (entry: string): Partial<HistoryRecord> => ({ type: "started", entry }),
  (entry: string, ...after: string[]): Partial<HistoryRecord> => ({ type: "blocked", entry, after } as Partial<HistoryRecord>),
  (entry: string): Partial<HistoryRecord> => ({ type: "exited", entry, cause: "exited" }),
];

test("what is blocked is waited for as long as what it waits for comes along", () => {
  assert.deepEqual(answered(["db", "web"], [blocked("web", "db"), started("db"), { type: "ready", entry: "db" } as Partial<HistoryRecord>, started("web")]), [false, false, false, true]);
  assert.deepEqual(answered(["web"], [blocked("web", "db"), exited("db"), { type: "finished", entry: "db", cause: "exited" }, started("web")]), [false, false, false, true], "its end was what was waited for");
  assert.deepEqual(answered(["web"], [blocked("web", "db"), exited("other"), { type: "failed", entry: "other" }]), [false, false, false]);
});

test("once what it waits for has gone wrong, nobody waits for it any more, nor for what waits for it in turn", () => {
  const wrong: Partial<HistoryRecord>[][] = [
    [{ ...fault, type: "fault", entry: "db", run: 7 } as Partial<HistoryRecord>], [{ type: "failed", entry: "db" }],
    [exited("db"), { type: "waiting", entry: "db", until: 9000 } as Partial<HistoryRecord>], [exited("db"), started("db")],
    [exited("db"), { type: "stopping", entry: "db", cause: "leftover" } as Partial<HistoryRecord>, { type: "waiting", entry: "db", until: 9000 } as Partial<HistoryRecord>],
  ];
  for (const records of wrong) {
    const chain = [blocked("proxy", "web"), blocked("web", "db", "cache")];
    const done = [...chain, ...records].map((_, index, all) => index === all.length - 1);
    assert.deepEqual(answered(["proxy", "web"], [...chain, ...records]), done);
    assert.deepEqual(answered(["proxy", "web"], [...records, ...chain]).at(-1), true, "also where that came first");
  }
});

test("at the beginning all is waited for that is to run now; what an earlier Sentry has left, if it is free to start", () => {
  assert.deepEqual(toBeStarted(null, [law("web", { count: 2 }), law("backup", { schedule: "skip" })]), ["web:0", "web:1"]);
  const world = new World([law("web"), law("later", { after: [{ entry: "web", on: "ready" }] }), law("backup", { schedule: "skip" })]);
  const { state } = world.engine;
  assert.deepEqual(toBeStarted(state, []), []);
  world.start();
  for (const name of ["web", "later"] as const) {
    const slot = world.slot(`${name}:0`);
    state.slots.set(`${name}:0`, { ...slot, phase: { kind: "stopped" } });
  }
  state.entries.set("later", { ...state.entries.get("later")!, opened: false });
  assert.deepEqual(toBeStarted(state, []), ["web:0"]);
  state.entries.set("later", { ...state.entries.get("later")!, opened: true });
  assert.deepEqual(toBeStarted(state, []), ["web:0", "later:0"]);
});
