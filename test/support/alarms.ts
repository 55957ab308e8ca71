/** The part of the Witness that is about timers: each is set for something that is waited for, and for the right moment. */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { State } from "../../src/core/state.ts";
import type { Millis, RunId, SlotId, Token } from "../../src/core/types.ts";
import type { Lives } from "./lives.ts";
import type { Rolls, Run } from "./rolls.ts";
import type { Wishes } from "./wishes.ts";

/** How long the process that a daemon has left is watched: it may be one in between. */
const SETTLES: Millis = 250;

/** How long a new process has to stay. */
const STAYS: Millis = 1000;

export class Alarms {
  /** Whose they are, and for when. */
  readonly #timers = new Map<Token, { slot: SlotId | undefined; at: Millis; settles: boolean }>();
  readonly #ever = new Set<Token>();
  /** The Witness's: they change under our eyes. */
  readonly #runs: ReadonlyMap<RunId, Run>;
  readonly #rolls: Rolls;
  readonly #wishes: Wishes;

  readonly #lives: Lives;

  constructor(runs: ReadonlyMap<RunId, Run>, rolls: Rolls, wishes: Wishes, lives: Lives) {
    this.#lives = lives;
    this.#runs = runs;
    this.#rolls = rolls;
    this.#wishes = wishes;
  }

  get size(): number {
    return this.#timers.size;
  }

  forget(): void {
    this.#timers.clear();
    for (const run of this.#runs.values()) run.settling = false;
  }

  set(token: Token, at: Millis, command: Command, now: Millis, timers: State["timers"]): void {
    assert(command.kind === "resume" || !this.#ever.has(token), `timer ${token} is given twice`);
    assert(!this.#timers.has(token), `timer ${token} is set twice`);
    const slot = timers.get(token);
    this.#ever.add(token);
    const timer = { slot, at, settles: false };
    this.#timers.set(token, timer);
    if (slot === undefined) return; // cancelled in the same step
    const run = this.#of(slot);
    if (run === null) {
      const due = this.#wishes.due.get(slot);
      assert(due !== undefined && due.from <= at && at <= due.to, `${slot} waits for another moment than the one that is due`);
      this.#wishes.due.set(slot, { ...due, from: at, to: at });
    } else if (run.told !== "nothing") {
      assert.equal(at, run.graceEnd ?? run.patienceEnd, `${slot} has another grace`);
    } else if (run.readyBy !== null) {
      const settles = at === now + SETTLES || (command.kind === "resume" && at <= now + SETTLES);
      assert(run.found ? settles : at === run.readyBy, `${slot} has another deadline`);
    } else if (this.#rolls.isTried(run) && at === (run.startedAt ?? NaN) + STAYS && !this.#isWatchdog(run, at)) {
      this.#rolls.settle(run, at);
      timer.settles = true;
    } else {
      assert(at === run.silentBy || at === run.leaveBy, `${slot} has a timer for nothing`);
    }
  }

  cancel(token: Token): void {
    assert(this.#timers.delete(token), `timer ${token} is cancelled, and is not set`);
  }

  timeUp(token: Token, now: Millis): void {
    const { slot, settles = false } = this.#timers.get(token) ?? {};
    this.#timers.delete(token);
    const run = slot === undefined ? null : this.#of(slot);
    if (run === null || run.told !== "nothing") return;
    if (run.readyBy !== null && run.found) return this.#lives.found(run, now);
    if (run.readyBy !== null) run.doomed = "readyTimeout";
    else if (settles) this.#rolls.settled(run);
    else if (run.leaveBy !== null) run.doomed = "exited";
    else if ((run.every ?? this.#wishes.law(run.slot).watchdog) !== null) run.doomed = "watchdog";
    else run.silentBy = null;
  }

  /** There is one for each that is waited for, and no other. */
  check(): void {
    const waitedFor = [...this.#runs.values()].flatMap(({ told, graceEnd, patienceEnd, settling, readyBy, silentBy, leaveBy }) => {
      const moments = told !== "nothing" ? [graceEnd ?? patienceEnd] : readyBy !== null ? [readyBy] : [settling || null, silentBy, leaveBy];
      return moments.filter((moment) => moment !== null);
    });
    assert.equal(this.size, this.#wishes.due.size + waitedFor.length, "there are other timers than those that are waited for");
  }

  /** Both may be for the same moment; but what has said that it is ready need not stay. */
  #isWatchdog({ slot, silentBy }: Run, at: Millis): boolean {
    return at === silentBy && this.#wishes.law(slot).ready !== "started";
  }

  #of(slot: SlotId): Run | null {
    return [...this.#runs.values()].find((run) => run.slot === slot) ?? null;
  }
}
