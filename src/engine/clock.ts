/** The machine's clock and timers. */
import type { Millis, Stamp, Token } from "../core/types.ts";
import type { Clock, Timers } from "./ports.ts";

/** The longest that setTimeout can wait: beyond it, it fires at once. */
const LONGEST: Millis = 2 ** 31 - 1;

/** What Date.now() leaves out of the moment, and the time between two looks at clocks. */
const CLOCKS_DIFFER: Millis = 2;

/**
 * hrtime is CLOCK_MONOTONIC from the same beginning as the kernel's own stamps. The two clocks run at the same pace until
 * somebody sets the wall clock, so it is the difference that is kept, from the beginning of this image, where it is known to
 * the microsecond: what is shown of one deadline is then always the same.
 */
class SystemClock implements Clock {
  #difference: Millis = performance.timeOrigin + performance.now() - monotonic();

  now(): Stamp {
    const mono = monotonic();
    const wall = Date.now();
    if (Math.abs(wall - mono - this.#difference) > CLOCKS_DIFFER) this.#difference = wall - mono;
    return { wall: Math.round((mono + this.#difference) * 1000), mono };
  }
}

export const systemClock: Clock = new SystemClock();

function monotonic(): Millis {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/**
 * Timers of the monotonic clock. Node's own timers go by a coarse clock and whole milliseconds, and may fire a little
 * early: then the rest is waited for. Where none is set, nothing wakes up.
 */
export class SystemTimers implements Timers {
  readonly #clock: Clock;
  readonly #timeUp: (token: Token) => void;
  readonly #waiting = new Map<Token, NodeJS.Timeout>();
  readonly #due = new Map<Token, NodeJS.Immediate>();

  constructor(clock: Clock, timeUp: (token: Token) => void) {
    this.#clock = clock;
    this.#timeUp = timeUp;
  }

  set(token: Token, at: Millis): void {
    const rest = Math.max(0, at - this.#clock.now().mono);
    this.#waiting.set(token, setTimeout(() => this.#fire(token, at), Math.min(Math.ceil(rest), LONGEST)));
  }

  cancel(token: Token): void {
    clearTimeout(this.#waiting.get(token));
    this.#waiting.delete(token);
    clearImmediate(this.#due.get(token));
    this.#due.delete(token);
  }

  /** After a time in which the loop was busy, facts wait as well: they come first, for they are of before. */
  #fire(token: Token, at: Millis): void {
    if (this.#clock.now().mono < at) return this.set(token, at);
    this.#waiting.delete(token);
    this.#due.set(token, setImmediate(() => {
      this.#due.delete(token);
      this.#timeUp(token);
    }));
  }
}
