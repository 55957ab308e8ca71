import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { HistoryRecord } from "../../src/core/record.ts";
import { isFailing } from "../../src/core/restart.ts";
import { isAtRest, NOTHING_SAID, runOf, startedOf } from "../../src/core/state.ts";
import type { Phase, PhaseOf, Slot, State } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import { slotId } from "../../src/core/types.ts";
import type { By, Cause, Law, Millis, SlotId, Stamp, Tidings } from "../../src/core/types.ts";
import type { HistoryLine } from "../../src/engine/line.ts";
import { fromPlain, plainState, toPlain } from "../../src/survival/plain.ts";
import type { PlainState } from "../../src/survival/plain.ts";
import { replay } from "../../src/survival/replay.ts";
import type { Replayed } from "../../src/survival/replay.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate, Program } from "../support/kernel.ts";
import { law, tidings, World } from "../support/world.ts";
import { LINES_1 } from "./first-form.ts";
import { BOOT, INSTANCE, linesOf, record, someone, WALL } from "./records.ts";

const now: Stamp = { wall: WALL + 3_000_000, mono: 8000 };

function after(records: readonly HistoryRecord[], laws: readonly Law[] = [law("web")], base: PlainState | null = null, boot = BOOT): Replayed & { state: State } {
  const before = base === null ? null : { state: fromPlain(base), boot: BOOT, instance: INSTANCE };
  const replayed = replay({ base: before, lines: linesOf(records), laws, exitWhen: null, boot, now });
  const { begun, displaced, lost, ended, left, untold, firstRun, instance, damaged, sketch } = replayed;
  return { begun, displaced, lost, ended, left, untold, firstRun, instance, damaged, sketch, state: sketch.finished() };
}

function slotOf(state: State, id: SlotId = "web:0"): Slot {
  const slot = state.slots.get(id);
  assert(slot !== undefined, `there is no ${id}`);
  return slot;
}

/** Without the token. */
function phaseOf(state: State, id: SlotId = "web:0"): unknown {
  const { phase } = slotOf(state, id);
  return phase.kind === "waiting" ? { waiting: phase.restart.at } : phase;
}

const running = (run: number): Phase => ({
  kind: "running", run,
  started: { pid: 1000 + run, at: { wall: WALL, mono: 5000 }, identity: { startTicks: 100 * run, pipes: [2 * run, 2 * run + 1], cgroup: null, notify: null } },
  settles: null, silence: null, leaves: null, ailing: 0, said: NOTHING_SAID,
});

test("a start without an end is a process that runs", () => {
  const { state, instance, begun } = after([record.started(7)]);
  assert.deepEqual(phaseOf(state), running(7));
  assert.deepEqual([slotOf(state).starts, slotOf(state).wanted, state.live, begun, instance], [7, true, 1, true, INSTANCE]);
  assert(state.nextRun > 7);
});

test("after an end its slot waits, from the end on, as long as the law says, if no other record says so", () => {
  const { state, ended } = after([record.started(7), record.exited(7)], [law("web", { delay: 250 })]);
  assert.deepEqual(phaseOf(state), { waiting: 6250 });
  assert.deepEqual(slotOf(state).lastExit?.exit.code, 3);
  assert.deepEqual(slotOf(state).lastExit?.exit.at, { wall: WALL, mono: 6000 });
  assert.deepEqual(ended, new Map([[7, 1007]]));
  assert.deepEqual(phaseOf(after([record.started(7), record.exited(7), record.waiting(9000)]).state), { waiting: 9000 });
  assert.deepEqual(phaseOf(after([record.exited(7)]).state), { waiting: 7000 }, "its start is not in the history any more");
});

test("who was told to end goes on ending, and what is wanted after that is kept", () => {
  const stopping = after([record.started(7), record.stopping(7)]).state;
  const { phase, wanted } = slotOf(stopping);
  assert(phase.kind === "stopping" && phase.grace !== null);
  assert.deepEqual([phase.run, phase.started?.pid, phase.grace.at, phase.cause, phase.by, wanted], [7, 1007, 16_000, "stopped", someone, false]);
  assert.equal(slotOf(after([record.started(7), record.stopping(7), record.waiting(8000, { by: someone })]).state).wanted, true);
  const ended = [record.started(7), record.stopping(7), record.exited(7, { cause: "stopped" })];
  assert.deepEqual([phaseOf(after(ended).state), slotOf(after(ended).state).wanted], [{ kind: "stopped" }, false]);
  assert.deepEqual(slotOf(after([...ended, record.stopped({ wanted: true })]).state).wanted, true);
  assert.deepEqual(phaseOf(after([...ended, record.stopped(), record.waiting(8000, { by: someone })]).state), { waiting: 8000 });
});

test("a process that was told to end before it was there is there, and ending", () => {
  const { phase } = slotOf(after([record.stopping(7, { pid: null }), record.started(7)]).state);
  assert(phase.kind === "stopping");
  assert.equal(phase.started?.pid, 1007);
});

/** The record orders of one story, broken off after each record: what the slot is by then. */
function cuts(records: readonly HistoryRecord[], differs: Partial<Law> = {}): unknown[] {
  return records.map((_, index) => {
    const state = after(records.slice(0, index + 1), [law("web", differs)]).state;
    const { phase, failures } = slotOf(state);
    const row = failures.inARow === 0 ? "" : `, ${failures.inARow} failed`;
    switch (phase.kind) {
      case "clearing": return `clearing ${phase.run} until ${phase.grace?.at}: ${phase.cause}, then ${phase.next.kind}${phase.next.kind === "restart" ? ` at ${phase.next.at}` : ""}${row}`;
      case "waiting": return `waiting until ${phase.restart.at}${row}`;
      case "following": return `following ${phase.run} as ${phase.started.pid} until ${phase.deadline.at}${row}`;
      case "running": return `running ${phase.run} as ${phase.started.pid}${row}`;
      case "stopping": return `stopping ${phase.run} as ${phase.started?.pid}: ${phase.cause}${row}`;
      case "readying": return `readying ${phase.run} as ${phase.started.pid} until ${phase.deadline.at}${row}`;
      case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting": case "settling": return `${phase.kind}${row}`;
    }
  });
}

test("what a process has left behind is cleared up, and then comes what would have come, wherever it breaks off", () => {
  assert.deepEqual(cuts([record.started(7), record.exited(7, { leftovers: true }), record.leftover(7), record.trouble("kill"), record.waiting(17_000), record.started(8)]), [
    "running 7 as 1007", "clearing 7 until 16000: leftover, then restart at 7000, 1 failed", "clearing 7 until 16500: leftover, then restart at 7000, 1 failed",
    "clearing 7 until 16500: leftover, then restart at 7000, 1 failed", "waiting until 17000, 1 failed", "running 8 as 1008, 1 failed",
  ]);
  assert.deepEqual(cuts([record.started(7), record.stopping(7), record.exited(7, { leftovers: true, cause: "stopped", by: someone }), record.stopped()]), [
    "running 7 as 1007", "stopping 7 as 1007: stopped", "clearing 7 until 16000: stopped, then stopped", "stopped",
  ]);
  const { left, ended } = after([record.started(7), record.exited(7, { leftovers: true })]);
  assert.deepEqual([left.get(7), ended.get(7)], [{ startTicks: 700, pipes: [14, 15], cgroup: null, notify: null }, 1007]);
});

test("who is asked for, or not any more, while what it has left behind is ended, gets that after it", () => {
  const clearing = [record.started(7), record.exited(7, { leftovers: true }), record.leftover(7)];
  assert.deepEqual(cuts([...clearing, record.stopping(7, { pid: null }), record.waiting(8000, { by: someone }), record.stopped({ wanted: true }), record.started(8)]).slice(3), [
    "clearing 7 until 16000: stopped, then stopped", "clearing 7 until 16000: stopped, then stopped", "stopped", "running 8 as 1008",
  ]);
  assert.deepEqual(cuts([...clearing, record.waiting(6100, { by: someone })]).slice(3), ["clearing 7 until 16500: leftover, then restart at 6100, 1 failed"]);
  assert.deepEqual(cuts([...clearing, record.waiting(6100, { by: someone })], { restart: "never" }).slice(2), [
    "clearing 7 until 16500: leftover, then failed, 1 failed", "clearing 7 until 16500: leftover, then restart at 6100",
  ]);
  assert.deepEqual(cuts([...clearing, record.started(8), record.exited(8, { code: 0 })]).slice(3), ["running 8 as 1008, 1 failed", "waiting until 7000"], "it was cleared, and there was no time to wait");
  assert.deepEqual(cuts([...clearing, record.fault(8)]).slice(3), ["waiting until 6000, 2 failed"], "as before, and the start has failed");
  assert.deepEqual(cuts([record.started(7), record.leftover(7)]), ["running 7 as 1007", "waiting until 0"], "the line of its end cannot be read");
});

test("who is not to be restarted rests, and what was not told of that any more is told by the law", () => {
  const well = [record.started(7), record.exited(7, { code: 0 }), record.finished()];
  assert.deepEqual(cuts(well, { restart: "on-failure" }), ["running 7 as 1007", "clearing 7 until 16000: leftover, then finished", "finished"]);
  assert.deepEqual(cuts([...well, record.waiting(9000, { by: someone }), record.started(8)], { restart: "on-failure" }).slice(3), ["waiting until 9000", "running 8 as 1008"]);
  const badly = [record.started(7), record.exited(7), record.failed()];
  assert.deepEqual(cuts(badly, { restart: "never" }), ["running 7 as 1007", "clearing 7 until 16000: leftover, then failed, 1 failed", "failed"]);
  assert.deepEqual(cuts([record.fault(7), record.failed()], { restart: "never" }), ["failed, 1 failed", "failed"]);
  assert.deepEqual([slotOf(after(well).state).wanted, after(well).state.live], [true, 0]);
  assert.equal(after([...well, record.scaled(0)]).state.slots.size, 0, "above the count nobody rests");
});

test("what a killed Sentry did not get to tell is known until it is told: that it rests, and that what is left is told to end", () => {
  const untold = (records: readonly HistoryRecord[], restart: Law["restart"] = "never", boot = BOOT) => {
    const replayed = after(records, [law("web", { restart, grace: 500 })], null, boot);
    return replayed.untold.in(replayed.state).map((one) => [one.type, one.cause, one.pid, "until" in one ? one.until : null]);
  };
  assert.deepEqual([untold([record.fault(7)]), untold([record.fault(7), record.failed()]), untold([record.fault(7)], "always")], [[["failed", null, null, null]], [], []]);
  const left = [record.started(7), record.exited(7, { leftovers: true })];
  assert.deepEqual([untold(left), untold([...left, record.leftover(7)])], [[["stopping", "leftover", null, 6500]], []]);
  assert.deepEqual(untold([record.started(7), record.stopping(7), record.exited(7, { leftovers: true, cause: "stopped" })]), [], "it was told to end before");
  assert.deepEqual(untold([record.started(7), record.exited(7)]), [], "the law tells it");
  for (const leftover of [[], [record.leftover(7)]]) {
    const gone = (restart: Law["restart"], code: number) => untold([record.started(7), record.exited(7, { leftovers: true, code }), ...leftover], restart, "another boot");
    assert.deepEqual([gone("never", 3), gone("on-failure", 0), gone("always", 0)], [[["failed", "exited", null, null]], [["finished", "exited", null, null]], []]);
  }
  assert.deepEqual([untold([record.fault(7), record.scaled(0)]), untold([record.fault(7), record.left()])], [[], []]);
});

test("an end goes by the law's signal and scope, but one that began before the daemon was known is for all", () => {
  const way = (records: readonly HistoryRecord[], daemon: boolean) => {
    const { phase } = slotOf(after(records, [law("web", { daemon, stopSignal: "SIGQUIT", scope: "process" })]).state);
    assert(phase.kind === "stopping" || phase.kind === "clearing");
    return `${phase.kind} ${phase.signal} ${phase.scope}`;
  };
  const [start, ready, stop, end] = [record.started(7), record.ready(7, 2000), record.stopping(7), record.exited(7, { leftovers: true })];
  assert.deepEqual([way([start, stop], false), way([start, end], false)], ["stopping SIGQUIT process", "clearing SIGQUIT process"]);
  assert.deepEqual([way([start, stop], true), way([start, end], true), way([start, stop, end], true)], ["stopping SIGQUIT tree", "clearing SIGQUIT tree", "clearing SIGQUIT tree"]);
  assert.equal(way([start, ready, record.stopping(7, { pid: 2000 })], true), "stopping SIGQUIT process");
  assert.equal(way([record.stopping(7, { pid: null })], true), "stopping SIGQUIT tree", "its start is not answered yet");
});

test("failures are counted as the law counts them, over starts, ends and faults; an end that somebody asked for is none", () => {
  const differs = { limit: { count: 2, within: 60_000 }, backoff: { factor: 3, max: 5000, jitter: 1, resetAfter: 30_000 }, delay: 100, successCodes: [0, 4] };
  const story = [
    record.started(1), record.exited(1, { mono: 1000 }), record.started(2), record.exited(2, { mono: 2000 }), record.started(3),
    record.exited(3, { mono: 3000, code: 4 }), record.started(4), record.stopping(4), record.exited(4, { mono: 4000, cause: "restarted" }), record.stopped({ wanted: true, cause: "restarted" }),
    record.started(5), record.exited(5, { mono: 5000, code: null, signal: "SIGSEGV" }),
  ];
  assert.deepEqual(cuts(story, differs).filter((_, index) => [1, 3, 5, 8, 11].includes(index)), [
    "waiting until 1100, 1 failed", "waiting until 2300, 2 failed", "waiting until 3100", "stopped", "clearing 5 until 15000: leftover, then failed, 1 failed",
  ]);
  assert.deepEqual(slotOf(after(story, [law("web", differs)]).state).failures, { inARow: 1, times: [1000, 2000, 5000] });
  assert.deepEqual(slotOf(after([...story, record.failed()], [law("web", differs)]).state).failures, { inARow: 0, times: [] });
  const fault = slotOf(after([record.fault(1)], [law("web", differs)]).state).failures;
  assert.deepEqual(fault, { inARow: 1, times: [now.mono - 3000] }, "when it was is told by the clock on the wall");
});

test("a daemon is followed from its start on until it is ready, and whatever ends before that was a start that failed", () => {
  const daemon = { daemon: true, readyTimeout: 3000 };
  assert.deepEqual(cuts([record.started(7), record.ready(7, 2000), record.exited(7, { pid: 2000 }), record.waiting(7000), record.started(8)], daemon), [
    "following 7 as 1007 until 8000", "running 7 as 2000", "waiting until 7000, 1 failed", "waiting until 7000, 1 failed", "following 8 as 1008 until 8000, 1 failed",
  ]);
  assert.deepEqual(cuts([record.started(7), record.trouble("follow"), record.exited(7, { code: 0, leftovers: true }), record.leftover(7)], daemon).slice(1), [
    "following 7 as 1007 until 8000", "clearing 7 until 16000: leftover, then restart at 7000, 1 failed", "clearing 7 until 16500: leftover, then restart at 7000, 1 failed",
  ]);
  const late = { wanted: true, cause: "readyTimeout", by: null } as const;
  assert.deepEqual(cuts([record.started(7), record.stopping(7, late), record.exited(7, late), record.waiting(9000)], daemon).slice(1), [
    "stopping 7 as 1007: readyTimeout", "waiting until 7000, 1 failed", "waiting until 9000, 1 failed",
  ]);
  assert.deepEqual(cuts([record.started(7), record.stopping(7, { ...late, pid: null }), record.exited(7, { ...late, leftovers: true })], daemon).slice(2), [
    "clearing 7 until 16000: readyTimeout, then restart at 6000, 1 failed",
  ], "it was given up when its process had ended: counted from then");
  assert.deepEqual(cuts([record.started(7), record.stopping(7, late), record.waiting(8000, { by: someone }), record.exited(7, { ...late, cause: "restarted" })], daemon).slice(2), [
    "stopping 7 as 1007: restarted", "stopped",
  ], "who is asked for is no failure");
  const followed = slotOf(after([record.started(7), record.stopping(7, { pid: 2000 })], [law("web", daemon)]).state).phase;
  assert(followed.kind === "stopping");
  assert.deepEqual([followed.started?.pid, followed.started?.identity.startTicks], [2000, 0], "one that was being followed: no more is known of it");
});

test("a process that has to become ready is on its way there from its start on, with its deadline, and what ends before was a start that failed", () => {
  for (const ready of ["notify", "probe"] as const) {
    const readying = { ready, readyTimeout: 3000 };
    assert.deepEqual(cuts([record.started(7), record.ready(7, 1007), record.exited(7, { code: 0 }), record.started(8), record.exited(8, { code: 0 })], readying), [
      "readying 7 as 1007 until 8000", "running 7 as 1007", "waiting until 7000", "readying 8 as 1008 until 8000", "waiting until 7000, 1 failed",
    ]);
    assert.deepEqual(cuts([record.started(7), record.stopping(7, { wanted: true, cause: "readyTimeout", by: null }), record.exited(7, { code: 0, cause: "readyTimeout" })], readying).slice(1), [
      "stopping 7 as 1007: readyTimeout", "waiting until 7000, 1 failed",
    ]);
  }
  const { phase } = slotOf(after([record.started(7), record.ready(7, 1007, { mono: 9999 })], [law("web", { ready: "notify" })]).state);
  assert(phase.kind === "running");
  assert.equal(phase.started.at.mono, 5000, "it was there before it was ready");
});

test("another process that has taken the place of the first speaks to the same socket", () => {
  const identity = { startTicks: 700, pipes: [14, 15] as const, cgroup: null, notify: "sentry.3f2a.7.00ff" };
  const { phase } = slotOf(after([record.started(7, { identity }), record.ready(7, 2000)], [law("web", { ready: "notify" })]).state);
  assert(phase.kind === "running");
  assert.deepEqual([phase.started.pid, phase.started.identity.notify], [2000, "sentry.3f2a.7.00ff"]);
});

test("what the law has found necessary to end is followed by what follows a failure, and what is restarted for a file or by the clock is not", () => {
  for (const cause of ["unhealthy", "watchdog", "memory"] as const) {
    const ending = record.stopping(7, { wanted: true, cause, by: null });
    assert.deepEqual(cuts([record.started(7), record.unhealthy(7), ending, record.exited(7, { code: 0, cause })]).slice(1), [
      "running 7 as 1007", `stopping 7 as 1007: ${cause}`, "waiting until 7000, 1 failed",
    ]);
    const unwanted = [record.started(7), ending, record.stopping(7), record.exited(7, { cause: "stopped" })];
    assert.deepEqual(cuts(unwanted).slice(2), ["stopping 7 as 1007: stopped", "stopped"], "somebody has asked for it meanwhile");
  }
  for (const cause of ["watch", "schedule"] as const) {
    const story = [record.started(7), record.stopping(7, { wanted: true, cause, by: null }), record.exited(7, { cause })];
    assert.deepEqual([cuts(story).slice(1), slotOf(after(story).state).wanted], [[`stopping 7 as 1007: ${cause}`, "stopped"], true]);
  }
  const slow = [record.started(7), record.stopping(7, { wanted: true, cause: "exited", by: null }), record.exited(7, { code: null, signal: "SIGKILL" })];
  assert.deepEqual(cuts(slow).slice(1), ["stopping 7 as 1007: exited", "waiting until 7000, 1 failed"], "it had announced its end");
  const signals = (["watchdog", "exited", "unhealthy"] as const).map((cause) => {
    const { phase } = slotOf(after([record.started(7), record.stopping(7, { cause })]).state);
    return "signal" in phase ? phase.signal : null;
  });
  assert.deepEqual(signals, ["SIGABRT", "SIGKILL", "SIGTERM"]);
});

test("a watchdog goes on after a take-over, whatever the process has said before", () => {
  const silence = (records: readonly HistoryRecord[], differs: Partial<Law>) => {
    const { phase } = slotOf(after(records, [law("web", differs)]).state);
    return phase.kind === "running" ? phase.silence?.at ?? null : phase.kind;
  };
  assert.deepEqual([silence([record.started(7)], { watchdog: 500 }), silence([record.started(7)], {})], [5500, null], "resume begins it anew");
  assert.equal(silence([record.started(7), record.ready(7, 1007)], { watchdog: 500, ready: "notify" }), 5500);
});

test("who is blocked stays so until the first start, and after that nothing of the others holds it up", () => {
  const web = law("web", { count: 2, after: [{ entry: "db", on: "ready" }] });
  const is = (records: readonly HistoryRecord[]) => {
    const { state } = after(records, [law("db"), web]);
    return [state.entries.get("web")?.opened, slotOf(state, "web:0").phase.kind, slotOf(state, "web:1").phase.kind, state.entries.get("db")?.opened];
  };
  assert.deepEqual(is([record.blocked(["db"])]), [false, "blocked", "stopped", true]);
  assert.deepEqual(is([record.blocked(["db"]), record.blocked(["db"], { slot: 1 }), record.started(7)]), [true, "running", "blocked", true]);
  assert.deepEqual(is([record.started(7), record.exited(7), record.blocked(["db"])]), [false, "blocked", "stopped", true], "a reload has given it an order");
  assert.deepEqual(is([record.blocked(["db"]), record.stopped()]), [false, "stopped", "stopped", true]);
  const base = toPlain(after([record.started(7), record.exited(7)], [law("db"), web]).state);
  assert.equal(after([], [law("db"), web], base).state.entries.get("web")?.opened, true);
  assert.equal(after([], [law("db"), web], base, "another boot").state.entries.get("web")?.opened, false, "nothing is there any more: it begins in order");
});

test("an order that goes in a circle, as only damage can make it, is none", () => {
  const circle = [law("web", { after: [{ entry: "db", on: "ready" }] }), law("db", { after: [{ entry: "web", on: "started" }] }), law("c", { after: [{ entry: "db", on: "ready" }] })];
  const plain = toPlain(after([record.started(7)], circle).state);
  assert.deepEqual(plain.entries.map(({ law: { after } }) => after.length), [0, 0, 1]);
  assert.deepEqual(plainState(JSON.parse(JSON.stringify(plain)), "it"), plain);
});

test("what has a schedule is at rest until it is due, however its last run has ended; when that is, its records say", () => {
  const scheduled = { schedule: "skip", restart: "on-failure" } as const;
  const noon = 1_795_330_800_000_000;
  const until = 5000 + (noon - WALL) / 1000;
  assert.deepEqual(cuts([record.scheduled(null), record.started(7), record.exited(7), record.scheduled(until), record.fault(8)], scheduled), [
    "scheduled", "running 7 as 1007", "clearing 7 until 16000: leftover, then restart at 7000, 1 failed", "scheduled", "scheduled",
  ]);
  const due = (records: readonly HistoryRecord[], base: PlainState | null = null, boot = BOOT) => {
    const { due, missed } = after(records, [law("web", scheduled)], base, boot).state.entries.get("web")!;
    return [due, missed];
  };
  const told = [record.started(7), record.exited(7, { mono: 5000 }), record.scheduled(until - 0.3)];
  assert.deepEqual(due(told), [noon, 0], "a whole second");
  assert.deepEqual(due(told, null, "another boot"), [noon, 0], "by the wall clock");
  assert.deepEqual(due([...told, record.scheduled(null)]), [null, 0]);
  const base = toPlain(after(told, [law("web", scheduled)]).state);
  assert.deepEqual(due([], base), [noon, 0]);
  assert.deepEqual(due([record.scheduled(until + 60_000)], base), [noon + 60_000_000, 0], "where nothing has begun or ended since");
  assert.deepEqual(due([record.started(8, { at: noon - 1 })], base), [noon, 0], "somebody has asked for it before");
  assert.deepEqual(due([record.started(8, { at: noon + 1 })], base), [noon + 1, 0], "this was that run; what comes after it is not told");
  assert.deepEqual(due([record.started(8, { at: noon })], base), [noon + 1, 0], "and no time of its own");
  assert.deepEqual(due([record.missed({ at: noon + 1 }), record.missed({ at: noon + 5, missed: 3 })], base), [noon + 5, 4]);
  assert.deepEqual(cuts([record.scheduled(until)]), ["waiting until 0"], "it has no schedule any more");
  assert.deepEqual(cuts([record.waiting(7000)], scheduled), ["scheduled"], "it has one since");
});

test("who has asked for what has a schedule has it, although Sentry was killed before that start was answered", () => {
  const { state } = after([record.scheduled(null), record.waiting(8000, { by: someone })], [law("web", { schedule: "skip" })]);
  state.asleep = true;
  step(state, { kind: "resume", tookOver: { pid: null, processes: 0 } }, now);
  for (const token of state.timers.keys()) step(state, { kind: "timeUp", token }, now);
  assert.equal(slotOf(state).phase.kind, "starting");
});

test("of who has come to its end it is known with what code, and when", () => {
  const ends = (records: readonly HistoryRecord[]) => {
    const { phase } = slotOf(after(records, [law("web", { restart: "never" })]).state);
    return phase.kind === "finished" || phase.kind === "failed" ? [phase.kind, phase.code, phase.at] : phase.kind;
  };
  assert.deepEqual(ends([record.started(7), record.exited(7, { code: 0 }), record.finished()]), ["finished", 0, 5000]);
  assert.deepEqual(ends([record.started(7), record.exited(7, { code: null, signal: "SIGSEGV" }), record.failed()]), ["failed", 139, 5000]);
  assert.deepEqual(ends([record.started(7), record.exited(7, { code: 3 }), record.waiting(7000), record.fault(8), record.failed()]), ["failed", 127, 5000]);
  assert.deepEqual(ends([record.started(7), record.exited(7, { code: 0, cause: "memory" }), record.failed()]), ["failed", 1, 5000], "that is no success");
});

test("when Sentry leaves by itself stands in the snapshot, and where there is none in the configuration", () => {
  const exitWhen = (base: State | null) =>
    replay({ base: base === null ? null : { state: base, boot: BOOT, instance: INSTANCE }, lines: [], laws: [law("web")], exitWhen: "any", boot: BOOT, now }).sketch.finished().exitWhen;
  const { state } = after([record.started(7)]);
  assert.deepEqual([exitWhen(null), exitWhen(state), exitWhen({ ...state, exitWhen: "all" })], ["any", null, "all"]);
});

test("lines that were written before there were trees, policies and daemons say what was true then", () => {
  const lines = JSON.parse(LINES_1) as HistoryLine[];
  const { sketch, damaged, instance } = replay({ base: null, lines, laws: [law("web")], exitWhen: null, boot: BOOT, now });
  const state = sketch.finished();
  assert.deepEqual([damaged, instance, state.entries.get("web")?.count], [0, INSTANCE, 5]);
  assert.deepEqual(["web:0", "web:1", "web:2"].map((id) => slotOf(state, id as SlotId).phase.kind), ["running", "stopping", "waiting"]);
  const running = slotOf(state).phase;
  assert(running.kind === "running");
  assert.deepEqual(running.started.identity, { startTicks: 1001, pipes: [20_002, 20_003], cgroup: null, notify: null });
});

test("what was scaled, added and removed holds", () => {
  const laws = [law("web", { count: 2 }), law("new", { count: 1, delay: 7 })];
  const { state } = after([
    record.started(1), record.started(2, { slot: 1 }), record.scaled(3), record.started(3, { slot: 2 }), record.scaled(1),
    record.stopping(3, { slot: 2 }), record.added("new", 2), record.started(4, { entry: "old" }), record.removed("old"),
    record.started(5, { entry: "older" }), record.removed("older"), record.exited(5, { entry: "older", cause: "removed" }),
    record.stopped({ entry: "older", cause: "removed" }),
  ], laws);
  assert.deepEqual([...state.entries].map(([name, { count }]) => [name, count]), [["web", 1], ["new", 2]]);
  assert.equal(state.entries.get("new")?.law.delay, 7);
  assert.deepEqual([...state.removed.keys()], ["old"]);
  assert.deepEqual([...state.slots.values()].map(({ entry, number, wanted }) => [slotId(entry, number), wanted]).sort(), [
    ["new:0", true], ["new:1", true], ["old:0", false], ["web:0", true], ["web:1", false], ["web:2", false],
  ]);
});

test("who was removed while a start was under way that nothing tells keeps its past; who was at rest has none when it comes back", () => {
  const past = [record.started(7), record.exited(7), record.scheduled(null)];
  const timed = [law("web", { schedule: "kill" })];
  const ending = after([...past, record.removed("web"), record.stopping(8, { pid: null })], timed).state;
  assert.deepEqual([slotOf(ending).phase.kind, slotOf(ending).starts, slotOf(ending).lastExit?.exit.pid], ["stopping", 7, 1007]);
  for (const gone of [[record.removed("web")], [record.scaled(0)]]) {
    assert.deepEqual([...after([...past, ...gone], timed).state.slots.keys()], []);
    for (const back of [record.added("web", 1), record.scaled(1)]) {
      const { starts, lastExit } = slotOf(after([...past, ...gone, back], timed).state);
      assert.deepEqual([starts, lastExit], [0, null]);
    }
  }
});

test("a rolling restart is over: its extra process is one that has to end, however little of the history is left", () => {
  const three = [record.started(1), record.started(2, { slot: 1 }), record.started(3, { slot: 2 })];
  const { state, damaged } = after([...three, record.rolls(3), record.waiting(5000, { slot: 3, by: someone }), record.started(4, { slot: 3 })], []);
  assert.deepEqual([state.entries.get("web")?.count, slotOf(state, "web:3").wanted, state.live, damaged], [3, false, 4, 0]);
  const failed = after([...three, record.rolls(3), record.started(4, { slot: 3 }), record.rollFault(), record.signalled()], []);
  assert.deepEqual([failed.state.live, failed.damaged], [4, 0]);
  const base = toPlain(after([...three, record.scaled(3)]).state);
  const rolling = { ...base, entries: base.entries.map((entry) => ({ ...entry, rolling: { awaited: 3, left: 3, by: someone } })) };
  assert.equal(after([], [], rolling).state.entries.get("web")?.rolling, null);
  const settling = {
    ...rolling, nextToken: 2, slots: rolling.slots.map((slot) => slot.phase.kind !== "running" || slot.number !== 2 ? slot
      : { ...slot, phase: { ...slot.phase, settles: { token: 1, at: 6000 } } }),
  };
  const { state: over } = after([], [], settling);
  assert.deepEqual([phaseOf(over, "web:2"), over.timers.size], [running(3), 0], "nobody waits for a process to stay any more");
});

test("who came with the token, and a signal that nobody sent, are told without a pid", () => {
  for (const kind of ["token", "signal"] as const) {
    const by: By = { kind, pid: null, uid: null };
    const { state, damaged } = after([record.started(7), record.stopping(7, { by })]);
    const { phase } = slotOf(state);
    assert(phase.kind === "stopping");
    assert.deepEqual([phase.by, damaged], [by, 0]);
  }
  assert.equal(after([record.stopping(7, { by: { kind: "socket", pid: null, uid: 0 } as unknown as By })]).damaged, 1);
});

test("a whole stop forgets everything before it", () => {
  const { state, begun, ended } = after([record.started(1), record.scaled(5), record.stopping(1), record.exited(1), record.left()]);
  assert.deepEqual([begun, state.live, state.entries.get("web")?.count, ended.size], [false, 0, 1, 0]);
  const base = toPlain(after([record.started(1), record.scaled(5)]).state);
  assert.equal(after([record.left()], [law("web")], base).begun, false);
  assert.equal(after([record.left(), record.started(2)], [law("web")], base).begun, true);
});

test("what only the history knows gets what a configuration has by default, and room for what is there", () => {
  const { state } = after([record.started(1, { slot: 2 })], []);
  assert.deepEqual(state.entries.get("web"), { law: law("web"), count: 3, rolling: null, opened: true, due: null, missed: 0 });
  assert.equal(slotOf(state, "web:2").wanted, true);
  assert.equal(after([record.started(1, { slot: 2 }), record.scaled(2)], []).state.slots.get("web:2")?.wanted, false);
});

test("in another life of the machine nothing runs any more, and nothing has to wait; but wishes hold", () => {
  const base = toPlain(after([
    record.started(1), record.started(2, { slot: 1 }), record.stopping(2, { slot: 1 }), record.scaled(4),
    record.exited(3, { slot: 2 }), record.stopped({ slot: 3 }),
  ]).state);
  const { state, lost } = after([], [law("web")], base, "another boot");
  assert.deepEqual([...lost], [1, 2]);
  const { phase } = slotOf(state);
  assert(phase.kind === "running");
  assert.deepEqual(phase.started.at, { wall: WALL, mono: now.mono - 3000 }, "how long it ran goes by the wall clock");
  assert.deepEqual(phaseOf(state, "web:2"), { waiting: 0 });
  assert.deepEqual(["web:0", "web:1", "web:2", "web:3"].map((id) => slotOf(state, id as SlotId).wanted), [true, false, true, false]);

  for (const [next, kind] of [["always", "waiting"], ["never", "failed"]] as const) {
    const left = toPlain(after([record.started(1), record.exited(1, { leftovers: true }), record.leftover(1)], [law("web", { restart: next })]).state);
    const slot = slotOf(after([], [law("web")], left, "another boot").state);
    assert.deepEqual([slot.phase.kind, slot.failures], [kind, { inARow: 0, times: [] }], "nothing is left that could be cleared up");
  }
  const lines = [...linesOf([record.started(1), record.exited(2, { slot: 1 })]), ...linesOf([record.started(3, { slot: 2 })], 3, "another boot")];
  const mixed = replay({ base: null, lines, laws: [], exitWhen: null, boot: "another boot", now });
  assert.deepEqual([...mixed.lost], [1]);
  assert.deepEqual(phaseOf(mixed.sketch.finished(), "web:1"), { waiting: 0 });
});

test("two processes of one slot can only come of damage: the later has it, and the other is not forgotten", () => {
  const { state, displaced } = after([record.started(1), record.started(2)]);
  assert.deepEqual(phaseOf(state), running(2));
  assert.deepEqual([...displaced.values()].map(({ run, slot }) => [run, slot]), [[1, 0]]);
  assert.equal(after([record.started(1), record.started(2), record.exited(1)]).displaced.size, 0);
  assert.equal(after([record.started(1), record.waiting(9000)]).displaced.size, 1);
});

test("lines of another shape are counted and passed over", () => {
  const lines = [null, ...linesOf([record.started(1), record.scaled(2), record.started(2, { slot: 1 })])];
  const broken = lines.map((line) => line?.type === "scaled" ? { ...line, count: -1 } : line);
  broken.push({ ...linesOf([record.started(1)])[0]!, type: "started", run: "1" });
  broken.push({ ...linesOf([record.started(1)])[0]!, type: "unhealthy" } as unknown as HistoryLine);
  broken.push({ ...linesOf([record.exited(1)])[0]!, leftovers: "many" });
  const { sketch, damaged } = replay({ base: null, lines: broken, laws: [], exitWhen: null, boot: BOOT, now });
  assert.equal(damaged, 4);
  assert.equal(sketch.finished().live, 2);
});

/** A world that was left to itself for a while, with all that it has told, and what it knew on the way. */
interface Lived { readonly world: World; readonly lines: HistoryLine[]; readonly snapshots: { readonly plain: string; readonly lines: number }[] }

/** What a process starts: it outlives that one. The last two are what a daemon forks away, and what is one in between. */
const left: fc.Arbitrary<Program> = fc.record({
  livesFor: fc.constantFrom(0, 100, 2000, Infinity), ending: fc.constantFrom({ code: 0 }, { code: 3 }), heedsAfter: fc.constantFrom(0, 30, null),
  killedAfter: fc.constantFrom(0, 20, 6000), detached: fc.boolean(),
  forks: fc.constantFrom([], [], [{ ...longLife, livesFor: 300 }], [longLife]),
});

const fate: fc.Arbitrary<Fate> = fc.record({
  answerAfter: fc.constantFrom(1, 40, 300), livesFor: fc.constantFrom(0, 3, 120, 2000, Infinity, Infinity), ending: fc.constantFrom({ code: 0 }, { code: 0 }, { code: 3 }, { signal: "SIGSEGV" }),
  fault: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.constant({ step: "exec", errno: "ENOENT", message: "", subject: "" })),
  heedsAfter: fc.constantFrom(0, 30, null), killedAfter: fc.constantFrom(0, 20), toldAfter: fc.constantFrom(0, 2, 60), calledOff: fc.boolean(),
  leaves: fc.array(left, { maxLength: 2 }), forks: fc.array(left, { maxLength: 2 }),
  search: fc.record({ after: fc.constantFrom(0, 5, Infinity), pidFile: fc.boolean() }),
});

/** What a reload does not change here: replayed over nothing, all of the past is judged by the law of today. */
const policy = fc.record({
  restart: fc.constantFrom("always" as const, "always" as const, "on-failure" as const, "never" as const), successCodes: fc.constantFrom([0], [0, 3]),
  backoff: fc.constantFrom(null, { factor: 2, max: 500, jitter: 0, resetAfter: 1000 }, { factor: 2, max: 500, jitter: 0.5, resetAfter: 1000 }),
  limit: fc.constantFrom(null, null, { count: 1, within: 1000 }, { count: 3, within: 5000 }),
  stopSignal: fc.constantFrom("SIGTERM", "SIGTERM", "SIGKILL"),
  scope: fc.constantFrom("tree" as const, "tree" as const, "group" as const, "process" as const), readyTimeout: fc.constantFrom(50, 1000),
  daemon: fc.constantFrom(true, false, false), ready: fc.constantFrom("started" as const, "started" as const, "notify" as const, "probe" as const),
  health: fc.constantFrom(null, { failures: 2 }), watchdog: fc.constantFrom(null, 200), schedule: fc.constantFrom(null, null, null, "skip" as const, "kill" as const),
});
type Policy = Omit<Law, "name" | "count" | "delay" | "grace" | "after">;
type Policies = Readonly<{ e0: Policy; e1: Policy; after: Law["after"] }>;
const policies: fc.Arbitrary<Policies> = fc.record({
  e0: policy, e1: policy,
  after: fc.constantFrom([], [], ...(["started", "ready", "finished"] as const).map((on) => [{ entry: "e0", on }])),
});

const laws = fc.uniqueArray(fc.record({
  name: fc.constantFrom("e0" as const, "e1" as const), count: fc.nat(3), delay: fc.constantFrom(0, 50, 1000), grace: fc.constantFrom(0, 50, 1000),
}, { noNullPrototype: true }), { selector: ({ name }) => name });
type Some = { readonly name: "e0" | "e1"; readonly count: number; readonly delay: Millis; readonly grace: Millis };

const whole = (some: readonly Some[], policies: Policies): Law[] => some.map((one) => law(one.name, { ...policies[one.name], after: one.name === "e1" ? policies.after : [], ...one }));

/** What somebody finds of a process, or the process says of itself, where there is one. */
const news = fc.oneof(
  fc.constant({ kind: "proven" } as const), fc.boolean().map((ok) => ({ kind: "examined", ok, message: "" }) as const),
  fc.constant({ kind: "oversized", message: "too large" } as const),
  fc.constantFrom<Partial<Tidings>>(
    { ready: true }, { ready: true }, { ready: true }, { doing: "stopping" }, { doing: "reloading" }, { watchdog: "alive" }, { watchdog: "trigger" },
    { watchdogEvery: 50 }, { extend: 400 }, { mainPid: 0 },
  ).map((says) => ({ kind: "notified", tidings: tidings(says) }) as const),
);

/** Pid 0 stands for one that the process has started. */
function bring(world: World, id: SlotId, one: typeof news extends fc.Arbitrary<infer News> ? News : never): void {
  const phase = world.engine.state.slots.get(id)?.phase;
  const run = phase === undefined || startedOf(phase) === null ? null : runOf(phase);
  if (run === null) return;
  if (one.kind !== "notified" || one.tidings.mainPid === null) return world.put({ ...one, run });
  const [child] = world.kernel.processes.get(run)?.family.living("tree").slice(1) ?? [];
  world.put({ ...one, run, tidings: tidings({ mainPid: child?.pid ?? null }) });
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 10, 100, 700, 1000).map((millis) => (world: World) => void world.pass(millis)) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("up" as const, "down" as const, "restart" as const), fc.nat(1), fc.nat(3)).map(([wish, entry, slot]) =>
    (world: World) => void world[wish](slotId(`e${entry}`, slot)) ) },
  { weight: 3, arbitrary: fc.nat(1).map((entry) => (world: World) => void world.roll(`e${entry}`)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(1), fc.nat(3)).map(([entry, slot]) => (world: World) => void world.signal(slotId(`e${entry}`, slot), "SIGHUP")) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(1), fc.nat(4)).map(([entry, count]) => (world: World) => void world.scale(`e${entry}`, count)) },
  { weight: 2, arbitrary: fc.tuple(laws, fc.subarray(["e0", "e1"])).map(([laws, replaced]) => (world: World, policies: Policies) => void world.reload(whole(laws, policies), replaced)) },
  { weight: 6, arbitrary: fc.tuple(fc.nat(1), fc.nat(2), news).map(([entry, slot, one]) => (world: World) => bring(world, slotId(`e${entry}`, slot), one)) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(1), fc.boolean(), fc.constantFrom(null, 60), fc.nat(2)).map(([entry, now, seconds, missed]) => (world: World) =>
    world.put({ kind: "due", entry: `e${entry}`, now, next: seconds === null ? null : Math.ceil(world.agenda.now().wall / 1e6 + seconds) * 1e6, missed })) },
  { weight: 1, arbitrary: fc.nat(1).map((entry) => (world: World) => world.put({ kind: "changed", entry: `e${entry}`, file: "/x" })) },
  { weight: 1, arbitrary: fc.boolean().map((unknown) => (world: World) => void world.takeOver(unknown)) },
);

function live(first: readonly Some[], policies: Policies, fates: readonly Fate[], actions: readonly ((world: World, policies: Policies) => void)[]): Lived {
  const lines: HistoryLine[] = [];
  const snapshots: { plain: string; lines: number }[] = [];
  const world = new World(whole(first, policies), (run) => fates[run % fates.length] ?? longLife, (_command, effects, { engine }) => {
    const records = effects.flatMap((effect) => effect.kind === "record" ? [effect.record] : []);
    lines.push(...linesOf(records, lines.length + 1));
    if (!engine.state.asleep) snapshots.push({ plain: JSON.stringify(toPlain(engine.state)), lines: lines.length });
  });
  world.start();
  for (const act of actions) act(world, policies);
  return { world, lines, snapshots };
}

/**
 * What can be known. That a start is under way cannot, whether SIGKILL was sent already neither, no rolling restart goes on,
 * and how far a daemon has been followed is not told before it is ready.
 */
function essence(state: State, real = state): unknown {
  const isWithin = (entry: string, number: number) => number < (state.entries.get(entry)?.count ?? 0);
  const lawOf = (entry: string) => (real.entries.get(entry) ?? real.removed.get(entry))?.law ?? law(entry);
  const slots = [...state.slots.values()].map(({ entry, number, wanted, starts, lastExit, failures, phase }) =>
    ({
      id: slotId(entry, number), wanted: wanted && isWithin(entry, number), starts, failures: wanted && isWithin(entry, number) ? failures : null,
      lastExit: lastExit === null ? null : { ...lastExit, exit: { ...lastExit.exit, kernelTime: false } }, is: (isAtRest(phase) && !isWithin(entry, number)) || isBegun(phase, real.slots.get(slotId(entry, number))?.phase) ? "no process" : knownOf(phase, lawOf(entry), wanted && isWithin(entry, number)),
    }));
  // Above the count there is only what has to end, also where it is the extra slot of a rolling restart: a start that was called off is not there for a successor.
  return asTold({ entries: [...state.entries].map(([name, { count, missed }]) => [name, count, lawOf(name).schedule === null ? 0 : missed]).sort(), slots: slots.filter(({ is }) => is !== "no process").sort((a, b) => a.id < b.id ? -1 : 1) });
}

/** The wall clock is told to the microsecond; by it goes when a start has failed. */
function asTold(some: object): unknown {
  return JSON.parse(JSON.stringify(some, (key, value: number | number[]) =>
    key === "wall" ? Math.floor(value as number) : key === "times" ? (value as number[]).map(Math.round) : value));
}

/**
 * That nothing is left is told by the wait that follows. Where there is no time to wait, nothing is told before the start; nor
 * is it where a schedule, or what comes before it, begins it.
 */
function isBegun(told: Phase, real: Phase | undefined): boolean {
  const waits = told.kind === "scheduled" || told.kind === "blocked" || told.kind === "finished" || told.kind === "failed";
  return real?.kind === "starting" && (waits || (told.kind === "clearing" && told.next.kind === "restart"));
}

function knownOf(phase: Phase, { daemon: isDaemon, ready }: Law, isWanted: boolean): unknown {
  // Nor whether it was known already which process is the daemon, where that is not ready by being there.
  const unsure = isDaemon && ready !== "started" ? { scope: null } : {};
  switch (phase.kind) {
    case "stopped": case "starting": case "waiting": return "no process";
    case "finished": case "failed": return { ...phase, at: Math.round(phase.at) };
    case "blocked": case "scheduled": return phase;
    // That a process has named another, which is looked for now, is told once that is found.
    case "following":
      if (phase.said === null || isDaemon) return phase.said !== null && phase.wasReady ? runningAs(phase) : `following ${phase.run}`;
      return phase.wasReady ? runningAs(phase) : `readying ${phase.run}`;
    case "settling": return `following ${phase.run}`;
    case "readying": return isDaemon ? `following ${phase.run}` : `readying ${phase.run}`;
    case "running": return runningAs(phase);
    case "stopping": {
      // Of one that was being followed only the pid is told; and what it is asked for while the law ends it, is not.
      const why = isJudged(phase.cause) ? phase.cause : "asked";
      return { ...phase, ...unsure, grace: null, patience: null, started: phase.started?.pid, cause: isWanted ? why : null, by: isWanted ? phase.by : null };
    }
    // A delay that has jitter is told with the wait, and begins with it. For what nobody wants `resume` knows what comes.
    case "clearing": return { ...phase, ...unsure, grace: null, patience: null, ...(isWanted ? { next: phase.next.kind } : { next: null, cause: null, by: null }) };
  }
}

/** What another has left in its place is there since a moment that only the monotonic clock tells exactly. */
function runningAs({ run, started: { pid, at, identity } }: PhaseOf<"running" | "following">): unknown {
  return { running: run, pid, at: at.mono, identity };
}

function isJudged(cause: Cause): boolean {
  return isFailing(cause) || cause === "exited";
}

/** The moments of those that surely wait. */
function waits(state: State): unknown[] {
  return [...state.slots].flatMap(([id, { phase }]) => phase.kind === "waiting" ? [`${id} ${phase.restart.at}`] : []);
}

test("whatever has happened, the history tells what is, over a snapshot of any age or over none", () => {
  fc.assert(fc.property(laws, policies, fc.array(fate, { minLength: 1, maxLength: 8 }), fc.array(action, { maxLength: 40 }), fc.nat(), (first, policies, fates, actions, which) => {
    const { world, lines, snapshots } = live(first, policies, fates, actions);
    const state = world.engine.state as State;
    const current = [...state.entries.values()].map((entry) => entry.law);
    const gone = (["e0", "e1"] as const).filter((name) => !state.entries.has(name) && lines.some(({ entry }) => entry === name));
    const laws = [...current, ...whole(gone.map((name) => ({ name, count: 1, delay: 1000, grace: 1000 })), policies)];
    const snapshot = snapshots[which % snapshots.length];
    assert(snapshot !== undefined);
    const bases = [null, { state: fromPlain(JSON.parse(snapshot.plain) as PlainState), boot: BOOT, instance: INSTANCE }];
    for (const base of bases) {
      const after = base === null ? 0 : snapshot.lines;
      const told = replay({ base, lines: lines.slice(after), laws, exitWhen: state.exitWhen, boot: BOOT, now: world.agenda.now() });
      const replayed = told.sketch.finished();
      assert.deepEqual(essence(replayed, state), essence(state));
      assert.deepEqual(waits(state).filter((wait) => !waits(replayed).includes(wait)), []);
      assert.deepEqual([told.displaced.size, told.lost.size, told.damaged], [0, 0, 0]);
      assert(replayed.nextRun >= state.nextRun);
    }
  }), { numRuns: 1000, includeErrorInReport: true });
});

test("wherever the history breaks off, and whatever is missing in it, what comes of it holds together", () => {
  fc.assert(fc.property(laws, policies, fc.array(fate, { minLength: 1 }), fc.array(action, { maxLength: 25 }), fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (first, policies, fates, actions, end, missing) => {
    const { lines, snapshots } = live(first, policies, fates, actions);
    const some = lines.slice(0, end % (lines.length + 1)).filter((_, index) => !missing.some((one) => one % lines.length === index));
    const base = snapshots[end % snapshots.length];
    assert(base !== undefined);
    for (const state of [null, fromPlain(JSON.parse(base.plain) as PlainState)]) {
      const { sketch } = replay({ base: state === null ? null : { state, boot: BOOT, instance: INSTANCE }, lines: some, laws: whole(first, policies), exitWhen: null, boot: BOOT, now });
      const plain = toPlain(sketch.finished());
      assert.deepEqual(plainState(JSON.parse(JSON.stringify(plain)), "it"), plain);
    }
  }), { numRuns: 1000, includeErrorInReport: true });
});
