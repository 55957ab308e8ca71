/** First in, first out, at the same small cost however many wait. */
export class Queue<T> {
  #arriving: T[] = [];
  #leaving: T[] = [];
  #next = 0;

  push(item: T): void {
    this.#arriving.push(item);
  }

  shift(): T | undefined {
    if (this.#next === this.#leaving.length) {
      if (this.#arriving.length === 0) return undefined;
      this.#leaving = this.#arriving;
      this.#arriving = [];
      this.#next = 0;
    }
    return this.#leaving[this.#next++];
  }
}
