/**
 * Says what may come again and again, such as the error of a hook in a crash loop: at most so often in a while, and with the
 * next one how many were left out. It has no timer.
 */
import type { Millis } from "../core/types.ts";

const MOST = 5;
const WHILE: Millis = 10_000;

export class Sparingly {
  readonly #say: (text: string) => void;
  readonly #now: () => Millis;
  #begin: Millis = -Infinity;
  #said = 0;
  #leftOut = 0;

  constructor(say: (text: string) => void, now: () => Millis = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  say(text: string): void {
    const now = this.#now();
    if (now - this.#begin >= WHILE) {
      this.#begin = now;
      this.#said = 0;
    }
    if (this.#said >= MOST) {
      this.#leftOut++;
      return;
    }
    this.#said++;
    this.#say(this.#leftOut === 0 ? text : `${text} (and ${this.#leftOut} times before that, which was not told)`);
    this.#leftOut = 0;
  }
}
