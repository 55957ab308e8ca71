/** The state of core as JSON can hold it, and back. What follows from the slots is left out: it is put together again. */
import { NO_FAILURES } from "../core/restart.ts";
import { emptyState, isAtRest, runOf, timerOf } from "../core/state.ts";
import type { Course, Entry, Failures, LastExit, Next, Phase, Rolling, Slot, Started, State, Timer } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { By, Law, RunId, Scope, Token } from "../core/types.ts";
import { fields, flag, kinds, later, list, misfit, nullable, number, oneOf, positive, whole, word } from "./shape.ts";
import type { Reader } from "./shape.ts";
import { by, cause, count, entryName, exit, identity, law, scope, signalName, slotNumber, stamp, UNSAID } from "./words.ts";

export interface PlainState {
  readonly course: Course;
  readonly leaveBy: By;
  /** In the order of the configuration. */
  readonly entries: readonly Entry[];
  readonly removed: readonly Law[];
  readonly slots: readonly Slot[];
  readonly seed: number;
  readonly nextRun: RunId;
  readonly nextToken: Token;
}

export function toPlain(state: Readonly<State>): PlainState {
  const { course, leaveBy, entries, removed, slots, seed, nextRun, nextToken } = state;
  return {
    course, leaveBy, entries: [...entries.values()], removed: [...removed.values()].map(({ law }) => law),
    slots: [...slots.values()], seed, nextRun, nextToken,
  };
}

export function fromPlain({ course, leaveBy, entries, removed, slots, seed, nextRun, nextToken }: PlainState): State {
  const state: State = { ...emptyState(), course, leaveBy, seed, nextRun, nextToken };
  for (const entry of entries) state.entries.set(entry.law.name, entry);
  for (const law of removed) state.removed.set(law.name, { law, live: 0 });
  for (const slot of slots) {
    const id = slotId(slot.entry, slot.number);
    const [run, timer] = [runOf(slot.phase), timerOf(slot.phase)];
    state.slots.set(id, slot);
    if (run !== null) state.runs.set(run, id);
    if (timer !== null) state.timers.set(timer.token, id);
    if (isAtRest(slot.phase)) continue;
    state.live++;
    const gone = state.removed.get(slot.entry);
    if (gone !== undefined) state.removed.set(slot.entry, { ...gone, live: gone.live + 1 });
  }
  return state;
}

const timer = fields<Timer>({ token: positive, at: number });
const started = fields<Started>({ pid: positive, at: stamp, identity });

const next = kinds<Next>({
  restart: fields({ kind: word("restart"), at: number }),
  finished: fields({ kind: word("finished") }),
  failed: fields({ kind: word("failed") }),
  stopped: fields({ kind: word("stopped") }),
});

/** `patience` is for when the grace is over. */
const ending = {
  signal: later("SIGTERM", signalName), scope: later<Scope>(UNSAID.scope, scope), grace: nullable(timer),
  patience: later(null, nullable(timer)), cause, by,
};

const phase = kinds<Phase>({
  stopped: fields({ kind: word("stopped") }),
  finished: fields({ kind: word("finished") }),
  failed: fields({ kind: word("failed") }),
  starting: fields({ kind: word("starting"), run: positive }),
  following: fields({ kind: word("following"), run: positive, started, ended: nullable(exit), deadline: timer }),
  settling: fields({ kind: word("settling"), run: positive, started, settles: timer, until: number }),
  running: fields({ kind: word("running"), run: positive, started, settles: later(null, nullable(timer)) }),
  stopping: fields({ kind: word("stopping"), run: positive, started: nullable(started), ...ending }),
  clearing: fields({ kind: word("clearing"), run: positive, ...ending, next }),
  waiting: fields({ kind: word("waiting"), restart: timer }),
});

const failures = later(NO_FAILURES, fields<Failures>({ inARow: whole, times: list(number) }));

const rolling = later(null, nullable(fields<Rolling>({ awaited: slotNumber, left: count, by })));

const shape = fields<PlainState>({
  course: oneOf<Course>({ keeping: true, leaving: true, left: true }),
  leaveBy: by,
  entries: list(fields<Entry>({ law, count, rolling })),
  removed: list(law),
  slots: list(fields<Slot>({
    entry: entryName, number: slotNumber, wanted: flag, starts: whole, failures, phase,
    lastExit: nullable(fields<LastExit>({ exit, cause, ran: number })),
  })),
  seed: later(0, whole),
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
  for (const { entry, number, lastExit, phase } of state.slots) {
    if (phase.kind === "clearing" && lastExit === null) misfit(`a slot of ${where}`, "clearing up after nobody");
    if ("grace" in phase && phase.grace !== null && phase.patience !== null) misfit(`a slot of ${where}`, "impatient within its grace");
    if (phase.kind !== "running" || (phase.settles !== null) === awaited.has(slotId(entry, number))) continue;
    misfit(`a slot of ${where}`, phase.settles === null ? "awaited without an end" : "awaited by nobody");
  }
  return state;
};

function unique(all: readonly unknown[], what: string): void {
  if (new Set(all).size < all.length) misfit(what, "there twice");
}
