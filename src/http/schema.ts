/**
 * What goes over HTTP, one schema a shape. It types the routes, it is what requests are checked by and answers are written
 * by (compiled.ts is made from it, see compiled.build.ts), and it is what openapi.json says. A running Sentry loads
 * neither this file nor typebox: import types from here, and nothing else.
 *
 * Each description of a field in a request completes "must be …" in a complaint.
 */
import { Type } from "typebox";
import type { Static, TObject, TProperties, TSchema } from "typebox";

import type { HistoryLine } from "../engine/line.ts";

const closed = <P extends TProperties>(properties: P, description: string): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, description });
/** JSON Schema 2020-12 has no `nullable`, and `anyOf` hides from a reader that it is one thing or nothing. */
const nullable = <S extends TSchema & { type: string }>(schema: S) =>
  Type.Unsafe<Static<S> | null>({ ...schema, type: [schema.type, "null"] });
const one = <const Words extends string[]>(words: readonly [...Words], description: string) =>
  Type.Unsafe<Words[number]>({ type: "string", enum: words, description });
const texts = (description: string) => Type.Array(Type.String(), { description });
const text = (description: string) => Type.String({ description });
const whole = (description: string, minimum = 0) => Type.Integer({ minimum, description });
const moment = (description: string) => Type.String({ format: "date-time", description });
const flag = (description: string) => Type.Boolean({ description });

const Exit = closed({
  pid: whole("its pid"),
  code: nullable(whole("exit code; null where a signal ended it, or nobody can know")),
  signal: nullable(text("name of the signal that ended it")),
  coreDumped: flag("whether it left a core dump"),
  oomKilled: flag("whether the kernel killed it for want of memory"),
  status: one(["known", "unknown"], "whether the true status is known"),
  cause: text("why it ended, or was made to"),
  at: moment("the kernel's own moment where it is known, to the microsecond"),
  ranMs: whole("how long it ran, in milliseconds"),
  maxRssBytes: nullable(whole("peak of its memory, where that is truly its own")),
  userMs: whole("CPU time in user mode, in milliseconds"),
  systemMs: whole("CPU time in the kernel, in milliseconds"),
}, "how the last process of a slot ended");

const Said = closed({
  status: nullable(text("what it is at, in its own words (STATUS)")),
  doing: nullable(text("`reloading` or `stopping`, where it has said so")),
  errno: nullable(whole("the number of an error that it has told (ERRNO)")),
}, "what a process has said of itself by sd_notify(3)");

const Process = closed({
  id: text("entry:slot"),
  entry: text("name of its entry"),
  slot: whole("number of the slot, from 0"),
  pid: nullable(whole("of the process that is there; of a daemon, of the one that it has left")),
  state: one(
    ["stopped", "blocked", "starting", "running", "stopping", "waiting", "finished", "failed"],
    "what the slot is doing; `stopping` has no process where only what that has left behind is still to end",
  ),
  ready: flag("whether it does its work"),
  command: text("the program"),
  args: texts("its arguments, without argv[0]"),
  startedAt: nullable(moment("when its process was started")),
  uptimeMs: nullable(whole("how long ago that is, in milliseconds")),
  restarts: whole("how many processes the slot has had before this one"),
  nextStartAt: nullable(moment("of a slot that waits: when the next start is due")),
  cpuPercent: nullable(Type.Number({
    description: "CPU time of the process and all its descendants, in percent of one core, over the last seconds (where nobody has asked "
      + "in the last 10 s, over 200 ms); of one that is seen for the first time since its start; at most a second old",
  })),
  memoryBytes: nullable(whole("resident memory of the process and all its descendants; at most a second old")),
  lastExit: nullable(Exit),
  blockedBy: Type.Optional(texts("of a slot that is blocked: what it waits for, and why that is not there: `db is not ready: db:0 failed`")),
  notReady: Type.Optional(text("of a slot that is starting: why its process was not ready when it was last looked at: `127.0.0.1:5432: ECONNREFUSED`")),
  missedRuns: Type.Optional(whole("of a scheduled entry: how often it was due and did not run")),
  notify: Type.Optional(Said),
}, "a slot, and the process in it");

const Stray = closed({
  pid: whole("its pid"),
  name: text("of its program, as the kernel has it: at most 15 bytes"),
  state: text("one letter, as the kernel has it: `S` sleeps, `D` cannot be interrupted"),
  startedAt: moment("when it was started, to about a second"),
}, "a process that one of ours has started, and of which nothing says which one it was; it is never signalled");

const Entry = closed({
  name: text("name of the entry"),
  command: text("the program"),
  args: texts("its arguments, without argv[0]"),
  count: whole("how many processes are wanted now"),
  up: flag("whether any of its slots is wanted"),
  running: whole("how many of them have a process that was started and not told to end"),
  ready: whole("how many of them are ready"),
  slots: texts("ids of its slots"),
  options: Type.Record(Type.String(), Type.Unknown(), { description: "what is configured, defaults included; no environment" }),
}, "an entry: what is configured, wanted and running");

const TYPES = Object.keys({
  started: true, ready: true, exited: true, fault: true, stopping: true, stopped: true, waiting: true, finished: true, failed: true,
  blocked: true, unhealthy: true, scaled: true, signalled: true, added: true, removed: true, reloaded: true, tookOver: true, lost: true,
} satisfies Record<HistoryLine["type"], true>);

const Record = Type.Object({
  id: whole("grows by one from record to record, over reloads and crashes", 1),
  at: moment("when, to the microsecond"),
  type: text(`what happened: ${TYPES.map((type) => `\`${type}\``).join(", ")}; a later version may have more`),
  entry: nullable(text("of which entry; null: of Sentry itself")),
  slot: nullable(whole("of which slot; null: of the entry as a whole")),
  pid: nullable(whole("of the process")),
  code: nullable(whole("exit code")),
  signal: nullable(text("name of the signal")),
  coreDumped: flag("whether it left a core dump"),
  status: nullable(text("of an exit: `known` or `unknown`")),
  cause: nullable(text("why")),
  run: Type.Optional(nullable(whole("of which life of the slot; of a fault null where it is not about a start"))),
  reason: Type.Optional(nullable(text("of a stop: what has led to it, where the cause alone does not say"))),
  leftovers: Type.Optional(flag("of an exit: whether the process has left others behind, which are ended before anything else")),
  by: nullable(Type.Object({
    kind: text("`signal`, `socket` or `token`"), pid: nullable(whole("of who asked")), uid: nullable(whole("of who asked")),
  }, { description: "who asked" })),
}, { additionalProperties: true, description: "a record of the history; some types have more fields" });

const Change = closed({
  entry: text("name of the entry"),
  change: one(["unchanged", "inPlace", "replaced", "added", "removed"], "what a reload would do with it"),
  because: texts("why, in words"),
}, "what a reload would change");

const Problem = closed({
  type: text("`about:blank`"), title: text("what kind of problem"), status: whole("the HTTP status"),
  detail: text("what was wrong, and what to do"), code: text("does not change from version to version"),
}, "what went wrong, as RFC 9457 has it");

const Health = closed({ status: text("`ok`") }, "that this is answered says all");
const Readiness = closed({
  ready: flag("whether every wanted slot is ready or finished, or waits for the time of its schedule"),
  waiting: texts("ids of those that are not"),
}, "whether all that is wanted is ready");
const ReloadAccepted = closed({
  reload: whole("id of the record that tells that the reload is done", 1),
}, "a reload is about to be done");
const StopAccepted = closed({
  stopping: flag("true"), pid: whole("of Sentry"),
}, "the whole stop has begun; it is done when the connection closes");
const Reopened = closed({
  reopened: whole("how many files"),
  failed: Type.Array(Type.String(), { description: "which could not be opened anew, and why: what is printed still goes to the old ones" }),
}, "log files are open anew");

/** Answers. */
export const answers = { Process, Stray, Entry, Record, Change, Problem, Health, Readiness, ReloadAccepted, StopAccepted, Reopened };

const entry = Type.String({ pattern: "\\S", description: "the name of an entry" });

const Scale = closed({
  count: Type.Integer({ minimum: 0, description: "a whole number from 0" }),
}, 'an object, such as { "count": 2 }');
const Restart = closed({
  rolling: Type.Optional(Type.Boolean({ description: "true or false" })),
}, 'an object, such as { "rolling": true }');
const Signal = closed({
  signal: Type.String({ pattern: "\\S", description: "the name of a signal, such as SIGHUP" }),
}, 'an object, such as { "signal": "SIGHUP" }');
const Nothing = closed({}, "left out, or an empty object");
const ScaleForm = closed({
  scale: Type.String({ pattern: "^[0-9]{1,9}$", description: "a whole number from 0" }),
}, "the form field `scale`");

const OfEntry = closed({ entry: Type.Optional(entry) }, "`?entry=`");
const HistoryQuery = closed({
  entry: Type.Optional(entry),
  limit: Type.Optional(Type.String({
    pattern: "^(10000|[1-9][0-9]{0,3})$", description: "a whole number from 1 to 10000",
  })),
}, "`?entry=&limit=`");
const LogsQuery = closed({
  lines: Type.Optional(Type.String({ pattern: "^(1000000|[0-9]{1,6})$", description: "a whole number from 0 to 1000000" })),
  follow: Type.Optional(Type.String({ pattern: "^(|true|false|1|0)$", description: "true or false" })),
}, "`?lines=&follow=`");
const NoQuery = closed({}, "nothing");

/** What is asked with. Each is an object of texts, numbers and flags, so that a complaint can name the field. */
export const requests = { Scale, Restart, Signal, Nothing, ScaleForm, OfEntry, HistoryQuery, LogsQuery, NoQuery };

export type ProcessShown = Static<typeof Process>;
export type StrayShown = Static<typeof Stray>;
export type ExitShown = Static<typeof Exit>;
export type SaidShown = Static<typeof Said>;
export type EntryShown = Static<typeof Entry>;
export type RequestName = keyof typeof requests;
export type AnswerName = keyof typeof answers;
export type Asked<Name extends RequestName> = Static<(typeof requests)[Name]>;
export type Answered<Name extends AnswerName> = Static<(typeof answers)[Name]>;

/** How a request is checked: its fields one by one. `must` completes "must be …". */
export interface RequestCheck {
  readonly must: string;
  readonly fields: readonly RequestField[];
}

export interface RequestField {
  readonly name: string;
  readonly required: boolean;
  readonly must: string;
  readonly check: (value: unknown) => boolean;
}
