import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import { emptyState, startedOf } from "../../src/core/state.ts";
import type { Phase, Said, Slot, Started, State } from "../../src/core/state.ts";
import type { Exit, Law } from "../../src/core/types.ts";
import { fromPlain, toPlain } from "../../src/survival/plain.ts";
import { moveAside, readSnapshot, readText, writeSnapshot } from "../../src/survival/snapshot.ts";
import type { Snapshot } from "../../src/survival/snapshot.ts";
import { STATE_1 } from "./first-form.ts";
import { pathIn } from "./folder.ts";
import { BOOT, INSTANCE, someone, WALL } from "./records.ts";

const at = { wall: WALL, mono: 5000.25 };
const started: Started = { pid: 1514, at, identity: { startTicks: 77, pipes: [8, 9], cgroup: "/system.slice/sentry.3f2a/7", notify: "sentry.3f2a.7.00ff" } };
const exit: Exit = {
  pid: 1512, code: null, signal: "SIGSEGV", coreDumped: true, at, kernelTime: true, userMs: 1.5, systemMs: 0, maxRssBytes: null,
};

const way = { signal: "SIGTERM", scope: "tree" } as const;
const said: Said = { doing: "reloading", status: "Ready soon", errno: 2, mainPid: 1600, watchdogEvery: 5000 };
const silent: Said = { doing: null, status: null, errno: null, mainPid: null, watchdogEvery: null };

/** A state with every phase in it. */
function everything(): State {
  const phases: Phase[] = [
    { kind: "stopped" }, { kind: "starting", run: 5 }, { kind: "running", run: 2, started, settles: null, silence: null, leaves: null, ailing: 0, said: silent },
    { kind: "stopping", run: 3, started, signal: "SIGQUIT", scope: "process", grace: { token: 4, at: 9000 }, patience: null, cause: "stopped", by: someone },
    { kind: "stopping", run: 4, started: null, ...way, grace: null, patience: null, cause: "scaled", by: null },
    { kind: "waiting", restart: { token: 6, at: 8000.5 } },
    { kind: "finished", code: 0, at: 7000.5 }, { kind: "failed", code: 139, at: 7000.5 },
    { kind: "following", run: 6, started, ended: null, deadline: { token: 7, at: 65_000 }, said: null, wasReady: false, proven: true },
    { kind: "following", run: 7, started, ended: exit, deadline: { token: 8, at: 65_000 }, said: null, wasReady: false, proven: false },
    { kind: "settling", run: 8, started, settles: { token: 9, at: 5250 }, until: 65_000, proven: true },
    { kind: "stopping", run: 9, started, ...way, grace: null, patience: { token: 10, at: 14_000 }, cause: "readyTimeout", by: null },
    { kind: "clearing", run: 10, ...way, grace: { token: 11, at: 9000 }, patience: null, cause: "leftover", by: null, next: { kind: "restart", at: 6000 } },
    { kind: "clearing", run: 11, ...way, grace: null, patience: { token: 12, at: 14_000 }, cause: "stopped", by: someone, next: { kind: "stopped" } },
    { kind: "clearing", run: 12, ...way, grace: null, patience: null, cause: "leftover", by: null, next: { kind: "finished" } },
    { kind: "clearing", run: 13, ...way, grace: null, patience: null, cause: "leftover", by: null, next: { kind: "failed" } },
    { kind: "blocked" }, { kind: "scheduled" },
    { kind: "readying", run: 14, started, deadline: { token: 13, at: 65_000 }, finding: "localhost:5432: ECONNREFUSED", said },
    { kind: "running", run: 15, started, settles: null, silence: { token: 14, at: 9000 }, leaves: null, ailing: 2, said },
    { kind: "running", run: 16, started, settles: null, silence: null, leaves: { token: 15, at: 9000 }, ailing: 0, said: { ...said, doing: "stopping" } },
    { kind: "following", run: 17, started, ended: exit, deadline: { token: 16, at: 65_000 }, said, wasReady: true, proven: false },
  ];
  const isOver = (number: number, { kind }: Phase): boolean => number === 2 || kind === "clearing";
  const slot = (entry: string, number: number, phase: Phase): Slot =>
    ({ entry, number, wanted: number !== 0, starts: number, lastExit: isOver(number, phase) ? { exit, cause: "exited", ran: 12 } : null, failures: { inARow: number, times: number === 0 ? [] : [5000.5, 6000] }, phase });
  const law = (name: string): Law => ({
    name, count: 22, restart: "on-failure", successCodes: [0, 3], delay: 1000, backoff: { factor: 2, max: 60_000, jitter: 0.2, resetAfter: 30_000 },
    limit: { count: 10, within: 300_000 }, stopSignal: "SIGTERM", grace: 10_000, scope: "group", daemon: true, ready: "notify", readyTimeout: 30_000,
    health: { failures: 3 }, watchdog: 5000, after: [{ entry: "db", on: "ready" }], schedule: "kill",
  });
  return fromPlain({
    course: "leaving", exitWhen: "any", exitCode: 139, leaveBy: someone, urged: true,
    entries: [{ law: law("web"), count: 22, rolling: null, opened: false, due: 1_795_330_000_000_000, missed: 7 }], removed: [law("old")],
    slots: [...phases.map((phase, number) => slot("web", number, phase)), slot("old", 0, { kind: "stopping", run: 1, started, ...way, grace: null, patience: null, cause: "removed", by: null })],
    seed: 99, nextRun: 18, nextToken: 17,
  });
}

function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    version: 3, sentry: "0.1.0", boot: BOOT, instance: INSTANCE, pid: 4711, startedAt: WALL, reexecedAt: null, lastId: 17,
    state: toPlain(everything()), definitions: [{ some: ["definition"] }], ...more,
  };
}

function whyBad(text: string): string {
  const found = readText(text);
  assert.equal(found.kind, "bad");
  return found.kind === "bad" ? found.why : "";
}

/** The snapshot with one thing put in a place of it: `state.slots.2.phase.run`. */
function spoiled(place: string, value: unknown): string {
  const whole = JSON.parse(JSON.stringify(snapshot())) as Record<string, unknown>;
  const path = place.split(".");
  const last = path.pop() ?? "";
  const holder = path.reduce((inside, key) => inside[key] as Record<string, unknown>, whole);
  assert(last in holder, `there is no ${place}`);
  holder[last] = value;
  return JSON.stringify(whole);
}

test("the state becomes JSON and the same state again, indexes and all", () => {
  const state = everything();
  assert.deepEqual(state.runs, new Map([
    [5, "web:1"], [2, "web:2"], [3, "web:3"], [4, "web:4"], [6, "web:8"], [7, "web:9"], [8, "web:10"], [9, "web:11"],
    [10, "web:12"], [11, "web:13"], [12, "web:14"], [13, "web:15"], [14, "web:18"], [15, "web:19"], [16, "web:20"], [17, "web:21"], [1, "old:0"],
  ]));
  assert.deepEqual(state.timers, new Map([
    [4, "web:3"], [6, "web:5"], [7, "web:8"], [8, "web:9"], [9, "web:10"], [10, "web:11"], [11, "web:12"], [12, "web:13"],
    [13, "web:18"], [14, "web:19"], [15, "web:20"], [16, "web:21"],
  ]));
  assert.deepEqual([state.live, state.removed.get("old")?.live, state.tallies.get("web")?.blocked], [18, 1, 1]);
  assert.deepEqual(fromPlain(JSON.parse(JSON.stringify(toPlain(state))) as ReturnType<typeof toPlain>), state);
  assert.deepEqual(fromPlain(toPlain(emptyState())), emptyState());
});

test("a rolling restart is kept; a snapshot that knows of none, because none was known then, has none", () => {
  const state = everything();
  const rolling = { awaited: 1, left: 4, by: { kind: "token", pid: null, uid: null } as const };
  state.entries.set("web", { ...state.entries.get("web")!, rolling });
  const found = readText(JSON.stringify(snapshot({ state: toPlain(state) })));
  assert(found.kind === "ok");
  assert.deepEqual(fromPlain(found.snapshot.state), state);

  const older = JSON.stringify(snapshot()).replaceAll(',"rolling":null', "");
  assert(!older.includes("rolling"));
  const read = readText(older);
  assert(read.kind === "ok");
  assert.deepEqual(fromPlain(read.snapshot.state), everything());
  assert.match(whyBad(JSON.stringify(snapshot({ state: toPlain(state) })).replace('"left":4', '"left":23')), /a rolling restart of .* is beyond the count/);
});

test("what version 1 has written is read as what was true then", () => {
  const found = readText(STATE_1);
  assert(found.kind === "ok");
  assert.equal(found.snapshot.version, 3, "it is one of today");
  const { entries, slots, seed } = found.snapshot.state;
  const web: Law = {
    name: "web", count: 5, restart: "always", successCodes: [0], delay: 1000, backoff: null, limit: null, stopSignal: "SIGTERM",
    grace: 10_000, scope: "tree", daemon: false, ready: "started", readyTimeout: 60_000, health: null, watchdog: null, after: [], schedule: null,
  };
  assert.deepEqual([entries, seed], [[{ law: web, count: 5, rolling: null, opened: true, due: null, missed: 0 }], 0]);
  assert.deepEqual(slots.map(({ phase }) => phase.kind), ["running", "stopping", "waiting", "starting", "stopped"]);
  assert.deepEqual(slots.map(({ failures }) => failures), slots.map(() => ({ inARow: 0, times: [] })));
  assert.deepEqual(slots.flatMap(({ phase }) => startedOf(phase)?.identity.cgroup), [null, null, undefined, undefined, undefined]);
  const phase = slots[1]?.phase;
  assert(phase?.kind === "stopping");
  assert.deepEqual([phase.grace, phase.patience], [{ token: 2, at: 5_010_500 }, null]);
  assert.deepEqual([phase.signal, phase.scope], ["SIGTERM", "tree"]);
  const { exitWhen, exitCode } = found.snapshot.state;
  assert.deepEqual([exitWhen, exitCode], [null, null]);
  const [running] = slots;
  assert(running?.phase.kind === "running");
  const { silence, leaves, ailing, said, started: { identity } } = running.phase;
  assert.deepEqual({ silence, leaves, ailing, said }, { silence: null, leaves: null, ailing: 0, said: silent });
  assert.equal(identity.notify, null);
  assert.deepEqual(readText(JSON.stringify(found.snapshot)), found);
});

test("a process for which a rolling restart waits is kept with the moment, and one of a snapshot that knew of no such wait has none", () => {
  const state = everything();
  state.entries.set("web", { ...state.entries.get("web")!, rolling: { awaited: 2, left: 3, by: null } });
  const slot = state.slots.get("web:2")!;
  assert(slot.phase.kind === "running");
  state.slots.set("web:2", { ...slot, phase: { ...slot.phase, settles: { token: 5, at: 6000.25 } } });
  state.timers.set(5, "web:2"); // a number that no other has
  const text = JSON.stringify(snapshot({ state: toPlain(state) }));
  const found = readText(text);
  assert(found.kind === "ok");
  assert.deepEqual(fromPlain(found.snapshot.state), state);
  assert.equal(whyBad(text.replace('"token":5', '"token":4')), "is damaged: a timer of it.state is there twice");
  assert.equal(whyBad(text.replace('"awaited":2', '"awaited":1')), "is damaged: a slot of it.state is awaited by nobody");
  assert.equal(whyBad(text.replace('{"token":5,"at":6000.25}', "null")), "is damaged: a slot of it.state is awaited without an end");

  const older = JSON.stringify(snapshot()).replaceAll(',"settles":null', "");
  assert(!older.includes('"settles":null'));
  assert.deepEqual(readText(older), { kind: "ok", snapshot: snapshot() });
});

test("what is written is read again, and nothing else lies beside it", (t) => {
  const path = pathIn(t, "state");
  assert.deepEqual(readSnapshot(path), { kind: "none" });
  writeFileSync(`${path}.0123456789ab.tmp`, "half");
  writeSnapshot(path, snapshot({ lastId: 1 }));
  writeSnapshot(path, snapshot());
  assert.deepEqual(readSnapshot(path), { kind: "ok", snapshot: snapshot() });
  assert.deepEqual(readdirSync(dirname(path)), ["state"]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("one that cannot be written leaves the one before", (t) => {
  const path = pathIn(t, "state");
  writeSnapshot(path, snapshot());
  t.after(() => spawnSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited:"]));
  spawnSync("prlimit", ["--pid", String(process.pid), "--fsize=100:"]);
  assert.throws(() => writeSnapshot(path, snapshot({ lastId: 99 })), { code: "EFBIG" });
  assert.deepEqual(readSnapshot(path), { kind: "ok", snapshot: snapshot() });
  assert.deepEqual(readdirSync(dirname(path)), ["state"]);
});

test("one that is no JSON, has another shape, or contradicts itself, is damaged, and it is said where", () => {
  assert.match(whyBad(""), /^is damaged: /);
  assert.match(whyBad(JSON.stringify(snapshot()).slice(0, -20)), /^is damaged: /);
  assert.equal(whyBad("null"), "is damaged: it is no object");
  assert.equal(whyBad("{}"), "is damaged: it.version is no whole number");
  const cases: [string, unknown, string][] = [
    ["instance", "not hex", "it.instance is not spelled as it should be"],
    ["pid", 0, "it.pid is 0"],
    ["state.entries", {}, "it.state.entries is no list"],
    ["state.entries.0.count", 1e9, "it.state.entries[0].count is more than 100000"],
    ["state.entries.0.law.name", "../etc", "it.state.entries[0].law.name is not spelled as it should be"],
    ["state.slots.2.phase.kind", "flying", "it.state.slots[2].phase.kind is unknown"],
    ["state.slots.2.phase.kind", "toString", "it.state.slots[2].phase.kind is unknown"],
    ["state.slots.2.phase.started.identity.pipes", [1], "it.state.slots[2].phase.started.identity.pipes is no pair"],
    ["state.slots.2.lastExit.cause", "fate", "it.state.slots[2].lastExit.cause is none of its choices"],
    ["state.slots.2.number", 3, "a slot of it.state is there twice"],
    ["state.slots.2.phase.run", 3, "a run of it.state is there twice"],
    ["state.slots.2.phase.run", 18, "it.state.nextRun is a run already"],
    ["state.slots.5.phase.restart.token", 4, "a timer of it.state is there twice"],
    ["state.slots.5.phase.restart.token", 17, "it.state.nextToken is a timer already"],
    ["state.slots.5.entry", "nobody", "a slot of it.state is of nobody, which is no entry"],
    ["state.entries.0.law.restart", "sometimes", "it.state.entries[0].law.restart is none of its choices"],
    ["state.entries.0.law.successCodes", [256], "it.state.entries[0].law.successCodes[0] is more than 255"],
    ["state.slots.2.failures.inARow", -1, "it.state.slots[2].failures.inARow is no whole number"],
    ["state.slots.9.phase.ended", {}, "it.state.slots[9].phase.ended.pid is no whole number"],
    ["state.slots.12.phase.next.kind", "starting", "it.state.slots[12].phase.next.kind is unknown"],
    ["state.slots.12.phase.patience", { token: 1, at: 0 }, "a slot of it.state is impatient within its grace"],
    ["state.slots.12.lastExit", null, "a slot of it.state is clearing up after nobody"],
    ["state.removed.0.name", "web", "an entry of it.state is there twice"],
    ["state.slots.20.phase.leaves.token", 14, "a timer of it.state is there twice"],
    ["state.slots.20.phase.silence", { token: 1, at: 0 }, "a slot of it.state is watched while it leaves"],
    ["state.slots.21.phase.ended", null, "a slot of it.state is following another while its own process is there"],
    ["state.slots.18.phase.said.doing", "dancing", "it.state.slots[18].phase.said.doing is none of its choices"],
    ["state.slots.18.phase.started.identity.notify", "a\nb", "it.state.slots[18].phase.started.identity.notify is not spelled as it should be"],
    ["state.slots.7.phase.code", 256, "it.state.slots[7].phase.code is more than 255"],
    ["state.entries.0.law.after.0.entry", "web", "the order of it.state is a circle: web after web"],
    ["state.entries.0.law.ready", "soon", "it.state.entries[0].law.ready is none of its choices"],
    ["state.entries.0.law.health", { failures: 0 }, "it.state.entries[0].law.health.failures is 0"],
    ["state.exitWhen", "some", "it.state.exitWhen is none of its choices"],
    ["state.course", "keeping", "it.state.exitCode is there, and nothing leaves"],
  ];
  for (const [place, value, why] of cases) assert.equal(whyBad(spoiled(place, value)), `is damaged: ${why}`);
});

test("one of a newer version is not touched, and named", () => {
  assert.equal(whyBad('{ "version": 4, "state": "of a kind that nobody knows yet" }'), "was written by a newer Sentry (version 4 of its form; this one knows 3)");
});

test("what this version does not know is left out", () => {
  const found = readText(JSON.stringify({ ...snapshot(), colour: "red", state: { ...toPlain(everything()), moods: [] } }));
  assert.deepEqual(found, { kind: "ok", snapshot: snapshot() });
});

test("a link, a folder, a FIFO, or somebody else's file is not read", (t) => {
  const path = pathIn(t, "state");
  const why = (): string => {
    const found = readSnapshot(path);
    return found.kind === "bad" ? found.why : found.kind;
  };
  writeSnapshot(`${path}.real`, snapshot());
  symlinkSync(`${path}.real`, path);
  assert.equal(why(), "is a link");
  rmSync(path);
  mkdirSync(path);
  assert.match(why(), /is no plain file$/);
  rmSync(path, { recursive: true });
  spawnSync("mkfifo", [path]);
  assert.match(why(), /is no plain file$/);
  rmSync(path);
  if (process.getuid?.() !== 0) return;
  writeSnapshot(path, snapshot());
  chownSync(path, 65534, 65534);
  assert.match(why(), /belongs to another user \(uid 65534\)$/);
});

test("what cannot be used is moved aside, and the newest five of it are kept", (t) => {
  const path = pathIn(t, "state");
  for (let n = 1; n <= 12; n++) {
    writeFileSync(path, String(n));
    assert.equal(moveAside(path), `${path}.bad-${n}`);
  }
  assert.deepEqual(readdirSync(dirname(path)).sort(), [10, 11, 12, 8, 9].map((n) => `state.bad-${n}`));
  assert.equal(readFileSync(`${path}.bad-12`, "utf8"), "12");
  mkdirSync(path);
  assert.equal(moveAside(path), `${path}.bad-13`);
  assert.throws(() => moveAside(path), { code: "ENOENT" });
});

test("whatever is broken in it, reading it gives a state that holds together, or says why not", () => {
  const good = Buffer.from(JSON.stringify(snapshot()));
  fc.assert(fc.property(fc.nat(good.length), fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.boolean(), (end, flips, whole) => {
    const bytes = Buffer.from(whole ? good : good.subarray(0, end));
    for (const [index, value] of flips) if (index < bytes.length) bytes[index] = value;
    const found = readText(bytes.toString());
    if (found.kind !== "ok") return;
    const state = fromPlain(found.snapshot.state);
    assert.equal(state.slots.size, found.snapshot.state.slots.length);
    assert.deepEqual(toPlain(state), found.snapshot.state);
  }), { numRuns: 3000 });
});
