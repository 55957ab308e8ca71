import { SentryError } from "../errors.ts";

/** More than that Sentry does not give at a time: of output, which it only passes on … */
export const MOST_LINES = 1_000_000;

/** … and of the history, which it has in memory for that. */
export const MOST_RECORDS = 10_000;

/**
 * What `--lines` says.
 * @throws SentryError E_USAGE
 */
export function linesOf(text: string | undefined, otherwise: number, most: number): number {
  const lines = text === undefined ? otherwise : /^\d+$/.test(text) ? Number(text) : NaN;
  if (lines <= most) return lines;
  throw new SentryError("E_USAGE", `--lines must be a whole number from 0 to ${most}, not '${text}'`);
}

/** Also none. */
export function newest<T>(all: readonly T[], wanted: number): T[] {
  return all.slice(Math.max(0, all.length - wanted));
}
