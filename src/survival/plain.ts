/** The state of core as JSON can hold it, and back. What follows from the slots is left out: it is put together again. */
import { derive } from "../core/derived.ts";
import { NO_FAILURES } from "../core/restart.ts";
import { emptyState, NOTHING_SAID } from "../core/state.ts";
import type {
  Course, Entry, Failures, LastExit, Next, Phase, Rolling, Said, Slot, Started, State, Timer,
} from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { By, ExitWhen, Law, RunId, Scope, Token } from "../core/types.ts";
import { refuseContradictions } from "./contradictions.ts";
import { fields, flag, kinds, later, list, nullable, number, oneOf, positive, text, upTo, whole, word } from "./shape.ts";
import type { Reader } from "./shape.ts";
import {
  by, cause, count, entryName, exit, exitWhen, identity, law, scope, signalName, slotNumber, stamp, UNSAID,
} from "./words.ts";

export interface PlainState {
  readonly course: Course;
  readonly exitWhen: ExitWhen;
  readonly exitCode: number | null;
  readonly leaveBy: By;
  readonly urged: boolean;
  /** In the order of the configuration. */
  readonly entries: readonly Entry[];
  readonly removed: readonly Law[];
  readonly slots: readonly Slot[];
  readonly seed: number;
  readonly nextRun: RunId;
  readonly nextToken: Token;
}

export function toPlain(state: Readonly<State>): PlainState {
  const { course, exitWhen, exitCode, leaveBy, urged, entries, removed, slots, seed, nextRun, nextToken } = state;
  return {
    course, exitWhen, exitCode, leaveBy, urged, entries: [...entries.values()], removed: [...removed.values()].map(({ law }) => law),
    slots: [...slots.values()], seed, nextRun, nextToken,
  };
}

export function fromPlain({ entries, removed, slots, ...simple }: PlainState): State {
  const state: State = { ...emptyState(), ...simple };
  for (const entry of entries) state.entries.set(entry.law.name, entry);
  for (const law of removed) state.removed.set(law.name, { law, live: 0 });
  for (const slot of slots) state.slots.set(slotId(slot.entry, slot.number), slot);
  derive(state);
  return state;
}

const timer = fields<Timer>({ token: positive, at: number });
const started = fields<Started>({ pid: positive, at: stamp, identity });

const said = fields<Said>({
  doing: nullable(oneOf<NonNullable<Said["doing"]>>({ reloading: true, stopping: true })), status: nullable(text),
  errno: nullable(number), mainPid: nullable(positive), watchdogEvery: nullable(number),
});

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
  finished: fields({ kind: word("finished"), code: later(0, upTo(255)), at: later(0, number) }),
  failed: fields({ kind: word("failed"), code: later(1, upTo(255)), at: later(0, number) }),
  blocked: fields({ kind: word("blocked") }),
  scheduled: fields({ kind: word("scheduled") }),
  starting: fields({ kind: word("starting"), run: positive }),
  following: fields({
    kind: word("following"), run: positive, started, ended: nullable(exit), deadline: timer,
    said: later(null, nullable(said)), wasReady: later(false, flag), proven: later(false, flag),
  }),
  settling: fields({ kind: word("settling"), run: positive, started, settles: timer, until: number, proven: later(false, flag) }),
  readying: fields({ kind: word("readying"), run: positive, started, deadline: timer, finding: later(null, nullable(text)), said }),
  running: fields({
    kind: word("running"), run: positive, started, settles: later(null, nullable(timer)), silence: later(null, nullable(timer)),
    leaves: later(null, nullable(timer)), ailing: later(0, whole), said: later(NOTHING_SAID, said),
  }),
  stopping: fields({ kind: word("stopping"), run: positive, started: nullable(started), ...ending }),
  clearing: fields({ kind: word("clearing"), run: positive, ...ending, next }),
  waiting: fields({ kind: word("waiting"), restart: timer }),
});

const failures = later(NO_FAILURES, fields<Failures>({ inARow: whole, times: list(number) }));

const rolling = later(null, nullable(fields<Rolling>({ awaited: slotNumber, left: count, by })));

const shape = fields<PlainState>({
  course: oneOf<Course>({ keeping: true, leaving: true, left: true }),
  exitWhen: later(null, exitWhen),
  exitCode: later(null, nullable(upTo(255))),
  leaveBy: by,
  urged: later(false, flag),
  entries: list(fields<Entry>({
    law, count, rolling, opened: later(true, flag), due: later(null, nullable(number)), missed: later(0, whole),
  })),
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
  refuseContradictions(state, where);
  return state;
};
