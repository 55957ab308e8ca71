/** What an experiment did to Sentry and to its children: by this, and by nothing else, a fault may be excused. */
import { release } from "node:os";

import type { Life } from "./life.ts";

/** A time without a Sentry: from a SIGKILL until another has taken over. Milliseconds, as in `Life`. */
export interface Gap {
  readonly from: number;
  to: number;
  /** Where it died: a named point, or `random`. */
  readonly why: string;
}

export interface Circumstances {
  readonly gaps: readonly Gap[];
  /** The marks of those that the experiment itself sent a SIGKILL. */
  readonly killed: ReadonlySet<string>;
  /** The shortest delay that an entry ever had, in milliseconds. */
  readonly delays: ReadonlyMap<string, number>;
  /** Who begins once whom is ready. */
  readonly order: ReadonlyMap<string, string>;
  /** The SIGKILL took the keeper as well: what ended meanwhile left neither its status nor its last words. */
  readonly withoutKeeper: boolean;
}

/** From 6.15 on, a pidfd that somebody holds knows how its process ended (PIDFD_INFO_EXIT). */
const [major = 0, minor = 0] = release().split(".").map(Number);
const PIDFDS_TELL = major > 6 || (major === 6 && minor >= 15);

/** How long Sentry may take from what it saw to the record of it, on a busy machine. */
const UNRECORDED = 300;

/** It may have died while there was no Sentry, or with what Sentry had seen of it and not yet written down. */
export function diedUnwatched(life: Life, gaps: readonly Gap[]): boolean {
  return gaps.some(({ from, to }) => life.seen >= from - UNRECORDED && life.seen <= to);
}

/** Nobody can know how it ended. */
export function mayBeUnknown(life: Life, { gaps, withoutKeeper }: Circumstances): boolean {
  return (withoutKeeper || !PIDFDS_TELL) && diedUnwatched(life, gaps);
}

/** Sentry was killed before it had recorded it, the keeper as well, and before another Sentry could look, it had ended. */
export function mayBeUnseen(life: Life, { gaps, withoutKeeper }: Circumstances): boolean {
  return withoutKeeper && gaps.some(({ from, to }) =>
    life.born >= from - UNRECORDED && life.born <= from + UNRECORDED && life.seen <= to);
}

/** Where in the experiment that was, for whoever has to find out why. */
export function whenItWas(moment: number, gaps: readonly Gap[]): string {
  const before = gaps.filter(({ from }) => from <= moment);
  const last = before.at(-1);
  if (last === undefined) return "before the first kill";
  return `${(moment - last.from).toFixed(1)} ms after kill ${before.length} (${last.why})`;
}
