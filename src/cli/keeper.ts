/** Sees to it that there is a keeper: what it holds is what outlives a SIGKILL of Sentry. docs/survival.md */
import type { Millis } from "../core/types.ts";
import type { Addon } from "../native/addon.ts";
import { keeperProgram } from "../native/load.ts";
import type { Held } from "../survival/kept.ts";
import type { Place } from "./place.ts";

/** At most one start in this time, and after so many in a row that ended sooner than that none any more. */
const BETWEEN_STARTS: Millis = 1000;
const MOST_IN_A_ROW = 5;

export class Keeper {
  readonly #addon: Addon;
  readonly #place: Place;
  #startedAt = -Infinity;
  #inARow = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(addon: Addon, place: Place) {
    this.#addon = addon;
    this.#place = place;
  }

  /** What the keeper of a Sentry that is gone holds, which is ours from now on; null where there is none. */
  find(): Held[] | null {
    return this.#addon.takeKeeper(this.#place.keeper);
  }

  /** A new one. Without it Sentry runs on; returned is what that means, in words, or nothing. */
  start(): string[] {
    this.#startedAt = performance.now();
    try {
      this.#addon.startKeeper(keeperProgram(), this.#place.keeper);
      return [];
    } catch (error) {
      return [`There is no keeper: ${(error as Error).message}. What is printed while Sentry is dead, after a SIGKILL, would be lost.`];
    }
  }

  /** It has ended, which it never does by itself: another one, and `started` with what there is to be told. */
  renew(started: (told: string[]) => void): void {
    const rest = this.#startedAt + BETWEEN_STARTS - performance.now();
    this.#inARow = rest > 0 ? this.#inARow + 1 : 0;
    if (this.#inARow >= MOST_IN_A_ROW) {
      return started([`There is no keeper any more: ${MOST_IN_A_ROW} in a row have ended as soon as they were started.`]);
    }
    this.#timer = setTimeout(() => started(this.start()), Math.max(0, rest));
  }

  letGo(): void {
    clearTimeout(this.#timer);
  }
}
