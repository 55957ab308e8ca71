/**
 * What a line of the history says that a successor has to know. It comes from a file, so its shape is looked at; types
 * that say nothing about what is (`signalled`, `unhealthy`, and those of newer versions) are passed over.
 */
import type {
  AddedRecord, BlockedRecord, ExitedRecord, FailedRecord, FaultRecord, FinishedRecord, MissedRecord, ReadyRecord, RemovedRecord, ScaledRecord,
  StartedRecord, StoppedRecord, StoppingRecord, WaitingRecord,
} from "../core/record.ts";
import type { Micros, Millis } from "../core/types.ts";
import type { HistoryLine } from "../engine/line.ts";
import { fields, flag, later, Misfit, misfit, nullable, number, positive, text, whole } from "./shape.ts";
import type { Reader } from "./shape.ts";
import { by, cause, count, entryName, identity, slotNumber } from "./words.ts";

type Of<Kind extends string, R, Keys extends keyof R> = { readonly kind: Kind } & Pick<R, Keys>;

export type Told =
  | (Of<"started", StartedRecord, "at" | "entry" | "slot" | "pid" | "run" | "restarts" | "mono" | "identity"> & { readonly mark: string; readonly boot: string })
  | Of<
      "exited", ExitedRecord,
      "at" | "entry" | "slot" | "pid" | "run" | "code" | "signal" | "coreDumped" | "cause" | "by" | "ranMs" | "mono" | "userMs"
      | "systemMs" | "maxRssBytes" | "leftovers"
    >
  | Of<"ready", ReadyRecord, "at" | "entry" | "slot" | "pid" | "run" | "mono" | "identity">
  | Of<"fault", FaultRecord, "at" | "entry" | "slot" | "run" | "step" | "errno" | "cause">
  | Of<"stopping", StoppingRecord, "at" | "entry" | "slot" | "pid" | "run" | "wanted" | "until" | "by"> & Pick<ExitedRecord, "cause">
  | Of<"stopped", StoppedRecord, "entry" | "slot" | "wanted">
  | Of<"waiting", WaitingRecord, "entry" | "slot" | "by"> & { readonly until: Millis }
  /** Waits until it is due. `until` as in WaitingRecord. */
  | Of<"scheduled", WaitingRecord, "entry" | "slot" | "until">
  | Of<"blocked", BlockedRecord, "entry" | "slot">
  | Of<"finished", FinishedRecord, "at" | "entry" | "slot">
  | Of<"failed", FailedRecord, "at" | "entry" | "slot">
  | Of<"scaled", ScaledRecord, "entry" | "count">
  | Of<"added", AddedRecord, "entry" | "count">
  | Of<"removed", RemovedRecord, "entry">
  /** It was due, and did not run. */
  | Of<"missed", MissedRecord, "entry" | "at" | "missed">
  /** The whole stop is done. */
  | { readonly kind: "left" }
  | { readonly kind: "tookOver"; readonly boot: string }
  /** Nothing that changes what is. */
  | { readonly kind: "other" };

export type ToldOf<Kind extends Told["kind"]> = Extract<Told, { kind: Kind }>;

/** `2026-11-22T06:34:59.120431Z` */
const wall: Reader<Micros> = (value, where) => {
  const [, second, micros] = /^(.{19})\.(\d{6})Z$/.exec(text(value, where)) ?? [];
  const millis = Date.parse(`${second}Z`);
  return Number.isFinite(millis) ? millis * 1000 + Number(micros) : misfit(where, "no moment");
};

const ofSlot = { entry: entryName, slot: slotNumber };

/** Of entries and slots, by type. */
const readers: { readonly [Kind in Exclude<Told["kind"], "left" | "tookOver" | "other">]: Reader<Omit<ToldOf<Kind>, "kind">> } = {
  started: fields({
    ...ofSlot, at: wall, pid: positive, run: positive, restarts: whole, mono: number, identity, mark: text, boot: text,
  }),
  exited: fields({
    ...ofSlot, at: wall, pid: positive, run: positive, code: nullable(number), signal: nullable(text), coreDumped: flag,
    cause, ranMs: number, mono: number, userMs: number, systemMs: number, maxRssBytes: nullable(number),
    leftovers: later(false, flag), by,
  }),
  ready: fields({ ...ofSlot, at: wall, pid: positive, run: positive, mono: number, identity }),
  fault: fields({ ...ofSlot, at: wall, run: positive, step: text, errno: text, cause: nullable(cause) }),
  stopping: fields({ ...ofSlot, at: wall, pid: nullable(positive), run: positive, wanted: flag, until: number, cause, by }),
  stopped: fields({ ...ofSlot, wanted: flag }),
  waiting: fields({ ...ofSlot, until: number, by }),
  scheduled: fields({ ...ofSlot, until: nullable(number) }),
  blocked: fields(ofSlot),
  finished: fields({ ...ofSlot, at: wall }),
  failed: fields({ ...ofSlot, at: wall }),
  scaled: fields({ entry: entryName, count }),
  added: fields({ entry: entryName, count }),
  removed: fields({ entry: entryName }),
  missed: fields({ entry: entryName, at: wall, missed: whole }),
};

const ofEntry = new Map(Object.entries<Reader<object>>(readers));

/** Null: it is damaged. */
export function readTold(line: HistoryLine): Told | null {
  try {
    if (line.entry === null) return ofSentry(line);
    const kind = kindOf(line);
    const reader = ofEntry.get(kind);
    return reader === undefined ? { kind: "other" } : { kind, ...reader(line, line.type) } as Told;
  } catch (error) {
    if (error instanceof Misfit) return null;
    throw error;
  }
}

/** Where one type of record tells of different things, what else is in it says which. */
function kindOf(line: HistoryLine): string {
  if (line.type === "waiting" && line.cause === "schedule") return "scheduled";
  if (line.type !== "fault") return line.type;
  if (line.cause === "schedule" && line["step"] === "schedule") return "missed";
  // Of a rolling restart, or of a process that has no end by it: the slots' other records tell the rest.
  return line.slot === null || line["run"] === null ? "other" : line.type;
}

function ofSentry(line: HistoryLine): Told {
  if (line.type === "stopped") return { kind: "left" };
  if (line.type === "tookOver") return { kind: "tookOver", ...fields<{ boot: string }>({ boot: text })(line, line.type) };
  return { kind: "other" };
}
