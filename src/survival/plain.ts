/** The state of core as JSON can hold it, and back. What follows from the slots is left out: it is put together again. */
import { emptyState, runOf, timerOf } from "../core/state.ts";
import type { Course, Entry, LastExit, Phase, Rolling, Slot, Started, State, Timer } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { By, Law, RunId, Token } from "../core/types.ts";
import { fields, flag, kinds, list, misfit, nullable, number, oneOf, positive, whole, word } from "./shape.ts";
import type { Reader } from "./shape.ts";
import { by, cause, count, entryName, exit, identity, law, slotNumber, stamp } from "./words.ts";

export interface PlainState {
  readonly course: Course;
  readonly leaveBy: By;
  /** In the order of the configuration. */
  readonly entries: readonly Entry[];
  readonly removed: readonly Law[];
  readonly slots: readonly Slot[];
  readonly nextRun: RunId;
  readonly nextToken: Token;
}

export function toPlain(state: Readonly<State>): PlainState {
  const { course, leaveBy, entries, removed, slots, nextRun, nextToken } = state;
  return {
    course, leaveBy, entries: [...entries.values()], removed: [...removed.values()].map(({ law }) => law),
    slots: [...slots.values()], nextRun, nextToken,
  };
}

export function fromPlain({ course, leaveBy, entries, removed, slots, nextRun, nextToken }: PlainState): State {
  const state: State = { ...emptyState(), course, leaveBy, nextRun, nextToken };
  for (const entry of entries) state.entries.set(entry.law.name, entry);
  for (const law of removed) state.removed.set(law.name, { law, live: 0 });
  for (const slot of slots) {
    const id = slotId(slot.entry, slot.number);
    const [run, timer] = [runOf(slot.phase), timerOf(slot.phase)];
    state.slots.set(id, slot);
    if (run !== null) state.runs.set(run, id);
    if (timer !== null) state.timers.set(timer.token, id);
    if (slot.phase.kind === "stopped") continue;
    state.live++;
    const gone = state.removed.get(slot.entry);
    if (gone !== undefined) state.removed.set(slot.entry, { ...gone, live: gone.live + 1 });
  }
  return state;
}

const timer = fields<Timer>({ token: positive, at: number });
const started = fields<Started>({ pid: positive, at: stamp, identity });

/** Those who wrote a state before there was such a thing left it out. */
function addedLater<T>(reader: Reader<T | null>): Reader<T | null> {
  return (value, where) => value === undefined ? null : reader(value, where);
}

const phase = kinds<Phase>({
  stopped: fields({ kind: word("stopped") }),
  starting: fields({ kind: word("starting"), run: positive }),
  running: fields({ kind: word("running"), run: positive, started, settles: addedLater(nullable(timer)) }),
  stopping: fields({ kind: word("stopping"), run: positive, started: nullable(started), grace: nullable(timer), cause, by }),
  waiting: fields({ kind: word("waiting"), restart: timer }),
});

const rolling = addedLater(nullable(fields<Rolling>({ awaited: slotNumber, left: count, by })));

const shape = fields<PlainState>({
  course: oneOf<Course>({ keeping: true, leaving: true, left: true }),
  leaveBy: by,
  entries: list(fields<Entry>({ law, count, rolling })),
  removed: list(law),
  slots: list(fields<Slot>({
    entry: entryName, number: slotNumber, wanted: flag, starts: whole, phase,
    lastExit: nullable(fields<LastExit>({ exit, cause, ran: number })),
  })),
  nextRun: positive,
  nextToken: positive,
});

/** Of the right shape, and without a contradiction: what `fromPlain` makes of it is a state that the law could have made. */
export const plainState: Reader<PlainState> = (value, where) => {
  const state = shape(value, where);
  const names = [...state.entries.map((entry) => entry.law.name), ...state.removed.map(({ name }) => name)];
  const runs = state.slots.flatMap((slot) => runOf(slot.phase) ?? []);
  const tokens = state.slots.flatMap((slot) => timerOf(slot.phase)?.token ?? []);
  unique(names, `an entry of ${where}`);
  unique(state.slots.map((slot) => slotId(slot.entry, slot.number)), `a slot of ${where}`);
  unique(runs, `a run of ${where}`);
  unique(tokens, `a timer of ${where}`);
  const known = new Set(names);
  for (const { entry } of state.slots) if (!known.has(entry)) misfit(`a slot of ${where}`, `of ${entry}, which is no entry`);
  if (runs.some((run) => run >= state.nextRun)) misfit(`${where}.nextRun`, "a run already");
  if (tokens.some((token) => token >= state.nextToken)) misfit(`${where}.nextToken`, "a timer already");
  for (const { count, rolling } of state.entries) {
    if (rolling !== null && Math.max(rolling.awaited, rolling.left) > count) misfit(`a rolling restart of ${where}`, "beyond the count");
  }
  const awaited = new Set(state.entries.flatMap(({ law, rolling }) => rolling === null ? [] : [slotId(law.name, rolling.awaited)]));
  for (const { entry, number, phase } of state.slots) {
    if (phase.kind !== "running" || (phase.settles !== null) === awaited.has(slotId(entry, number))) continue;
    misfit(`a slot of ${where}`, phase.settles === null ? "awaited without an end" : "awaited by nobody");
  }
  return state;
};

function unique(all: readonly unknown[], what: string): void {
  if (new Set(all).size < all.length) misfit(what, "there twice");
}
