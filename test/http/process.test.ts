/** What the phases of the law are to whoever looks at them from outside. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Phase } from "../../src/core/state.ts";
import { blockedIn } from "../../src/http/blocked.ts";
import { showEntry } from "../../src/http/entry.ts";
import { processMetrics } from "../../src/http/process-metrics.ts";
import { show } from "../../src/http/process.ts";
import { notReady } from "../../src/http/ready.ts";
import type { View } from "../../src/http/view.ts";
import { law } from "../support/world.ts";
import { PHASES, slotIn, stateOf } from "./phases.ts";

const KINDS = Object.keys(PHASES) as Phase["kind"][];

const program = { command: "sleep", args: ["4"] };
const now = { wall: 1_334_081_875_000_000, mono: 5000 };
const exit = {
  pid: 4711, code: 0, signal: null, coreDumped: false, at: now, kernelTime: true, userMs: 1, systemMs: 1, maxRssBytes: null,
};

const viewOf = (...phases: readonly Phase["kind"][]) => {
  const view: Pick<View, "program" | "options"> & { engine: object } = {
    engine: { state: stateOf(...phases) }, program: () => program, options: () => ({}),
  };
  return view as View;
};

const shown = (kind: Phase["kind"]) => {
  const { state, pid, ready, uptimeMs, nextStartAt } = show(slotIn(PHASES[kind]), stateOf(), program, undefined, now);
  return [state, pid, ready, uptimeMs, nextStartAt];
};

test("each phase has a state of the contract, and a pid only where there is a process", () => {
  assert.deepEqual(Object.fromEntries(KINDS.map((kind) => [kind, shown(kind)])), {
    stopped: ["stopped", null, false, null, null],
    finished: ["finished", null, false, null, null],
    failed: ["failed", null, false, null, null],
    blocked: ["blocked", null, false, null, null],
    scheduled: ["waiting", null, false, null, null],
    starting: ["starting", null, false, null, null],
    following: ["starting", 4711, false, 4000, null],
    settling: ["starting", 4711, false, 4000, null],
    readying: ["starting", 4711, false, 4000, null],
    running: ["running", 4711, true, 4000, null],
    stopping: ["stopping", 4711, false, 4000, null],
    clearing: ["stopping", null, false, null, null],
    waiting: ["waiting", null, false, null, "2012-04-10T18:17:59.000Z"],
  });
});

test("a daemon's first process that has ended is none, also while it keeps its pid", () => {
  const ended = { ...PHASES.following, ended: exit };
  assert.equal(show(slotIn(ended), stateOf(), program, undefined, now).pid, null);
  const state = stateOf("following");
  state.slots.set("web:0", slotIn(ended));
  assert.equal(processMetrics(state, new Map()).find(({ name }) => name === "sentry_process_up")?.values[0]?.value, 0);
});

test("a daemon that has not forked itself away yet runs, and is not ready", () => {
  const { running, ready } = showEntry(viewOf(...KINDS), "web");
  assert.deepEqual([running, ready], [4, 1]);
});

test("whoever waits for all to be ready waits for none that has finished, and for each that has failed", () => {
  assert.deepEqual(notReady(viewOf("finished", "running", "scheduled")), []);
  assert.deepEqual(notReady(viewOf("blocked", "readying")), ["web:0", "web:1"]);
  assert.deepEqual(notReady(viewOf("finished", "failed", "following", "settling", "clearing")), ["web:1", "web:2", "web:3", "web:4"]);
});

test("who is blocked is told each that keeps it so", () => {
  const blockedBy = (on: "started" | "ready" | "finished") => KINDS.filter((kind) => {
    const state = stateOf(kind);
    const after = law("late", { after: [{ entry: "web", on }] });
    state.entries.set("late", { law: after, count: 1, rolling: null, opened: false, due: null, missed: 0 });
    const shown = show({ ...slotIn(PHASES.blocked), entry: "late" }, state, program, undefined, now);
    return shown.blockedBy?.length === 1;
  });
  const absent = ["stopped", "failed", "blocked", "starting", "stopping", "clearing", "waiting"];
  assert.deepEqual(new Set(blockedBy("started")), new Set(absent));
  assert.deepEqual(new Set(blockedBy("ready")), new Set([...absent, "following", "settling", "readying"]));
  assert.deepEqual(KINDS.filter((kind) => !blockedBy("finished").includes(kind)), ["finished"]);
});

test("what the slots of an entry wait for is looked for once, however many they are", () => {
  const state = stateOf("finished", "running", "running");
  const late = law("late", { after: [{ entry: "web", on: "finished" }] });
  state.entries.set("late", { law: late, count: 1000, rolling: null, opened: false, due: null, missed: 0 });
  let looks = 0;
  const get = state.slots.get.bind(state.slots);
  state.slots.get = (id) => {
    looks++;
    return get(id);
  };
  const blockedBy = blockedIn(state);
  for (let n = 0; n < 1000; n++) assert.deepEqual(blockedBy("late"), ["web has not finished: web:1 is running"]);
  assert.equal(looks, 2);
});

test("a finished process is not wanted any more, one that has failed is, and both have a state of their own", () => {
  const metrics = processMetrics(stateOf("running", "finished", "failed", "failed", "settling", "clearing"), new Map());
  const values = (name: string) => metrics.find((metric) => metric.name === name)?.values
    .map(({ sharedLabels, labels, value }) => [labels?.["state"] ?? sharedLabels?.["slot"] ?? "", value]);
  assert.deepEqual(values("sentry_entry_wanted_processes"), [["", 5]]);
  assert.deepEqual(Object.fromEntries(values("sentry_processes") ?? []), {
    stopped: 0, blocked: 0, finished: 1, failed: 2, starting: 1, running: 1, stopping: 1, waiting: 0,
  });
  assert.deepEqual(values("sentry_process_up")?.map(([, value]) => value), [1, 0, 0, 0, 1, 0]);
  assert.deepEqual(values("sentry_process_ready")?.map(([, value]) => value), [1, 0, 0, 0, 0, 0]);
});
