import { SentryError } from "../errors.ts";

/** More than that Sentry does not give at a time. */
export const MOST_LINES = 10_000;

/**
 * What `--lines` says.
 * @throws SentryError E_USAGE
 */
export function linesOf(text: string | undefined, otherwise: number, least = 1): number {
  const lines = text === undefined ? otherwise : /^\d+$/.test(text) ? Number(text) : NaN;
  if (lines >= least && lines <= MOST_LINES) return lines;
  throw new SentryError("E_USAGE", `--lines must be a whole number from ${least} to ${MOST_LINES}, not '${text}'`);
}
