/** What an older image hands over is completed with what was true then; and no descriptor that goes along is forgotten. */
import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { descriptorsOf, readHandover } from "../../src/cli/handover.ts";
import type { Handover } from "../../src/cli/handover.ts";
import { NOTHING_SAID } from "../../src/core/state.ts";
import { STATE_1 } from "../survival/first-form.ts";
import { pathIn } from "../survival/folder.ts";

const process = {
  run: 7, pid: 1514, startTicks: 77, pidfd: 20, ended: false, outPipe: 8, errPipe: 9, cgroup: null, mark: "ab.7", descendants: [],
  inheritedRss: 0, threads: null, kept: "ab.7 web:0",
};
const output = { run: 7, stream: 0, fd: 21, sink: 3, label: "web.1514", colour: null, open: true, kept: "ab.7 web:0" };
const identity = { startTicks: 77, pipes: [8, 9], cgroup: null };
const at = { wall: 1_334_000_000_000_000, mono: 5000 };

/** As version 3 has it. */
const older = {
  version: 3, snapshot: JSON.parse(STATE_1) as unknown, configuration: {}, changes: [], by: null, again: null, detached: true, startedAt: 1,
  reexecedAt: null, queued: [{ kind: "spawned", run: 8, pid: 1515, at, identity }],
  facts: [{ kind: "spawned", run: 9, pid: 1516, startTicks: 78, outPipe: 8, errPipe: 9, cgroup: null, at }], processes: [process], outputs: [output],
  owed: [], tails: [], inherited: { events: null, forks: null, signals: null }, lock: 10, socket: { fd: 11, device: 1, inode: 2 }, tcp: null,
  keeper: null, addresses: [], idle: [], unwritten: { lines: [], dropped: 0 }, tallies: null, told: [], failed: null,
};

function handed(t: TestContext, what: object): Handover {
  const path = pathIn(t, "handover");
  writeFileSync(path, JSON.stringify(what));
  const fd = openSync(path, "r");
  t.after(() => closeSync(fd));
  return readHandover(fd);
}

test("an image that heard nothing of what processes say hands over that there is nothing", (t) => {
  const read = handed(t, older);
  assert.deepEqual([read.version, read.hooked, read.announced], [4, null, false]);
  assert.deepEqual(read.processes, [{ ...process, notify: null, readyPipe: null }]);
  assert.deepEqual(read.outputs, [{ ...output, tell: false }]);
  assert.deepEqual(read.queued, [{ kind: "spawned", run: 8, pid: 1515, at, identity: { ...identity, notify: null } }]);
  assert.deepEqual(read.facts, [{ ...older.facts[0], notify: null }]);
  const [first] = read.snapshot.state.slots;
  assert(first?.phase.kind === "running");
  assert.deepEqual([read.snapshot.version, first.phase.said], [3, NOTHING_SAID]);
});

test("what this version hands over comes as it is, and all of its descriptors are named", (t) => {
  const speaking = { ...process, notify: { name: "sentry.ab.7.00", fd: 30 }, readyPipe: 31 };
  const facts = [{ kind: "notified", run: 7, pid: 1514, uid: 0, text: "READY=1" }, { kind: "newline", run: 7 }];
  const mute = { ...process, run: 8, pidfd: 22, notify: { name: "sentry.ab.8.00", fd: null }, readyPipe: null };
  const read = handed(t, { ...older, version: 4, processes: [speaking, mute], outputs: [{ ...output, tell: true }], hooked: 17, announced: true, facts });
  assert.deepEqual([read.processes, read.outputs[0]?.tell, read.hooked, read.announced, read.facts], [[speaking, mute], true, 17, true, facts]);
  assert.deepEqual(descriptorsOf(read).sort((a, b) => a - b), [10, 11, 20, 21, 22, 30, 31]);
});

test("one of a form that is not known is refused", (t) => {
  assert.throws(() => handed(t, { ...older, version: 5 }), /has version 5, this Sentry knows 1, 2, 3, 4$/);
});
