/**
 * The law of restarts: what follows from the end of a process that nobody has asked for. One pure function, for the history
 * is read by it as well: a successor of a killed Sentry comes to the same conclusion from an `exited` without a next line.
 *
 * All moments are of the monotonic clock, so that nobody who sets the wall clock changes a delay or a limit.
 */
import type { Failures, Next } from "./state.ts";
import type { Backoff, Cause, Exit, Law, Millis } from "./types.ts";

export const NO_FAILURES: Failures = { inARow: 0, times: [] };

/** What a failed start waits at least: a program that is not there must not be tried thousands of times a second. */
const LEAST_WAIT_AFTER_FAULT: Millis = 100;

/** What a delay of 0 grows from: nothing multiplied is nothing. */
const LEAST_TO_GROW: Millis = 100;

/** The end of a process, or of the attempt to have one. */
export interface End {
  readonly failed: boolean;
  readonly at: Millis;
  /** How long the process has lived; null: it never was the slot's, for its start has failed, or it was never ready. */
  readonly ran: Millis | null;
}

export interface Judgement {
  readonly failures: Failures;
  readonly next: Exclude<Next, { kind: "stopped" }>;
}

/** A code that the law allows. A signal is a failure, and so is an end of which nobody knows how it was. */
export function isSuccess(law: Law, { code }: Pick<Exit, "code">): boolean {
  return code !== null && law.successCodes.includes(code);
}

/** An end that was found necessary, and that nobody has asked for: what comes after it is what comes after a failure. */
export function isFailing(cause: Cause): boolean {
  return cause === "readyTimeout" || cause === "unhealthy" || cause === "watchdog" || cause === "memory";
}

/** Nobody has asked for that end: it was found necessary, or the process has announced it itself, and was too slow. */
export function isJudged(cause: Cause): boolean {
  return isFailing(cause) || cause === "exited";
}

/** `random`, from 0 to 1, decides where in the range of the jitter the delay is. */
export function judge(law: Law, before: Failures, end: End, random: number): Judgement {
  if (!end.failed) return { failures: { ...before, inARow: 0 }, next: afterSuccess(law, end) };
  const failures: Failures = { inARow: rowBefore(law, before, end) + 1, times: timesWith(law, before, end.at) };
  const tooMany = law.limit !== null && failures.times.length > law.limit.count;
  if (tooMany || law.restart === "never") return { failures, next: { kind: "failed" } };
  const delay = law.backoff === null ? law.delay : grown(law.delay, law.backoff, failures.inARow, random);
  const wait = end.ran === null ? Math.max(LEAST_WAIT_AFTER_FAULT, delay) : delay;
  return { failures, next: { kind: "restart", at: end.at + wait } };
}

function afterSuccess(law: Law, { at }: End): Judgement["next"] {
  return law.restart === "always" ? { kind: "restart", at: at + law.delay } : { kind: "finished" };
}

/** A process that was stable was none of those before it. */
function rowBefore({ backoff }: Law, { inARow }: Failures, { ran }: End): number {
  return backoff !== null && ran !== null && ran >= backoff.resetAfter ? 0 : inARow;
}

/** Fast or slow: only when it was counts. These are never more than the limit and one, for then the slot comes to rest. */
function timesWith({ limit }: Law, { times }: Failures, at: Millis): readonly Millis[] {
  if (limit === null) return [];
  return [...times.filter((time) => at - time <= limit.within), at];
}

function grown(delay: Millis, { factor, max, jitter }: Backoff, inARow: number, random: number): Millis {
  const first = delay === 0 && inARow > 1 ? LEAST_TO_GROW : delay;
  const wait = Math.min(max, first * factor ** (inARow - 1));
  return Math.min(max, wait * (1 + jitter * (2 * random - 1)));
}
