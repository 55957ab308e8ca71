/** A record as it is told to the world: a line of the history, and what an event carries. docs/survival.md */
import type { HistoryRecord } from "../core/record.ts";
import type { Micros } from "../core/types.ts";

/** Numbered by the history: ids grow by one, over reloads and crashes. */
export type HistoryId = number;

/** All that every record has; `at` is spelled out, and what a type has beyond it comes after. */
export interface HistoryLine {
  readonly id: HistoryId;
  /** `2026-11-22T06:34:59.120431Z` */
  readonly at: string;
  readonly type: HistoryRecord["type"];
  readonly entry: string | null;
  readonly slot: number | null;
  readonly pid: number | null;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  /** Null where the record is not about an exit. */
  readonly status: "known" | "unknown" | null;
  readonly cause: string | null;
  readonly by: { readonly kind: string; readonly pid: number | null; readonly uid: number | null } | null;
  readonly [more: string]: unknown;
}

export function lineOf(record: HistoryRecord, id: HistoryId): HistoryLine {
  const { at, type, entry, slot, pid, cause, by, ...more } = record;
  const exit = { code: null, signal: null, coreDumped: false, status: null };
  return { id, at: toMicrosecond(at), type, entry, slot, pid, ...exit, cause, by, ...more };
}

/** `2026-11-22T06:34:59.120431Z` */
export function toMicrosecond(wall: Micros): string {
  const micros = String(Math.floor(wall) % 1_000_000).padStart(6, "0");
  return `${new Date(wall / 1000).toISOString().slice(0, 19)}.${micros}Z`;
}
