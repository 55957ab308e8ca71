/** The part of the Witness that is about with what Sentry itself ends. */
import assert from "node:assert/strict";
import { constants } from "node:os";

import type { ExitWhen, Exit, Millis, SlotId } from "../../src/core/types.ts";

const OF_FAULTS: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126, ENOEXEC: 126 };

export class Outcomes {
  readonly #codes = new Map<SlotId, number>();
  readonly #times = new Map<SlotId, Millis>();
  /** Any of these; null: nothing has decided. */
  #expected: readonly number[] | null = null;

  exited(slot: SlotId, { code, signal }: Pick<Exit, "code" | "signal">): void {
    const numbers: Readonly<Record<string, number>> = constants.signals;
    this.#codes.set(slot, code ?? (signal === null ? 1 : 128 + (numbers[signal] ?? NaN)));
  }

  faulted(slot: SlotId, errno: string): void {
    this.#codes.set(slot, OF_FAULTS[errno] ?? 1);
  }

  over(slot: SlotId, at: Millis): void {
    this.#times.set(slot, at);
  }

  decide(exitWhen: ExitWhen, rested: (slot: SlotId) => string | null): void {
    const kinds = exitWhen === "any" ? ["finished", "failed"] : ["failed"];
    const meant = [...this.#times].filter(([slot]) => kinds.includes(rested(slot) ?? ""));
    const first = Math.min(...meant.map(([, at]) => at));
    const codes = meant.filter(([, at]) => at === first).map(([slot]) => {
      const code = this.#codes.get(slot) ?? NaN;
      return rested(slot) === "failed" && code === 0 ? 1 : code;
    });
    this.#expected = codes.length === 0 ? [0] : codes;
  }

  check(code: number): void {
    assert((this.#expected ?? [0]).includes(code), `it leaves with ${code}, and not with ${this.#expected?.join(" or ") ?? 0}`);
  }
}
