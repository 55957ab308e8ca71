/**
 * How often something took how long. Only counts are kept, so it costs the same after years as at the beginning, and an
 * image can leave it to the next one.
 */
export interface Counted {
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[];
  /** How many were above the bound before and not above this one; the last: above all of them. */
  readonly counts: readonly number[];
  /** Of all, in seconds. */
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum: number;

  /** @param left by an earlier image; nothing of it is used where its bounds were others */
  constructor(bounds: readonly number[], left: Counted | null = null) {
    const kept = left !== null && String(left.bounds) === String(bounds) ? left : null;
    this.#bounds = bounds;
    this.#counts = bounds.map((_, index) => kept?.counts[index] ?? 0);
    this.#counts.push(kept?.counts[bounds.length] ?? 0);
    this.#sum = kept?.sum ?? 0;
  }

  /** What clocks say may run backwards a little; time does not. */
  observe(seconds: number): void {
    const taken = Math.max(0, seconds);
    const bucket = this.#bounds.findIndex((bound) => taken <= bound);
    const index = bucket === -1 ? this.#bounds.length : bucket;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += taken;
  }

  get counted(): Counted {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
