/**
 * The part of the Witness that is about restarts: what has to follow from each end that nobody asked for. It writes down
 * every failure there ever was, and looks through them each time.
 */
import type { Law, Millis, SlotId } from "../../src/core/types.ts";

/** Between these moments, for nobody outside can know where the jitter puts it. */
export interface Due {
  readonly from: Millis;
  readonly to: Millis;
  /** Not by the law of restarts: somebody, or something, has asked for it. */
  readonly asked?: true;
}

export type Verdict = Due | "finished" | "failed";

interface Life {
  readonly failed: boolean;
  readonly at: Millis;
  readonly stable: boolean;
}

/** An end: of a process that has run for so long, or (null) of an attempt that did not get so far. */
export interface Ended {
  readonly at: Millis;
  readonly ran: Millis | null;
  readonly code: number | null;
}

export class Verdicts {
  readonly #lives = new Map<SlotId, Life[]>();

  /** Somebody begins anew with it. */
  forget(slot: SlotId): void {
    this.#lives.delete(slot);
  }

  /** The end of what has never been ready is a failure, however it ended. */
  after(slot: SlotId, law: Law, { at, ran, code }: Ended): Verdict {
    const lives = this.#lives.get(slot) ?? [];
    this.#lives.set(slot, lives);
    const failed = ran === null || code === null || !law.successCodes.includes(code);
    lives.push({ failed, at, stable: ran !== null && law.backoff !== null && ran >= law.backoff.resetAfter });
    if (!failed) return law.restart === "always" ? { from: at + law.delay, to: at + law.delay } : "finished";
    const { limit } = law;
    const recent = limit === null ? [] : lives.filter((life) => life.failed && at - life.at <= limit.within);
    if (law.restart === "never" || (limit !== null && recent.length > limit.count)) return "failed";
    const [from, to] = wait(law, row(lives));
    const least = ran === null ? 100 : 0;
    return { from: at + Math.max(least, from), to: at + Math.max(least, to) };
  }
}

/** How many failures there were one after the other, up to now. */
function row(lives: readonly Life[]): number {
  let count = 0;
  for (const { failed, stable } of lives.toReversed()) {
    if (!failed) break;
    count++;
    if (stable) break;
  }
  return count;
}

function wait({ delay, backoff }: Law, nth: number): [Millis, Millis] {
  if (backoff === null) return [delay, delay];
  const { factor, max, jitter } = backoff;
  let wait = delay === 0 && nth > 1 ? 100 : delay;
  for (let n = 1; n < nth; n++) wait = Math.min(max, wait * factor);
  wait = Math.min(max, wait);
  return [wait * (1 - jitter), Math.min(max, wait * (1 + jitter))];
}
