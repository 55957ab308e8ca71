import assert from "node:assert/strict";
import { test } from "node:test";

import type { Command, TakeOver } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import { emptyState } from "../../src/core/state.ts";
import type { State } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import type { Exit, Stamp } from "../../src/core/types.ts";
import { frozen, thawed } from "../support/frozen.ts";
import { identityOf } from "../support/kernel.ts";
import { law } from "../support/world.ts";

const now: Stamp = { wall: 1_334_000_000_000_000, mono: 5000 };
const start: Command = { kind: "start", laws: [law("web"), law("db")], exitWhen: null };
const spawned: Command = { kind: "spawned", run: 1, pid: 1514, at: now, identity: identityOf(1) };
const exit: Exit = {
  pid: 1514, code: 0, signal: null, coreDumped: false, at: now, kernelTime: false, userMs: 0, systemMs: 0,
  maxRssBytes: null,
};
const exited: Command = { kind: "exited", run: 1, exit, alone: true };

test("the same command to the same state has the same result", () => {
  const [one, other] = [emptyState(), emptyState()];
  for (const command of [start, spawned, exited]) {
    assert.deepEqual(step(one, command, now), step(other, command, now));
    assert.deepEqual(one, other);
  }
});

test("a state that was written down and read back goes on as if nothing had been", () => {
  const state = emptyState();
  step(state, start, now);
  step(state, spawned, now);
  const back = thawed(frozen(state));
  assert.deepEqual(back, state);
  assert.deepEqual(step(back, exited, now), step(state, exited, now));
});

test("where a step throws, the old state stands", () => {
  const state = emptyState();
  step(state, start, now);
  const before = structuredClone(state);
  // What the ports promise never to do: an exit of a run whose start was not answered.
  assert.throws(() => step(state, exited, now), /web:0 is starting and cannot have exited/);
  assert.deepEqual(state, before);
});

test("a step that throws half way through leaves nothing half done", () => {
  const state = emptyState();
  step(state, start, now);
  const before = structuredClone(state);
  const torn = { ...start, laws: [law("first"), null as never] };
  assert.throws(() => step(state, torn, now));
  assert.deepEqual(state, before);
});

test("an exit that is told twice is recorded once", () => {
  const state = emptyState();
  for (const command of [start, spawned, exited]) step(state, command, now);
  assert.deepEqual(step(state, exited, now), []);
});

test("a timer that was cancelled, and fires nevertheless, starts nothing", () => {
  const state = emptyState();
  for (const command of [start, spawned]) step(state, command, now);
  const set = step(state, exited, now).find((effect) => effect.kind === "setTimer");
  assert(set?.kind === "setTimer");
  step(state, { kind: "down", slot: "web:0", by: null, reply: null }, now);
  step(state, { kind: "up", slot: "web:0", by: null, reply: null }, now);
  assert.deepEqual(step(state, { kind: "timeUp", token: set.token }, now), []);
});

test("what a command costs does not grow with the number of processes", () => {
  const state = emptyState();
  step(state, { kind: "start", laws: [law("web", { count: 5000 })], exitWhen: null }, now);
  const looked = watched(state.slots);
  step(state, spawned, now);
  step(state, exited, now);
  assert.deepEqual([...looked], []);
});

test("nor does it with a rolling restart under way", () => {
  const state = emptyState();
  step(state, { kind: "start", laws: [law("web", { count: 5000 })], exitWhen: null }, now);
  for (const run of [1, 2]) step(state, { ...spawned, run }, now);
  step(state, { kind: "roll", entry: "web", by: null, reply: null }, now);
  const [looked, got] = [watched(state.slots), counted(state.slots)];
  stay(state, step(state, { ...spawned, run: 5001 }, now));
  step(state, exited, now);
  stay(state, step(state, { ...spawned, run: 5002 }, now));
  assert.equal(state.entries.get("web")?.rolling?.awaited, 1);
  assert.deepEqual([...looked], []);
  assert(got() < 50, `it has looked at ${got()} slots`);
});

test("nor does the end of a process of an entry that was taken out", () => {
  const state = emptyState();
  step(state, { kind: "start", laws: [law("web", { count: 5000 })], exitWhen: null }, now);
  step(state, spawned, now);
  step(state, { kind: "reload", laws: [], replaced: [], exitWhen: null, by: null }, now);
  const looked = watched(state.slots);
  step(state, exited, now);
  assert.equal(state.removed.get("web")?.live, 4999);
  assert.deepEqual([...looked], []);
});

test("nor does it for what a process leaves behind, for a daemon that is followed, or for a failure", () => {
  const state = emptyState();
  const backoff = { factor: 2, max: 1000, jitter: 1, resetAfter: 1000 };
  const limit = { count: 100_000, within: 1_000_000 };
  step(state, { kind: "start", laws: [law("web", { count: 5000, daemon: true, backoff, limit })], exitWhen: null }, now);
  const [looked, got] = [watched(state.slots), counted(state.slots)];
  const followed: Command = { kind: "followed", run: 1, pid: 1515, at: now, identity: identityOf(1), settled: true };
  const survivors = [{ pid: 1516, name: "dd", state: "D", errno: null }];
  const left: Command = { ...exited, alone: false };
  for (const command of [spawned, left, followed, left, { kind: "surviving", run: 1, survivors }, { kind: "cleared", run: 1 }] as Command[]) {
    step(state, command, now);
  }
  assert.equal(state.slots.get("web:0")?.phase.kind, "waiting");
  assert.deepEqual([...looked], []);
  assert(got() < 20, `it has looked at ${got()} slots`);
});

test("nor does it with an order, with exitWhen, and while the whole stop is held up", () => {
  const state = emptyState();
  const laws = [law("db", { count: 5000, restart: "never" }), law("web", { count: 5000, after: [{ entry: "db", on: "finished" }] }), law("main")];
  step(state, { kind: "start", laws, exitWhen: "all" }, now);
  const [looked, got] = [watched(state.slots), counted(state.slots)];
  for (const command of [spawned, exited]) step(state, command, now);
  step(state, { kind: "up", slot: "web:0", by: null, reply: null }, now);
  assert.deepEqual([state.slots.get("db:0")?.phase.kind, state.slots.get("web:0")?.phase.kind], ["finished", "blocked"]);
  assert.deepEqual([...looked], []);
  assert(got() < 20, `it has looked at ${got()} slots`);

  const leaving = emptyState();
  const held = [law("db", { count: 5000 }), law("web", { count: 2, after: [{ entry: "db", on: "started" }] })];
  step(leaving, { kind: "start", laws: held, exitWhen: null }, now);
  for (let run = 1; run <= 5000; run++) step(leaving, { ...spawned, run }, now);
  for (const run of [5001, 5002]) step(leaving, { ...spawned, run }, now);
  step(leaving, { kind: "stop", hurry: false, by: null, reply: null }, now);
  const looks = counted(leaving.slots);
  for (const run of [5001, 1]) step(leaving, { ...exited, run }, now);
  assert.equal(leaving.slots.get("db:1")?.phase.kind, "running");
  assert(looks() < 10, `it has looked at ${looks()} slots`);
});

test("a process that is found when its slot was told to end already is told to end as well, and takes the place of the one before", () => {
  const state = emptyState();
  step(state, { kind: "start", laws: [law("web", { daemon: true })], exitWhen: null }, now);
  for (const command of [spawned, { ...exited, alone: false }] as Command[]) step(state, command, now);
  step(state, { kind: "down", slot: "web:0", by: null, reply: null }, now);
  const effects = step(state, { kind: "followed", run: 1, pid: 1515, at: now, identity: identityOf(1), settled: false }, now);
  assert.deepEqual(effects, [{ kind: "reap", run: 1 }, { kind: "end", run: 1, signal: "SIGTERM", scope: "tree" }]);
});

test("chance is part of the state: the same state has the same jitter, whatever was asked of others", () => {
  const backoff = { factor: 2, max: 100_000, jitter: 1, resetAfter: 1000 };
  const [one, other] = [emptyState(), emptyState()];
  for (const state of [one, other]) step(state, { kind: "start", laws: [law("web", { count: 2, backoff })], exitWhen: null }, now);
  const failed: Command = { ...exited, exit: { ...exit, code: 1 } };
  const waits = [one, other].map((state) => [1, 2].map((run) => {
    step(state, { ...spawned, run }, now);
    step(state, { ...failed, run }, now);
    const phase = state.slots.get(`web:${run - 1}`)?.phase;
    return phase?.kind === "waiting" ? phase.restart.at : null;
  }));
  assert.deepEqual(waits[0], waits[1]);
  assert.notEqual(waits[0]?.[0], waits[0]?.[1]);
});

test("who takes over does not repeat the chances of the Sentry that is gone; the next image of the same goes on with them", () => {
  const seedAfter = (tookOver: TakeOver | null) => {
    const state = emptyState();
    step(state, start, now);
    state.asleep = true;
    const { seed } = state;
    step(state, { kind: "resume", tookOver }, { ...now, wall: now.wall + 1_000_000 });
    return state.seed === seed;
  };
  assert.equal(seedAfter({ pid: null, processes: 0 }), false);
  assert.equal(seedAfter(null), true);
});

test("that a daemon was followed, as the image before has seen, reaps nothing: that one has done so, and the number is the daemon's by now", () => {
  for (const asleep of [false, true]) {
    const state = emptyState();
    step(state, { kind: "start", laws: [law("web", { daemon: true })], exitWhen: null }, now);
    step(state, spawned, now);
    step(state, { ...exited, alone: false }, now);
    state.asleep = asleep;
    const effects = step(state, { kind: "followed", run: 1, pid: 1515, at: now, identity: identityOf(2), settled: true }, now);
    assert.equal(state.slots.get("web:0")?.phase.kind, "running");
    assert.equal(effects.some(({ kind }) => kind === "reap"), !asleep);
  }
});

test("what throws has not drawn a number either", () => {
  const state = emptyState();
  step(state, start, now);
  const { seed } = state;
  assert.throws(() => step(state, exited, now));
  assert.equal(state.seed, seed);
});

/** The process that was started has stayed for as long as a rolling restart waits. */
function stay(state: State, effects: readonly Effect[]): void {
  const set = effects.find((effect) => effect.kind === "setTimer");
  assert(set?.kind === "setTimer");
  step(state, { kind: "timeUp", token: set.token }, now);
}

/** By which ways a map was gone through since. */
function watched(map: Map<unknown, unknown>): Set<unknown> {
  const looked = new Set<unknown>();
  for (const method of ["values", "keys", "entries", "forEach", Symbol.iterator] as const) {
    Object.defineProperty(map, method, { value: () => { looked.add(method); return new Map().values(); } });
  }
  return looked;
}

/** How often something was looked up in a map since. */
function counted<K, V>(map: Map<K, V>): () => number {
  let count = 0;
  const get = map.get.bind(map);
  map.get = (key) => { count++; return get(key); };
  return () => count;
}
