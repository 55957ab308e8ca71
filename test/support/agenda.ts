/** Virtual time: it passes only when told to, and what is due in it happens in order. */
import type { Clock } from "../../src/engine/ports.ts";
import type { Millis, Stamp } from "../../src/core/types.ts";

interface Item {
  readonly at: Millis;
  readonly act: () => void;
}

export class Agenda implements Clock {
  /** How far the wall clock has been set away from where it was. */
  wallSetBy: Millis = 0;
  #mono: Millis = 5_000_000;
  #items: Item[] = [];

  now(): Stamp {
    return { wall: (1_334_000_000_000 + this.#mono + this.wallSetBy) * 1000, mono: this.#mono };
  }

  /** Things due at the same moment happen in the order in which they were put in. Returns how to call it off. */
  at(at: Millis, act: () => void): () => void {
    const item: Item = { at: Math.max(at, this.#mono), act };
    let place = this.#items.length;
    while (place > 0 && this.#items[place - 1]!.at > item.at) place--;
    this.#items.splice(place, 0, item);
    return () => { this.#items = this.#items.filter((other) => other !== item); };
  }

  in(millis: Millis, act: () => void): () => void {
    return this.at(this.#mono + millis, act);
  }

  pass(millis: Millis): void {
    const end = this.#mono + millis;
    while (this.#items.length > 0 && this.#items[0]!.at <= end) this.next();
    this.#mono = end;
  }

  /** Lets the next thing happen. False where nothing is to come. */
  next(): boolean {
    const item = this.#items.shift();
    if (item === undefined) return false;
    this.#mono = item.at;
    item.act();
    return true;
  }
}
