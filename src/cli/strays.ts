/** Asks the waiting thread what has strayed: processes of ours of which nobody can say whose they are. */
import type { Addon, Fact, Stray } from "../native/addon.ts";

export class Strays {
  readonly #addon: Addon;
  readonly #askers = new Map<number, (strays: readonly Stray[]) => void>();
  #lastToken = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  ask(): Promise<readonly Stray[]> {
    const token = ++this.#lastToken;
    return new Promise((resolve) => {
      this.#askers.set(token, resolve);
      this.#addon.strays(token);
    });
  }

  answered({ token, strays }: Extract<Fact, { kind: "strays" }>): void {
    this.#askers.get(token)?.(strays);
    this.#askers.delete(token);
  }
}
