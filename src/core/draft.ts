/**
 * A draft of the next state. A step writes into it and reads through it; only when the whole step has gone well is it
 * put in place. A step that throws leaves nothing half done, and costs what it touches, not what there is.
 */
import type { Effect } from "./effect.ts";
import type { HistoryRecord } from "./record.ts";
import { runOf, timerOf } from "./state.ts";
import type { Course, Entry, Slot, State } from "./state.ts";
import { slotId } from "./types.ts";
import type { Law, RunId, SlotId, Stamp, Token } from "./types.ts";

export class Draft {
  readonly now: Stamp;
  readonly effects: Effect[] = [];
  course: Course;
  live: number;
  readonly entries: Overlay<string, Entry>;
  readonly slots: Overlay<SlotId, Slot>;
  readonly runs: Overlay<RunId, SlotId>;
  readonly timers: Overlay<Token, SlotId>;
  readonly #state: State;
  #nextRun: RunId;
  #nextToken: Token;

  constructor(state: State, now: Stamp) {
    this.#state = state;
    this.now = now;
    this.course = state.course;
    this.live = state.live;
    this.entries = new Overlay(state.entries);
    this.slots = new Overlay(state.slots);
    this.runs = new Overlay(state.runs);
    this.timers = new Overlay(state.timers);
    this.#nextRun = state.nextRun;
    this.#nextToken = state.nextToken;
  }

  newRun(): RunId {
    return this.#nextRun++;
  }

  newToken(): Token {
    return this.#nextToken++;
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  record(record: HistoryRecord): void {
    this.emit({ kind: "record", record });
  }

  law(slot: Slot): Law {
    const entry = this.entries.get(slot.entry);
    if (entry === undefined) throw new Error(`slot ${slot.entry}:${slot.number} has no entry`);
    return entry.law;
  }

  /** Whether a process is to be there: the slot's own wish holds only while Sentry keeps things running at all. */
  wants(slot: Slot): boolean {
    return slot.wanted && this.course === "keeping";
  }

  /**
   * Puts a slot in the place of what it was, and all that follows from its phase with it: the indexes, the timer,
   * the number of the living. `fired` is the timer that brought this about, if it was one: it needs no cancelling.
   */
  replace(before: Slot, after: Slot, fired: Token | null): void {
    const id = slotId(after.entry, after.number);
    this.slots.set(id, after);

    const [oldRun, run] = [runOf(before.phase), runOf(after.phase)];
    if (oldRun !== run) {
      if (oldRun !== null) this.runs.delete(oldRun);
      if (run !== null) this.runs.set(run, id);
    }

    const [oldTimer, timer] = [timerOf(before.phase), timerOf(after.phase)];
    if (oldTimer?.token !== timer?.token) {
      if (oldTimer !== null) this.timers.delete(oldTimer.token);
      if (oldTimer !== null && oldTimer.token !== fired) this.emit({ kind: "cancelTimer", token: oldTimer.token });
      if (timer !== null) this.timers.set(timer.token, id);
      if (timer !== null) this.emit({ kind: "setTimer", token: timer.token, at: timer.at });
    }

    this.live += Number(after.phase.kind !== "stopped") - Number(before.phase.kind !== "stopped");
    const beyond = after.number >= (this.entries.get(after.entry)?.count ?? 0);
    if (beyond && after.phase.kind === "stopped") this.slots.delete(id);
  }

  commit(): void {
    this.entries.commit();
    this.slots.commit();
    this.runs.commit();
    this.timers.commit();
    this.#state.course = this.course;
    this.#state.live = this.live;
    this.#state.nextRun = this.#nextRun;
    this.#state.nextToken = this.#nextToken;
  }
}

/** Changes to a map that are not made yet. */
class Overlay<K, V> {
  readonly #base: Map<K, V>;
  readonly #changes = new Map<K, V | undefined>();

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

  /** What was there before this step began. */
  committed(): V[] {
    return [...this.#base.values()];
  }

  commit(): void {
    for (const [key, value] of this.#changes) {
      if (value === undefined) this.#base.delete(key);
      else this.#base.set(key, value);
    }
  }
}
