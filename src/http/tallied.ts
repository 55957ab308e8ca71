/**
 * What has been counted, as JSON: an image leaves it to the next one, which may be of another version. What that cannot
 * read counts as nothing: whoever watches counters must expect that they begin anew.
 */
import type { Millis, SlotId } from "../core/types.ts";
import type { Counted } from "./histogram.ts";

export const FORM = 1;

/** Exits of one kind. Both are null where nobody can know how it ended. */
export interface ExitTally {
  readonly code: number | null;
  readonly signal: string | null;
  readonly count: number;
}

export interface EntryTally {
  readonly name: string;
  readonly startFailures: number;
  readonly exits: readonly ExitTally[];
}

export interface Tallied {
  readonly form: typeof FORM;
  readonly entries: readonly EntryTally[];
  /** Slots between an exit and the start that is to follow, and the moment of the exit. */
  readonly between: readonly (readonly [SlotId, Millis])[];
  readonly exitToStart: Counted;
  readonly exitDetection: Counted;
  readonly reloads: number;
  readonly lostProcessEvents: number;
  readonly lostOutputLines: number;
  readonly lostEvents: number;
}

/** Null: it is not that, or of another form. */
export function readTallied(left: unknown): Tallied | null {
  const tallied = isObject(left) ? { lostEvents: 0, ...left } : null; // before there were any
  return isTallied(tallied) ? tallied : null;
}

function isTallied(value: unknown): value is Tallied {
  return isObject(value) && value["form"] === FORM
    && isList(value["entries"], isEntryTally) && isList(value["between"], isMoment)
    && isCounted(value["exitToStart"]) && isCounted(value["exitDetection"])
    && [value["reloads"], value["lostProcessEvents"], value["lostOutputLines"], value["lostEvents"]].every(isCount);
}

function isEntryTally(value: unknown): boolean {
  return isObject(value) && typeof value["name"] === "string" && isCount(value["startFailures"]) && isList(value["exits"], isExitTally);
}

function isExitTally(value: unknown): boolean {
  return isObject(value) && isCount(value["count"])
    && (value["code"] === null || isCount(value["code"])) && (value["signal"] === null || typeof value["signal"] === "string");
}

function isMoment(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && Number.isFinite(value[1]);
}

function isCounted(value: unknown): boolean {
  return isObject(value) && isList(value["bounds"], Number.isFinite) && isList(value["counts"], isCount) && Number.isFinite(value["sum"]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isList(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isOne(one));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
