/** What durations, sizes and masks are in the machine's units. What comes in has been checked against the schema. */
import type { Millis } from "../core/types.ts";

const millis: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const bytes: Record<string, number> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

export function millisOf(duration: number | string): Millis {
  return amountOf(duration, millis);
}

export function bytesOf(size: number | string): number {
  return amountOf(size, bytes);
}

/** `0o22` for both 18 and "022". */
export function maskOf(umask: number | string): number {
  return typeof umask === "number" ? umask : Number.parseInt(umask, 8);
}

function amountOf(given: number | string, units: Record<string, number>): number {
  if (typeof given === "number") return given;
  const unit = given.replace(/^[0-9]+/, "");
  return Number.parseInt(given, 10) * (units[unit] ?? 1);
}
