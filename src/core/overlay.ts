/** Changes to a map that are not made yet: read through, and made all at once by `commit`. */
export class Overlay<K, V> {
  readonly #base: Map<K, V>;
  readonly #changes = new Map<K, V | undefined>();
  #order: readonly K[] = [];

  constructor(base: Map<K, V>) {
    this.#base = base;
  }

  get(key: K): V | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key);
  }

  set(key: K, value: V): void {
    this.#changes.set(key, value);
  }

  delete(key: K): void {
    this.#changes.set(key, undefined);
  }

  /** All that there is, in the old order; what is new comes last. */
  entries(): [K, V][] {
    const all = new Map<K, V | undefined>(this.#base);
    for (const [key, value] of this.#changes) all.set(key, value);
    return [...all].filter((entry): entry is [K, V] => entry[1] !== undefined);
  }

  /** These come last, in this order. */
  arrange(order: readonly K[]): void {
    this.#order = order;
  }

  commit(): void {
    for (const [key, value] of this.#changes) {
      if (value === undefined) this.#base.delete(key);
      else this.#base.set(key, value);
    }
    for (const key of this.#order) {
      const value = this.#base.get(key);
      if (value === undefined) continue;
      this.#base.delete(key);
      this.#base.set(key, value);
    }
  }
}
