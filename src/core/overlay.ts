/** Changes to a map that are not made yet: read through, and made all at once by `commit`. */
export class Overlay<K, V> {
  readonly #base: Map<K, V>;
  /** Most steps leave most maps as they are, and there are many steps: null until something changes. */
  #changes: Map<K, V | undefined> | null = null;
  #order: readonly K[] | null = null;

  constructor(base: Map<K, V>) {
    this.#base = base;
  }

  get(key: K): V | undefined {
    const changes = this.#changes;
    if (changes === null) return this.#base.get(key);
    return changes.get(key) ?? (changes.has(key) ? undefined : this.#base.get(key));
  }

  set(key: K, value: V): void {
    (this.#changes ??= new Map()).set(key, value);
  }

  delete(key: K): void {
    (this.#changes ??= new Map()).set(key, undefined);
  }

  /** The keys that something was changed of; also those that are, while they are gone through. */
  changed(): Iterable<K> {
    return this.#changes?.keys() ?? [];
  }

  /** All that there is, in the old order; what is new comes last. */
  entries(): [K, V][] {
    const all = new Map<K, V | undefined>(this.#base);
    for (const [key, value] of this.#changes ?? []) all.set(key, value);
    return [...all].filter((entry): entry is [K, V] => entry[1] !== undefined);
  }

  /** These come last, in this order. */
  arrange(order: readonly K[]): void {
    this.#order = order;
  }

  commit(): void {
    if (this.#changes !== null) this.#write(this.#changes);
    if (this.#order !== null) this.#arrange(this.#order);
  }

  #write(changes: ReadonlyMap<K, V | undefined>): void {
    for (const [key, value] of changes) {
      if (value === undefined) this.#base.delete(key);
      else this.#base.set(key, value);
    }
  }

  #arrange(order: readonly K[]): void {
    for (const key of order) {
      const value = this.#base.get(key);
      if (value === undefined) continue;
      this.#base.delete(key);
      this.#base.set(key, value);
    }
  }
}
