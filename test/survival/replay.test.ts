import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { Phase, Slot, State } from "../../src/core/state.ts";
import { slotId } from "../../src/core/types.ts";
import type { By, Law, SlotId, Stamp } from "../../src/core/types.ts";
import type { HistoryLine } from "../../src/engine/line.ts";
import { fromPlain, plainState, toPlain } from "../../src/survival/plain.ts";
import type { PlainState } from "../../src/survival/plain.ts";
import { replay } from "../../src/survival/replay.ts";
import type { Replayed } from "../../src/survival/replay.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";
import { BOOT, INSTANCE, linesOf, record, someone, WALL } from "./records.ts";

const now: Stamp = { wall: WALL + 3_000_000, mono: 8000 };

function after(records: readonly HistoryRecord[], laws: readonly Law[] = [law("web")], base: PlainState | null = null, boot = BOOT): Replayed & { state: State } {
  const before = base === null ? null : { state: fromPlain(base), boot: BOOT, instance: INSTANCE };
  const replayed = replay({ base: before, lines: linesOf(records), laws, boot, now });
  const { begun, displaced, lost, ended, firstRun, instance, damaged, sketch } = replayed;
  return { begun, displaced, lost, ended, firstRun, instance, damaged, sketch, state: sketch.finished() };
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
  started: { pid: 1000 + run, at: { wall: WALL, mono: 5000 }, identity: { startTicks: 100 * run, pipes: [2 * run, 2 * run + 1] } },
  settles: null,
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

test("who came with the token is told without a pid", () => {
  const by: By = { kind: "token", pid: null, uid: null };
  const { state, damaged } = after([record.started(7), record.stopping(7, { by })]);
  const { phase } = slotOf(state);
  assert(phase.kind === "stopping");
  assert.deepEqual([phase.by, damaged], [by, 0]);
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
  assert.deepEqual(state.entries.get("web"), { law: { name: "web", count: 1, delay: 1000, stopSignal: "SIGTERM", grace: 10_000 }, count: 3, rolling: null });
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

  const lines = [...linesOf([record.started(1), record.exited(2, { slot: 1 })]), ...linesOf([record.started(3, { slot: 2 })], 3, "another boot")];
  const mixed = replay({ base: null, lines, laws: [], boot: "another boot", now });
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
  broken.push({ ...linesOf([record.started(1)])[0]!, type: "ready" } as unknown as HistoryLine);
  const { sketch, damaged } = replay({ base: null, lines: broken, laws: [], boot: BOOT, now });
  assert.equal(damaged, 3);
  assert.equal(sketch.finished().live, 2);
});

/** A world that was left to itself for a while, with all that it has told, and what it knew on the way. */
interface Lived { readonly world: World; readonly lines: HistoryLine[]; readonly snapshots: { readonly plain: string; readonly lines: number }[] }

const fate: fc.Arbitrary<Fate> = fc.record({
  answerAfter: fc.constantFrom(1, 40, 300), livesFor: fc.constantFrom(0, 3, 120, 2000, Infinity, Infinity), ending: fc.constantFrom({ code: 0 }, { signal: "SIGSEGV" }),
  fault: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.constant({ step: "exec", errno: "ENOENT", message: "", subject: "" })),
  heedsAfter: fc.constantFrom(0, 30, null), killedAfter: fc.constantFrom(0, 20), toldAfter: fc.constantFrom(0, 2, 60), calledOff: fc.boolean(),
});

const laws = fc.uniqueArray(fc.record({
  name: fc.constantFrom("e0", "e1"), count: fc.nat(3), delay: fc.constantFrom(0, 50, 1000), stopSignal: fc.constant("SIGTERM"), grace: fc.constantFrom(0, 50, 1000),
}, { noNullPrototype: true }), { selector: ({ name }) => name });

const action = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 10, 100, 700, 1000).map((millis) => (world: World) => void world.pass(millis)) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("up" as const, "down" as const, "restart" as const), fc.nat(1), fc.nat(3)).map(([wish, entry, slot]) =>
    (world: World) => void world[wish](slotId(`e${entry}`, slot)) ) },
  { weight: 3, arbitrary: fc.nat(1).map((entry) => (world: World) => void world.roll(`e${entry}`)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(1), fc.nat(3)).map(([entry, slot]) => (world: World) => void world.signal(slotId(`e${entry}`, slot), "SIGHUP")) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(1), fc.nat(4)).map(([entry, count]) => (world: World) => void world.scale(`e${entry}`, count)) },
  { weight: 2, arbitrary: fc.tuple(laws, fc.subarray(["e0", "e1"])).map(([laws, replaced]) => (world: World) => void world.reload(laws, replaced)) },
  { weight: 1, arbitrary: fc.boolean().map((unknown) => (world: World) => void world.takeOver(unknown)) },
);

function live(first: readonly Law[], fates: readonly Fate[], actions: readonly ((world: World) => void)[]): Lived {
  const lines: HistoryLine[] = [];
  const snapshots: { plain: string; lines: number }[] = [];
  const world = new World(first, (run) => fates[run % fates.length] ?? longLife, (_command, effects, { engine }) => {
    const records = effects.flatMap((effect) => effect.kind === "record" ? [effect.record] : []);
    lines.push(...linesOf(records, lines.length + 1));
    if (!engine.state.asleep) snapshots.push({ plain: JSON.stringify(toPlain(engine.state)), lines: lines.length });
  });
  world.start();
  for (const act of actions) act(world);
  return { world, lines, snapshots };
}

/** What can be known: that a start is under way cannot, whether SIGKILL was sent already neither, and no rolling restart goes on. */
function essence(state: State): unknown {
  const isWithin = (entry: string, number: number) => number < (state.entries.get(entry)?.count ?? 0);
  const slots = [...state.slots.values()].map(({ entry, number, wanted, starts, lastExit, phase }) => {
    const is = phase.kind === "starting" || phase.kind === "waiting" || phase.kind === "stopped" ? "no process" : { ...phase, grace: null, settles: null };
    return [slotId(entry, number), wanted && isWithin(entry, number), starts, lastExit === null ? null : { ...lastExit, exit: { ...lastExit.exit, kernelTime: false } }, is];
  });
  // Above the count there is only what has to end, also where it is the extra slot of a rolling restart: a start that was called off is not there for a successor.
  return { entries: [...state.entries].map(([name, { count }]) => [name, count]).sort(), slots: slots.filter(([, , , , is]) => is !== "no process").sort() };
}

/** The moments of those that surely wait. */
function waits(state: State): unknown[] {
  return [...state.slots].flatMap(([id, { phase }]) => phase.kind === "waiting" ? [`${id} ${phase.restart.at}`] : []);
}

test("whatever has happened, the history tells what is, over a snapshot of any age or over none", () => {
  fc.assert(fc.property(laws, fc.array(fate, { minLength: 1, maxLength: 8 }), fc.array(action, { maxLength: 40 }), fc.nat(), (first, fates, actions, which) => {
    const { world, lines, snapshots } = live(first, fates, actions);
    const state = world.engine.state as State;
    const current = [...state.entries.values()].map((entry) => entry.law);
    const snapshot = snapshots[which % snapshots.length];
    assert(snapshot !== undefined);
    const bases = [null, { state: fromPlain(JSON.parse(snapshot.plain) as PlainState), boot: BOOT, instance: INSTANCE }];
    for (const base of bases) {
      const after = base === null ? 0 : snapshot.lines;
      const told = replay({ base, lines: lines.slice(after), laws: base === null ? current : [], boot: BOOT, now: world.agenda.now() });
      const replayed = told.sketch.finished();
      assert.deepEqual(essence(replayed), essence(state));
      assert.deepEqual(waits(state).filter((wait) => !waits(replayed).includes(wait)), []);
      assert.deepEqual([told.displaced.size, told.lost.size, told.damaged], [0, 0, 0]);
      assert(replayed.nextRun >= state.nextRun);
    }
  }), { numRuns: 1000, includeErrorInReport: true });
});

test("wherever the history breaks off, and whatever is missing in it, what comes of it holds together", () => {
  fc.assert(fc.property(laws, fc.array(fate, { minLength: 1 }), fc.array(action, { maxLength: 25 }), fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (first, fates, actions, end, missing) => {
    const { lines, snapshots } = live(first, fates, actions);
    const some = lines.slice(0, end % (lines.length + 1)).filter((_, index) => !missing.some((one) => one % lines.length === index));
    const base = snapshots[end % snapshots.length];
    assert(base !== undefined);
    for (const state of [null, fromPlain(JSON.parse(base.plain) as PlainState)]) {
      const { sketch } = replay({ base: state === null ? null : { state, boot: BOOT, instance: INSTANCE }, lines: some, laws: first, boot: BOOT, now });
      const plain = toPlain(sketch.finished());
      assert.deepEqual(plainState(JSON.parse(JSON.stringify(plain)), "it"), plain);
    }
  }), { numRuns: 1000, includeErrorInReport: true });
});
