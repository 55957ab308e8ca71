import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Happening } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import { isAtRest } from "../../src/core/state.ts";
import type { State } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import type { Law, RunId, SlotId, Stamp } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import type { Held } from "../../src/survival/kept.ts";
import { toPlain } from "../../src/survival/plain.ts";
import type { Processes, Stat, Swept } from "../../src/survival/proc.ts";
import { replay } from "../../src/survival/replay.ts";
import type { Snapshot } from "../../src/survival/snapshot.ts";
import { endUnknown, survey } from "../../src/survival/takeover.ts";
import type { Survey } from "../../src/survival/takeover.ts";
import { longLife } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";
import { BOOT, INSTANCE, linesOf, record, WALL } from "./records.ts";

const now: Stamp = { wall: WALL + 3_000_000, mono: 8000 };
const UPTIME = 1_000_000;

/** What is there. Pids, start times and pipes are those that `record.started` names. */
class Machine implements Processes {
  readonly #there = new Map<number, Stat & { swept: Swept | null; pipes: [number, number] }>();
  readonly held: Held[] = [];
  #lastFd = 100;

  /** A run's process lives. `marked`: its environment is as it was made. `pid`: another one than the run's own, perhaps one in its session. */
  put(run: RunId, more: {
    marked?: boolean; notify?: string | null; cgroup?: string | null; slot?: number; entry?: string; zombie?: boolean; startTicks?: number; pid?: number; session?: number;
  } = {}): this {
    const { marked = true, notify = null, cgroup = null, slot = 0, entry = "web", zombie = false, startTicks = 100 * run, pid = 1000 + run, session = pid } = more;
    this.#there.set(pid, {
      startTicks, ppid: 1, pgrp: pid, session, state: zombie ? "Z" : "S", pipes: [2 * run, 2 * run + 1],
      swept: marked || cgroup !== null
        ? { run, of: marked ? { entry, slot } : null, leader: session === pid ? { pid, startTicks } : null, notify, isAlive: !zombie, cgroup } : null,
    });
    return this;
  }

  /** The keeper has these of a run. */
  hold(run: RunId, what: readonly ("pid" | "out" | "err" | "notify" | "ready")[], slot = 0, instance = INSTANCE, pid = 1000 + run): this {
    for (const kind of what) {
      const fd = ++this.#lastFd;
      this.held.push({ label: `${kind} ${instance}.${run} web:${slot}${kind === "pid" ? ` ${pid}` : ""}`, fd });
    }
    return this;
  }

  fdOf(label: string): number {
    const fd = this.held.find((one) => one.label.startsWith(label))?.fd;
    assert(fd !== undefined);
    return fd;
  }

  /** One of a run is enough: how several are put together is /proc's part. */
  sweep(instance: string): Swept[] {
    return instance === INSTANCE ? [...this.#there.values()].flatMap(({ swept }) => swept ?? []) : [];
  }

  statOf(pid: number): Stat | null {
    return this.#there.get(pid) ?? null;
  }

  isReaped(pidfd: number): boolean {
    const label = this.held.find(({ fd }) => fd === pidfd)?.label;
    return !this.#there.has(Number(label?.split(" ").at(-1)));
  }

  pipeOf(pid: number, stream: 0 | 1): number {
    return this.#there.get(pid)?.pipes[stream] ?? 0;
  }

  inodeOf(fd: number): number {
    return 50_000 + fd;
  }

  openPipe(pid: number, stream: 0 | 1, inode: number): number | null {
    return this.#there.get(pid)?.pipes[stream] === inode ? 10_000 + inode : null;
  }

  monoOf(startTicks: number): number {
    return now.mono - UPTIME + startTicks * 10;
  }
}

function look(records: readonly HistoryRecord[], machine: Machine, more: { snapshot?: Snapshot | null; boot?: string; laws?: Law[] } = {}): Survey {
  const { snapshot = null, boot = BOOT, laws = [law("web")] } = more;
  return survey({ snapshot, lines: linesOf(records, (snapshot?.lastId ?? 0) + 1), held: machine.held, processes: machine, boot, now, laws, exitWhen: null });
}

/** What a Sentry knew after these records. */
function snapshotAfter(records: readonly HistoryRecord[], change: (state: State) => void = () => {}): Snapshot {
  const state = replay({ base: null, lines: linesOf(records), laws: [law("web")], exitWhen: null, boot: BOOT, now }).sketch.finished();
  change(state);
  return {
    version: 3, sentry: "0.1.0", boot: BOOT, instance: INSTANCE, pid: 4711, startedAt: WALL, reexecedAt: null,
    lastId: records.length, state: toPlain(state), definitions: [],
  };
}

/** The slot's start is under way. */
function starting(run: RunId, id: SlotId = "web:0"): (state: State) => void {
  return (state) => {
    const slot = state.slots.get(id);
    assert(slot !== undefined);
    state.slots.set(id, { ...slot, phase: { kind: "starting", run } });
    state.nextRun = run + 1;
  };
}

function phase(found: Survey, id: SlotId = "web:0"): string {
  const slot = found.state?.slots.get(id);
  assert(slot !== undefined, `there is no ${id}`);
  const run = "run" in slot.phase ? ` ${slot.phase.run}` : "";
  return `${slot.phase.kind}${run}${slot.wanted ? "" : ", unwanted"}`;
}

const adopted = (found: Survey): unknown[] => found.adoptions.map(({ run, pid, startTicks, pidfd, ended }) => ({ run, pid, startTicks, pidfd, ended }));
const printed = (found: Survey): string[] => found.outputs.map(({ run, stream, fd, label, open }) => `${run} ${stream} ${fd} ${label}${open ? "" : " closed"}`);
const facts = (found: Survey): string[] => found.facts.map((fact) => fact.kind === "exited" || fact.kind === "spawned" ? `${fact.kind} ${fact.run}` : fact.kind);

test("nothing left is nothing taken over", () => {
  const found = look([], new Machine());
  assert.deepEqual(found, {
    instance: null, oldPid: null, state: null, adoptions: [], probes: [], outputs: [], facts: [], untold: [], living: 0, listening: new Map(), tails: new Map(),
    close: [], superfluous: [], told: [],
  });
  const stopped = look([record.started(1), record.exited(1), record.left()], new Machine());
  assert.deepEqual([stopped.state, stopped.instance], [null, null], "the next Sentry is another one");
});

test("who is held by the keeper is taken up by that, with its pipes", () => {
  const machine = new Machine().put(7, { marked: false }).hold(7, ["pid", "out", "err"]);
  const found = look([record.started(7)], machine);
  assert.deepEqual(adopted(found), [{ run: 7, pid: 1007, startTicks: 700, pidfd: machine.fdOf("pid"), ended: false }]);
  assert.deepEqual(printed(found), [`7 0 ${machine.fdOf("out")} web.1007`, `7 1 ${machine.fdOf("err")} web.1007`]);
  assert.deepEqual([found.adoptions[0]?.kept, found.outputs[0]?.kept], [`${INSTANCE}.7 web:0`, `${INSTANCE}.7 web:0`]);
  assert.deepEqual([phase(found), found.living, facts(found), found.told], ["running 7", 1, [], []]);
});

test("who has ended, and is held by the keeper, is asked how: nothing is said of it here", () => {
  const found = look([record.started(7)], new Machine().hold(7, ["pid", "out", "err"]));
  assert.deepEqual([phase(found), found.living, facts(found), found.adoptions.length, found.outputs.length], ["running 7", 0, [], 1, 2]);
});

test("without a keeper a recorded process is known by its pid and start time, and its pipes are its own", () => {
  const found = look([record.started(7)], new Machine().put(7, { marked: false }));
  assert.deepEqual(adopted(found), [{ run: 7, pid: 1007, startTicks: 700, pidfd: null, ended: false }]);
  assert.deepEqual(printed(found), ["7 0 10014 web.1007", "7 1 10015 web.1007"]);
  assert.equal(found.living, 1);
});

test("a zombie is taken up as well, for it knows how it has ended; but it does not live", () => {
  const found = look([record.started(7)], new Machine().put(7, { zombie: true }));
  assert.deepEqual([found.adoptions.length, found.living, facts(found)], [1, 0, []]);
});

test("who is gone, or is a stranger with the same pid, has ended, and nobody knows how", () => {
  for (const machine of [new Machine(), new Machine().put(7, { startTicks: 701, marked: false })]) {
    const found = look([record.started(7)], machine);
    assert.deepEqual([adopted(found), printed(found), phase(found), found.living], [[], [], "running 7", 0]);
    assert.deepEqual(found.facts, [endUnknown(7, 1007, now, true)]);
  }
});

test("a start that was not recorded is found by its mark, and recorded now", () => {
  const snapshot = snapshotAfter([record.started(5), record.exited(5)], starting(7));
  for (const withKeeper of [true, false]) {
    const machine = new Machine().put(7);
    if (withKeeper) machine.hold(7, ["pid", "out", "err"]);
    const found = look([], machine, { snapshot });
    assert.equal(phase(found), "starting 7");
    assert.deepEqual(found.facts, [{
      kind: "spawned", run: 7, pid: 1007, identity: { startTicks: 700, pipes: [14, 15], cgroup: null, notify: null },
      at: { wall: now.wall - (UPTIME - 7000) * 1000, mono: now.mono - (UPTIME - 7000) },
    }]);
    assert.deepEqual([found.adoptions.length, found.adoptions[0]?.pidfd === null, found.living], [1, !withKeeper, 1]);
    assert.deepEqual(found.outputs.map(({ label, open }) => [label, open]), [["web.1007", false], ["web.1007", false]]);
  }
});

test("the same without the snapshot, and where only the keeper is left of everything", () => {
  const found = look([record.started(5), record.exited(5)], new Machine().put(7));
  assert.deepEqual([phase(found), facts(found), found.living], ["starting 7", ["spawned 7"], 1]);
  const bare = look([], new Machine().put(7, { slot: 2 }).hold(7, ["pid", "out"], 2), { laws: [law("web", { count: 2 })] });
  assert.deepEqual([bare.instance, phase(bare, "web:2"), phase(bare), bare.state?.entries.get("web")?.count], [INSTANCE, "starting 7", "stopped", 3]);
  assert((bare.state?.nextRun ?? 0) > 7);
});

test("a start that was under way, and of which nothing is there, is under way no more: that is left to the law", () => {
  const found = look([], new Machine(), { snapshot: snapshotAfter([], starting(7)) });
  assert.deepEqual([phase(found), facts(found), adopted(found)], ["starting 7", [], []]);
});

test("a start that was to be called off, and has a process, goes on ending", () => {
  const found = look([record.started(5), record.exited(5), record.stopping(7, { pid: null })], new Machine().put(7));
  assert.deepEqual([phase(found), facts(found), found.living], ["stopping 7, unwanted", ["spawned 7"], 1]);
});

test("an end that was recorded is not recorded again, but its process is reaped, and its last words are read", () => {
  const ended = [record.started(7), record.exited(7)];
  const inLines = new Machine().hold(7, ["pid", "out"]);
  const found = look(ended, inLines);
  assert.deepEqual(adopted(found), [{ run: 7, pid: 1007, startTicks: 0, pidfd: inLines.fdOf("pid"), ended: true }]);
  assert.deepEqual([printed(found), facts(found), phase(found), found.living], [[`7 0 ${inLines.fdOf("out")} web.1007`], [], "waiting", 0]);
  // Ended before the snapshot was written: that run is nowhere any more.
  const before = look([], new Machine().hold(7, ["pid", "out"]), { snapshot: snapshotAfter(ended) });
  assert.deepEqual([before.adoptions[0]?.ended, before.outputs[0]?.label, facts(before)], [true, "web.1007", []]);
  // What it left behind bears its mark, and leads a session: it is not taken for the slot's process.
  assert.deepEqual(adopted(look(ended, new Machine().put(7))), []);
});

test("pipes of a run that nobody has had before Sentry died are read to their end", () => {
  const machine = new Machine().hold(9, ["out", "err"], 3);
  const found = look([record.started(7), record.exited(7)], machine);
  assert.deepEqual([adopted(found), facts(found)], [[], []]);
  assert.deepEqual(printed(found), [`9 0 ${machine.fdOf("out")} web:3`, `9 1 ${machine.fdOf("err")} web:3`]);
  assert((found.state?.nextRun ?? 0) > 9);
});

test("a process that was never recorded, and has ended, is recorded: the keeper's label says who it was", () => {
  const machine = new Machine().hold(7, ["pid", "out"]);
  const found = look([record.started(5), record.exited(5)], machine);
  assert.deepEqual(adopted(found), [{ run: 7, pid: 1007, startTicks: 0, pidfd: machine.fdOf("pid"), ended: false }]);
  assert.deepEqual([phase(found), facts(found), found.living, printed(found)],
    ["starting 7", ["spawned 7"], 0, [`7 0 ${machine.fdOf("out")} web.1007 closed`]]);
});

test("a program that has detached itself is not taken for the process that the keeper has", () => {
  const machine = new Machine().put(7);
  machine.held.push({ label: `pid ${INSTANCE}.7 web:0 99`, fd: 77 });
  const found = look([record.started(5), record.exited(5)], machine);
  assert.deepEqual(adopted(found), [{ run: 7, pid: 99, startTicks: 0, pidfd: 77, ended: false }]);
});

test("two processes for one slot: the newer has it, and the older one is told to end", () => {
  for (const records of [[record.started(5)], [record.started(5), record.started(7)]]) {
    const found = look(records, new Machine().put(5).put(7));
    assert.match(phase(found), /^(starting|running) 7$/);
    assert.equal(phase(found, "web:1"), "running 5, unwanted");
    assert.deepEqual([found.living, found.adoptions.length, found.told.length], [2, 2, 1]);
  }
  const older = look([record.started(7)], new Machine().put(5).put(7));
  assert.deepEqual([phase(older), phase(older, "web:1")], ["running 7", "starting 5, unwanted"]);
  const both = look([], new Machine().put(5).put(7), { snapshot: snapshotAfter([], starting(5)) });
  assert.deepEqual([phase(both), phase(both, "web:1"), facts(both)], ["starting 7", "starting 5, unwanted", ["spawned 5", "spawned 7"]]);
  const neither = look([record.started(1), record.exited(1)], new Machine().put(5).put(7));
  assert.deepEqual([phase(neither), phase(neither, "web:1"), facts(neither)], ["starting 7", "starting 5, unwanted", ["spawned 5", "spawned 7"]]);
});

test("a process whose end is missing in the history, and that is gone, is told of as well", () => {
  const found = look([record.started(5), record.started(7)], new Machine().put(7));
  assert.deepEqual([phase(found), phase(found, "web:1"), found.facts], ["running 7", "running 5, unwanted", [endUnknown(5, 1005, now, true)]]);
  assert.match(found.told.join(), /the end of web\.1005, run 5 of web:0, cannot be found/);
});

test("after the machine was started anew nothing of before is there, whoever has its pid now", () => {
  const snapshot = snapshotAfter([record.started(5), record.scaled(2), record.exited(6, { slot: 1 })]);
  const found = look([], new Machine().put(5, { marked: false }), { snapshot, boot: "another" });
  assert.deepEqual([adopted(found), found.living, found.facts], [[], 0, [endUnknown(5, 1005, now, true)]]);
  assert.deepEqual([phase(found), phase(found, "web:1"), found.state?.entries.get("web")?.count], ["running 5", "waiting", 2]);
});

test("what an ended process has left behind is core's: it is taken up as ended, with all that is known of it, and its slot goes on clearing", () => {
  const cgroup = `/system.slice/sentry.${INSTANCE}/7`;
  const identity = { startTicks: 700, pipes: [14, 15] as const, cgroup, notify: null };
  const ended = [record.started(7, { identity }), record.exited(7, { leftovers: true })];
  const known = { run: 7, entry: "web", pid: 1007, startTicks: 700, pidfd: null, ended: true, outPipe: 14, errPipe: 15, cgroup, notify: null, readyPipe: null, mark: `${INSTANCE}.7`, kept: `${INSTANCE}.7 web:0` };
  for (const records of [ended, [...ended, record.leftover(7)], [record.started(7, { identity }), record.stopping(7), record.exited(7, { leftovers: true, cause: "stopped" })]]) {
    const found = look(records, new Machine());
    assert.deepEqual([found.adoptions, facts(found), found.living], [[known], [], 0]);
    assert.equal(found.state?.runs.get(7), "web:0", "so it is not to be reaped at once");
  }
  const machine = new Machine().hold(7, ["pid", "out"]);
  const held = look(ended, machine);
  assert.deepEqual([held.adoptions, printed(held)], [[{ ...known, pidfd: machine.fdOf("pid") }], [`7 0 ${machine.fdOf("out")} web.1007`]]);
  const over = look([...ended, record.leftover(7), record.waiting(9000)], new Machine().hold(7, ["pid"]));
  assert.deepEqual([over.adoptions.map((one) => one.ended), over.state?.runs.size], [[true], 0], "nothing of it is left: it is only reaped");
});

test("of a snapshot in which something was cleared up already, the pipes are the keeper's, and the cgroup is that of what is left", () => {
  const snapshot = snapshotAfter([record.started(7), record.exited(7, { leftovers: true }), record.leftover(7)]);
  const machine = new Machine().hold(7, ["out"]).put(7, { pid: 2000, session: 1, marked: false, cgroup: "/x/7" });
  const [adoption] = look([], machine, { snapshot }).adoptions;
  assert.deepEqual(adoption, {
    run: 7, entry: "web", pid: 1007, startTicks: 0, pidfd: null, ended: true, outPipe: 50_000 + machine.fdOf("out"), errPipe: 0, cgroup: "/x/7",
    notify: null, readyPipe: null, mark: `${INSTANCE}.7`, kept: `${INSTANCE}.7 web:0`,
  });
});

test("who is gone, and has left something behind, was not alone; what it has left is found by what is known of it", () => {
  const found = look([record.started(7)], new Machine().put(7, { pid: 2000, session: 1 }));
  assert.deepEqual([adopted(found), found.facts], [[{ run: 7, pid: 1007, startTicks: 700, pidfd: null, ended: true }], [endUnknown(7, 1007, now, false)]]);
  assert.deepEqual(look([record.started(7)], new Machine().put(7, { pid: 2000, session: 1, zombie: true })).facts, [endUnknown(7, 1007, now, true)]);
});

test("a cgroup tells of a start that was not recorded, if something else says whose run that is", () => {
  const there = (): Machine => new Machine().put(7, { marked: false, cgroup: "/x/7" });
  const named: [Machine, Snapshot | null, HistoryRecord[]][] = [
    [there(), snapshotAfter([record.started(5), record.exited(5)], starting(7)), []],
    [there().hold(7, ["out"]), null, [record.started(5), record.exited(5)]],
    [there(), null, [record.started(5), record.exited(5), record.stopping(7, { pid: null })]],
  ];
  for (const [machine, snapshot, records] of named) {
    const found = look(records, machine, { snapshot });
    assert.deepEqual([facts(found), found.adoptions.map(({ pid, cgroup }) => [pid, cgroup]), found.living, found.told], [["spawned 7"], [[1007, "/x/7"]], 1, []]);
    assert.match(phase(found), /^(starting|stopping) 7/);
  }
  const nameless = look([record.started(5), record.exited(5)], there());
  assert.deepEqual([facts(nameless), nameless.told], [[], ["process 1007 is of this Sentry's run 7, and nothing says of which entry; it is left alone"]]);
  assert((nameless.state?.nextRun ?? 0) > 7);
  const zombie = new Machine().put(7, { marked: false, cgroup: "/x/7", zombie: true });
  assert.deepEqual(look([record.started(5), record.exited(5)], zombie).told, [], "nothing is left that could be let alone");
  assert.deepEqual(look([record.started(7), record.exited(7)], there()).told, [], "what an ended run has left is no news");
});

const daemons = [law("web", { daemon: true, readyTimeout: 3000 })];

test("a daemon that was ready is found as any process; what the keeper has of the one before is let go", () => {
  const ready = [record.started(7), record.ready(7, 2000)];
  const machine = new Machine().put(7, { pid: 2000, startTicks: 750, marked: false }).hold(7, ["pid"]).hold(7, ["pid"], 0, INSTANCE, 2000);
  const [first, second] = machine.held;
  const found = look(ready, machine, { laws: daemons });
  assert.deepEqual([adopted(found), phase(found), found.living], [[{ run: 7, pid: 2000, startTicks: 750, pidfd: second?.fd, ended: false }], "running 7", 1]);
  assert.deepEqual([found.superfluous, found.close], [[first], []]);
  const alone = look(ready, new Machine().put(7, { pid: 2000, startTicks: 750, marked: false }), { laws: daemons });
  assert.deepEqual([adopted(alone), facts(alone)], [[{ run: 7, pid: 2000, startTicks: 750, pidfd: null, ended: false }], []]);
});

test("a daemon that was not ready is followed on, with the deadline that it had", () => {
  const found = look([record.started(7)], new Machine().put(7).hold(7, ["pid"]), { laws: daemons });
  assert.deepEqual([adopted(found).length, phase(found), facts(found)], [1, "following 7", []]);
  const slot = found.state?.slots.get("web:0");
  assert(slot?.phase.kind === "following");
  assert.equal(slot.phase.deadline.at, 8000);

  const ended = snapshotAfter([record.started(7)], (state) => {
    const before = state.slots.get("web:0");
    assert(before?.phase.kind === "running");
    const exit = { pid: 1007, code: 0, signal: null, coreDumped: false, at: now, kernelTime: true, userMs: 0, systemMs: 0, maxRssBytes: null };
    const { started } = before.phase;
    state.slots.set("web:0", { ...before, phase: { kind: "following", run: 7, started, ended: exit, deadline: { token: 1, at: 9000 }, said: null, wasReady: false, proven: false } });
    state.nextToken = 2;
  });
  const looked = look([], new Machine().hold(7, ["pid"]), { snapshot: ended });
  assert.deepEqual([looked.adoptions.map((one) => one.ended), phase(looked), facts(looked)], [[true], "following 7", []], "its end is known, and it is core that looks for the other");
  const rebooted = look([], new Machine(), { snapshot: ended, boot: "another" });
  assert.deepEqual([adopted(rebooted), facts(rebooted)], [[], ["exited 7"]]);
  assert(rebooted.state?.slots.get("web:0")?.phase.kind === "following");
  goOn(rebooted.state, rebooted.facts, [], now);
});

test("the process that a daemon has left, and that the keeper has, was followed: no status of the one before is asked for", () => {
  const machine = new Machine().put(7, { pid: 2000, startTicks: 750, marked: false, cgroup: "/x/7" }).hold(7, ["pid"]).hold(7, ["pid"], 0, INSTANCE, 2000);
  const [first, second] = machine.held;
  const found = look([record.started(7)], machine, { laws: daemons });
  assert.deepEqual([adopted(found), found.superfluous, facts(found)], [[{ run: 7, pid: 2000, startTicks: 750, pidfd: second?.fd, ended: false }], [first], []]);
  const slot = found.state?.slots.get("web:0");
  assert(slot?.phase.kind === "settling");
  assert.deepEqual([slot.phase.started.pid, slot.phase.started.identity, slot.phase.until], [2000, { startTicks: 750, pipes: [14, 15], cgroup: "/x/7", notify: null }, 8000]);
  goOn(found.state!, found.facts, [7], now);
});

/** As `record.started` has it, with a socket of its own. */
const speaking = { startTicks: 700, pipes: [14, 15] as const, cgroup: null, notify: `sentry.${INSTANCE}.7.00ff` };
const channels = (found: Survey): unknown[] => found.adoptions.map(({ notify, readyPipe }) => [notify, readyPipe]);

test("what a process says of itself is heard on: from the keeper, or on a socket of the same name", () => {
  const notifying = [law("web", { ready: "notify" })];
  const held = new Machine().put(7).hold(7, ["pid", "out", "err", "notify", "ready"]);
  const found = look([record.started(7, { identity: speaking })], held, { laws: notifying });
  assert.deepEqual([phase(found), channels(found)], ["readying 7", [[{ name: speaking.notify, fd: held.fdOf("notify") }, held.fdOf("ready")]]]);
  assert.deepEqual([found.superfluous, found.close, found.told], [[], [], []]);
  assert.deepEqual(channels(look([record.started(7, { identity: speaking })], new Machine().put(7))), [[{ name: speaking.notify, fd: null }, null]], "the name is in the history");
  assert.deepEqual(channels(look([record.started(7)], new Machine().put(7))), [[null, null]], "it has none");

  const snapshot = snapshotAfter([], starting(7));
  const marked = look([], new Machine().put(7, { notify: speaking.notify }), { snapshot });
  assert.deepEqual(channels(marked), [[{ name: speaking.notify, fd: null }, null]], "the name is in its environment");
  const [fact] = marked.facts;
  assert(fact?.kind === "spawned");
  assert.equal(fact.identity.notify, speaking.notify);
  const nameless = new Machine().put(7).hold(7, ["pid", "notify"]);
  assert.deepEqual(channels(look([], nameless, { snapshot })), [[{ name: "", fd: nameless.fdOf("notify") }, null]], "the socket knows its name");
});

test("where nobody is left to say anything, nothing is listened to", () => {
  const ends: HistoryRecord[][] = [[record.started(7)], [record.started(7), record.exited(7)], []];
  for (const records of ends) {
    const machine = new Machine().hold(7, ["notify", "ready"]);
    const found = look(records, machine);
    assert.deepEqual([found.superfluous, channels(found)], [machine.held, []]);
  }
  const machine = new Machine().hold(7, ["pid", "notify"]);
  const found = look([record.started(7), record.exited(7)], machine);
  assert.deepEqual([channels(found), found.superfluous.map(({ fd }) => fd)], [[[null, null]], [machine.fdOf("notify")]]);
});

test("who has named another that takes its place, and has ended, has been followed if the keeper has that one", () => {
  const machine = () => new Machine().put(7, { pid: 2000, startTicks: 750 }).hold(7, ["pid"]).hold(7, ["pid"], 0, INSTANCE, 2000);
  const records = [record.started(7, { identity: speaking }), record.ready(7, 1007, { identity: speaking })];
  const there = machine();
  const found = look(records, there, { laws: [law("web", { ready: "notify" })] });
  assert.deepEqual(adopted(found), [{ run: 7, pid: 2000, startTicks: 750, pidfd: there.held[1]?.fd, ended: false }]);
  assert.deepEqual([phase(found), found.superfluous, channels(found)], ["running 7", [there.held[0]], [[{ name: speaking.notify, fd: null }, null]]]);
  assert.deepEqual(found.untold.map((one) => [one.type, one.pid]), [["ready", 2000]]);
  goOn(found.state!, found.facts, [7], now);

  const early = look(records.slice(0, 1), machine(), { laws: [law("web", { ready: "notify" })] });
  assert.deepEqual([phase(early), early.adoptions[0]?.pid, early.untold], ["readying 7", 2000, []], "it is not ready, so nothing is to be told");
  const both = look(records, machine().put(7), { laws: [law("web", { ready: "notify" })] });
  assert.deepEqual([both.adoptions[0]?.pid, both.untold], [1007, []], "the first is still there");

  const exit = { pid: 1007, code: 0, signal: null, coreDumped: false, at: now, kernelTime: true, userMs: 0, systemMs: 0, maxRssBytes: null };
  for (const wasReady of [true, false]) {
    const snapshot = snapshotAfter(records, (state) => {
      const before = state.slots.get("web:0");
      assert(before?.phase.kind === "running");
      const { started, said } = before.phase;
      const following = { kind: "following", run: 7, started, ended: exit, deadline: { token: 50, at: 9000 }, said: { ...said, mainPid: 2000 }, wasReady, proven: false } as const;
      state.slots.set("web:0", { ...before, phase: following });
      state.nextToken = 51;
    });
    const named = look([], machine(), { snapshot });
    assert.deepEqual([phase(named), named.adoptions[0]?.pid, named.untold.length], [wasReady ? "running 7" : "readying 7", 2000, wasReady ? 1 : 0]);
  }
});

const PROBE = 2 ** 40 + 5;

test("programs that were looking at others are taken up to be ended, and are nobody's", () => {
  const probes = (found: Survey) => found.probes.map(({ run, pid, startTicks, pidfd, ended }) => ({ run, pid, startTicks, pidfd, ended }));
  const there = () => new Machine().put(7).put(PROBE, { pid: 3000, startTicks: 900 });
  const kept = there().hold(PROBE, ["pid"], 0, INSTANCE, 3000);
  const records = [record.started(7)];
  const found = look(records, kept);
  assert.deepEqual(probes(found), [{ run: PROBE, pid: 3000, startTicks: 900, pidfd: kept.fdOf("pid"), ended: false }]);
  assert.deepEqual([adopted(found).length, facts(found), found.living, phase(found), found.told], [1, [], 1, "running 7", []]);
  assert((found.state?.nextRun ?? Infinity) < PROBE);
  assert.deepEqual(probes(look(records, there())), [{ run: PROBE, pid: 3000, startTicks: 900, pidfd: null, ended: false }]);
  const nameless = new Machine().put(7).put(PROBE, { pid: 3000, startTicks: 900, marked: false, cgroup: "/x" });
  assert.deepEqual([look(records, nameless).probes.map(({ pid, cgroup }) => [pid, cgroup]), look(records, nameless).told], [[[3000, "/x"]], []]);
  const alone = look([record.started(7), record.exited(7), record.waiting(9000)], new Machine().put(PROBE, { pid: 3000 }));
  assert.deepEqual([alone.probes.length, phase(alone), alone.living], [1, "waiting", 0], "it has not taken the slot of the entry that it looked at");
});

test("listening sockets are given back by their address, kept output by its entry, and what another Sentry had is left alone", () => {
  const machine = new Machine().put(7).hold(7, ["pid"]).hold(3, ["pid", "out"], 0, "abcd");
  machine.held.push({ label: "listen tcp *:8080", fd: 50 }, { label: "listen unix /run/a b.sock", fd: 51 }, { label: "something new", fd: 52 }, { label: "tail web", fd: 53 });
  const found = look([record.started(7)], machine);
  assert.deepEqual([...found.tails], [["web", 53]]);
  assert.deepEqual([...found.listening], [["tcp *:8080", 50], ["unix /run/a b.sock", 51]]);
  assert.deepEqual(found.close, [...machine.held.filter(({ label }) => label.includes("abcd")).map(({ fd }) => fd), 52]);
  assert.match(found.told.join(), /3 descriptors of another Sentry/);
});

test("what could not be read in the history is told", () => {
  const { told } = survey({ snapshot: null, lines: [null, ...linesOf([record.started(7)]), null], held: [], processes: new Machine(), boot: BOOT, now, laws: [], exitWhen: null });
  assert.deepEqual(told, ["2 lines of the history cannot be read; they are passed over"]);
});

test("whenever Sentry is killed, each process that lives is taken up once, and no slot gets a second one", () => {
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 1, 20, 100, 700).map((millis) => (world: World) => void world.pass(millis)) },
    fc.tuple(fc.constantFrom("up" as const, "down" as const), fc.nat(2)).map(([wish, slot]) => (world: World) => void world[wish](slotId("web", slot))),
    fc.nat(4).map((count) => (world: World) => void world.scale("web", count)),
    { weight: 2, arbitrary: fc.nat(2).map((slot) => (world: World) => {
      const phase = world.engine.state.slots.get(slotId("web", slot))?.phase;
      if (phase?.kind === "readying") world.notify(slotId("web", slot), { ready: true });
    }) },
    fc.constantFrom(null, 60_000).map((next) => (world: World) => void world.due("web", next)),
  );
  const leftover = fc.record({
    livesFor: fc.constantFrom(0, 60, Infinity), ending: fc.constant({ code: 0 }), heedsAfter: fc.constantFrom(0, 30, null), killedAfter: fc.constantFrom(0, 20), detached: fc.boolean(),
  });
  const fate = fc.record({
    answerAfter: fc.constantFrom(1, 40), livesFor: fc.constantFrom(0, 3, 120, Infinity), heedsAfter: fc.constantFrom(0, 30, null),
    toldAfter: fc.constantFrom(0, 60), ending: fc.constantFrom({ code: 0 }, { code: 1 }), leaves: fc.array(leftover, { maxLength: 1 }),
    fault: fc.constantFrom(null, null, null, { step: "exec", errno: "ENOENT", message: "", subject: "" }),
  }).map((some) => ({ ...longLife, ...some, calledOff: false }));
  const policy = fc.record({
    restart: fc.constantFrom("always" as const, "on-failure" as const, "never" as const), limit: fc.constantFrom(null, { count: 1, within: 500 }), scope: fc.constantFrom("tree" as const, "process" as const),
    ready: fc.constantFrom("started" as const, "notify" as const), readyTimeout: fc.constantFrom(100, 60_000), watchdog: fc.constantFrom(null, 300),
    schedule: fc.constantFrom(null, null, "skip" as const, "kill" as const),
  });
  const remains = fc.record({ keeper: fc.boolean(), snapshot: fc.option(fc.nat()), history: fc.boolean(), unwritten: fc.constantFrom(0, 0, 1, 2) });
  fc.assert(fc.property(fc.array(fate, { minLength: 1 }), fc.array(act, { maxLength: 30 }), remains, policy, (fates, acts, left, policy) => {
    const records: HistoryRecord[] = [];
    const snapshots: Snapshot[] = [];
    let inLastStep = 0;
    const world = new World([law("web", { count: 2, delay: 50, grace: 100, ...policy })], (run) => fates[run % fates.length]!, (_command, effects, { engine }) => {
      const more = recordsOf(effects);
      inLastStep = effects.some(({ kind }) => kind === "spawn") ? 0 : more.length; // a start is begun after all that is told
      records.push(...more);
      const plain = JSON.parse(JSON.stringify(toPlain(engine.state))) as Snapshot["state"];
      snapshots.push({ ...snapshotAfter([]), lastId: records.length, state: plain });
    });
    world.start();
    for (const one of acts) one(world);
    const before = world.engine.state as State;
    world.kernel.orphan(); // starts that were under way come to what they come to, and nobody is told of anything

    // It may be killed in the middle of what a step tells.
    const unwritten = left.history ? records.splice(records.length - Math.min(left.unwritten, inLastStep)) : [];
    const written = snapshots.filter(({ lastId }) => lastId <= records.length);
    // The history is there, and says whose processes they are; or a snapshot of the last moment is.
    const anonymous = !left.keeper && !records.some(({ type }) => type === "started");
    const some = left.snapshot === null ? null : written[left.snapshot % written.length] ?? null;
    const snapshot = !left.history ? snapshots.at(-1)! : anonymous ? snapshots[0]! : some;
    const machine = new Machine();
    const living: RunId[] = [];
    for (const { run, slot, life } of world.kernel.processes.values()) {
      const number = Number(slot.split(":")[1]);
      const known = before.runs.has(run);
      if (life === "alive") living.push(run);
      // Pids in this world are given out again; here each run has one of its own, so the records are told by it as well.
      if (life === "alive") machine.put(run, { slot: number });
      if (left.keeper && (life === "alive" || (life === "zombie" && known))) machine.hold(run, ["pid", "out", "err"], number);
    }
    const renumbered = (one: HistoryRecord): HistoryRecord => {
      if (one.type === "stopping") return one.pid === null ? one : { ...one, pid: 1000 + one.run };
      if (one.type !== "started" && one.type !== "ready") return one;
      return { ...one, pid: 1000 + one.run, identity: { startTicks: 100 * one.run, pipes: [2 * one.run, 2 * one.run + 1], cgroup: null, notify: null } };
    };
    const told = JSON.parse(JSON.stringify(snapshot), (_key, value: { run?: RunId; started?: object } | null) =>
      typeof value?.started === "object" && value.started !== null && value.run !== undefined
        ? { ...value, started: { ...value.started, pid: 1000 + value.run, identity: { startTicks: 100 * value.run, pipes: [2 * value.run, 2 * value.run + 1], cgroup: null, notify: null } } } : value) as Snapshot | null;
    const lines = left.history ? linesOf(records.map(renumbered)).slice(snapshot?.lastId ?? 0) : [];
    const found = survey({ snapshot: told, lines, held: machine.held, processes: machine, boot: BOOT, now: world.agenda.now(), laws: [law("web", { count: 2, delay: 50, grace: 100, ...policy })], exitWhen: null });

    assert.deepEqual(found.told, []);
    assert.deepEqual(found.adoptions.filter(({ ended }) => !ended).map(({ run }) => run).filter((run) => living.includes(run)).sort(), living.sort());
    assert.equal(found.living, living.length);
    assert.equal(new Set(found.adoptions.map(({ run }) => run)).size, found.adoptions.length);
    assert.equal(new Set(found.outputs.map(({ fd }) => fd)).size, found.outputs.length);
    if (found.state === null) return assert.equal(living.length, 0);
    if (!left.history || left.unwritten === 0) assert.equal(found.state.entries.get("web")?.count, before.entries.get("web")?.count);
    const retold = [...found.untold, ...goOn(found.state, found.facts, living, world.agenda.now())];
    for (const { phase } of [...found.state.slots.values()]) {
      if (phase.kind !== "clearing") continue;
      const { run } = phase;
      assert(found.adoptions.some((one) => one.run === run) || found.facts.some((fact) => "run" in fact && fact.run === run), `who has left that of run ${run}?`);
      retold.push(...recordsOf(step(found.state, { kind: "cleared", run }, world.agenda.now())));
      assert(!found.state.runs.has(run));
    }
    const [missing] = unwritten;
    if (missing === undefined || !(missing.type === "finished" || missing.type === "failed" || missing.cause === "leftover")) return;
    const again = retold.filter(({ type, slot, entry, cause }) => type === missing.type && slot === missing.slot && entry !== null && cause === missing.cause);
    assert.equal(again.length, 1, `${missing.type} of ${missing.slot} is told once`);
  }), { numRuns: 2000, includeErrorInReport: true });
});

/** What the law makes of it: nothing is started where a process lives, and each that lives is somebody's. */
function goOn(state: State, facts: readonly Happening[], living: readonly RunId[], at: Stamp): HistoryRecord[] {
  state.asleep = true;
  const commands: Happening[] = [...facts, { kind: "resume", tookOver: { pid: null, processes: living.length } }];
  const effects = commands.flatMap((command) => step(state, command, at));
  for (const run of living) assert(state.runs.has(run), `run ${run} lives, and has no slot`);
  for (const effect of effects) {
    if (effect.kind !== "spawn") continue;
    assert(!living.includes(effect.run));
    assert.equal(state.runs.get(effect.run), slotId(effect.entry, effect.slot));
  }
  const numbers = [...state.slots.values()].filter(({ phase }) => !isAtRest(phase)).length;
  assert.equal(state.live, numbers);
  return recordsOf(effects);
}

function recordsOf(effects: readonly Effect[]): HistoryRecord[] {
  return effects.flatMap((effect) => effect.kind === "record" ? [effect.record] : []);
}
