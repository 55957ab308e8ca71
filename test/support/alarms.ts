/** The part of the Witness that is about timers: each is set for something that is waited for, and for the right moment. */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { State } from "../../src/core/state.ts";
import type { Millis, RunId, SlotId, Token } from "../../src/core/types.ts";
import type { Rolls, Run } from "./rolls.ts";
import type { Wishes } from "./wishes.ts";

/** How long the process that a daemon has left is watched: it may be one in between. */
const SETTLES: Millis = 250;

export class Alarms {
  /** Whose timer this step is about. */
  fired: SlotId | undefined;
  /** Whose they are. */
  readonly #timers = new Map<Token, SlotId | undefined>();
  readonly #ever = new Set<Token>();
  /** The Witness's: they change under our eyes. */
  readonly #runs: ReadonlyMap<RunId, Run>;
  readonly #rolls: Rolls;
  readonly #wishes: Wishes;

  constructor(runs: ReadonlyMap<RunId, Run>, rolls: Rolls, wishes: Wishes) {
    this.#runs = runs;
    this.#rolls = rolls;
    this.#wishes = wishes;
  }

  get size(): number {
    return this.#timers.size;
  }

  forget(): void {
    this.#timers.clear();
  }

  set(token: Token, at: Millis, command: Command, now: Millis, timers: State["timers"]): void {
    assert(command.kind === "resume" || !this.#ever.has(token), `timer ${token} is given twice`);
    assert(!this.#timers.has(token), `timer ${token} is set twice`);
    const slot = timers.get(token);
    this.#ever.add(token);
    this.#timers.set(token, slot);
    if (slot === undefined) return; // cancelled in the same step
    const run = this.#of(slot);
    if (run === null) {
      const due = this.#wishes.due.get(slot);
      assert(due !== undefined && due.from <= at && at <= due.to, `${slot} waits for another moment than the one that is due`);
      this.#wishes.due.set(slot, { from: at, to: at });
    } else if (run.told !== "nothing") {
      assert.equal(at, run.graceEnd ?? run.patienceEnd, `${slot} has another grace`);
    } else if (run.readyBy === null) {
      this.#rolls.settle(run, at);
    } else {
      const settles = at === now + SETTLES || (command.kind === "resume" && at <= now + SETTLES);
      assert(run.found ? settles : at === run.readyBy, `${slot} has another deadline`);
    }
  }

  cancel(token: Token): void {
    assert(this.#timers.delete(token), `timer ${token} is cancelled, and is not set`);
  }

  timeUp(token: Token): void {
    const slot = this.fired = this.#timers.get(token);
    this.#timers.delete(token);
    const run = slot === undefined ? null : this.#of(slot);
    if (run === null || run.told !== "nothing") return;
    if (run.readyBy === null) this.#rolls.settled(run);
    else if (run.found) run.readyBy = null;
  }

  /** The timer of this step is the deadline of a daemon that has not been found. */
  isLate({ slot, readyBy, found }: Run, now: Millis): boolean {
    return readyBy !== null && readyBy <= now && !found && this.fired === slot;
  }

  /** There is one for each that is waited for, and no other. */
  check(): void {
    const waitedFor = [...this.#runs.values()].filter(({ told, graceEnd, patienceEnd, settling, readyBy }) =>
      told === "nothing" ? settling || readyBy !== null : graceEnd !== null || patienceEnd !== null);
    assert.equal(this.size, this.#wishes.due.size + waitedFor.length, "there are other timers than those that are waited for");
  }

  #of(slot: SlotId): Run | null {
    return [...this.#runs.values()].find((run) => run.slot === slot) ?? null;
  }
}
