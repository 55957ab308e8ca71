/** One look at a process, and how often it is repeated. */
import { setTimeout as wait } from "node:timers/promises";

import type { Millis } from "../core/types.ts";

export interface Look {
  /** What is looked at, for people: `127.0.0.1:5432`, `GET http://127.0.0.1/health`. */
  readonly what: string;
  /** Gives what is wrong, or null; or throws what has kept it from being seen. Once `over`, nobody waits for it any more: what it has opened is to be closed at once. */
  take(over: AbortSignal): Promise<string | null>;
}

/** For a look that has no limit of its own: a server that takes a connection and says nothing must not be waited for. */
const READY_LIMIT: Millis = 5_000;

/** What was wrong, with what was looked at; null: nothing. Or what was missing for the look itself, which says nothing of the process. */
export type Finding = string | { readonly missing: string } | null;

/** There was no descriptor, process or memory to look with. To restart a process for that would need the same. */
const SHORTAGES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EAGAIN", "ENOMEM", "ENOBUFS"]);

/** The longest that setTimeout can wait: beyond it, it fires at once. */
const LONGEST: Millis = 2 ** 31 - 1;

/** Looks until it is ready, and tells what is wrong until then, when that changes; false where it was `ended` before. */
export async function untilReady(look: Look, interval: Millis, ended: AbortSignal, found: (wrong: string) => void): Promise<boolean> {
  let last: string | null = null;
  while (!ended.aborted) {
    const finding = await within(READY_LIMIT, look, ended);
    if (ended.aborted) return false;
    if (finding === null) return true;
    const wrong = typeof finding === "string" ? finding : finding.missing;
    if (wrong !== last) found(wrong);
    last = wrong;
    await pause(interval, ended);
  }
  return false;
}

/**
 * Looks again and again until it is `ended`, one look after the other, and tells what each has found. The first one comes
 * after one to two intervals: slots that were started together are not all looked at in the same moment.
 */
export async function examine(
  look: Look, interval: Millis, timeout: Millis, ended: AbortSignal, found: (finding: Finding) => void,
): Promise<void> {
  await pause(interval * (1 + Math.random()), ended);
  while (!ended.aborted) {
    const begun = performance.now();
    const finding = await within(timeout, look, ended);
    if (ended.aborted) return;
    found(finding);
    await pause(begun + interval - performance.now(), ended);
  }
}

export function within(limit: Millis, look: Look, ended: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    const own = new AbortController();
    const finish = (finding: Finding): void => {
      clearTimeout(timer);
      ended.removeEventListener("abort", giveUp);
      own.abort();
      resolve(finding);
    };
    const answer = (wrong: string | null): void => finish(wrong === null ? null : `${look.what}: ${wrong}`);
    const fail = (error: unknown): void => {
      const code = codeOf(error);
      if (isShortage(code)) finish({ missing: `${look.what}: ${code}` });
      else answer(code);
    };
    const giveUp = (): void => answer("not looked at any more");
    // After a time in which the loop was busy, the answer may be there, and waits as well.
    const timer = setTimeout(() => setImmediate(answer, `no answer within ${limit} ms`), Math.min(limit, LONGEST)).unref();
    ended.addEventListener("abort", giveUp);
    look.take(own.signal).then(answer, fail);
  });
}

export function isShortage(errno: string): boolean {
  return SHORTAGES.has(errno);
}

/** `ECONNREFUSED`, or in words where there is no such name. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Ends early with `ended`. What lives is Sentry's threads; a pause keeps nothing alive. */
async function pause(time: Millis, ended: AbortSignal): Promise<void> {
  const whole = Math.min(Math.max(time, 0), LONGEST);
  await wait(whole, undefined, { ref: false, signal: ended }).catch(() => {});
}
