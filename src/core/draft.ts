/**
 * A draft of the next state. A step writes into it and reads through it; only when the whole step has gone well is it
 * put in place. A step that throws leaves nothing half done, and costs what it touches, not what there is.
 */
import { draw } from "./chance.ts";
import type { Effect } from "./effect.ts";
import { Overlay } from "./overlay.ts";
import type { HistoryRecord } from "./record.ts";
import { isAtRest, roomOf, runOf, timerOf } from "./state.ts";
import type { Course, Entry, Phase, Removed, Slot, State } from "./state.ts";
import { slotId } from "./types.ts";
import type { By, Law, RunId, SlotId, Stamp, Token } from "./types.ts";

export class Draft {
  readonly now: Stamp;
  readonly effects: Effect[] = [];
  course: Course;
  leaveBy: By;
  asleep: boolean;
  live: number;
  readonly entries: Overlay<string, Entry>;
  readonly removed: Overlay<string, Removed>;
  readonly slots: Overlay<SlotId, Slot>;
  readonly runs: Overlay<RunId, SlotId>;
  readonly timers: Overlay<Token, SlotId>;
  readonly #state: State;
  #seed: number;
  #nextRun: RunId;
  #nextToken: Token;

  constructor(state: State, now: Stamp) {
    this.#state = state;
    this.now = now;
    this.course = state.course;
    this.leaveBy = state.leaveBy;
    this.asleep = state.asleep;
    this.live = state.live;
    this.entries = new Overlay(state.entries);
    this.removed = new Overlay(state.removed);
    this.slots = new Overlay(state.slots);
    this.runs = new Overlay(state.runs);
    this.timers = new Overlay(state.timers);
    this.#seed = state.seed;
    this.#nextRun = state.nextRun;
    this.#nextToken = state.nextToken;
  }

  newRun(): RunId {
    return this.#nextRun++;
  }

  newToken(): Token {
    return this.#nextToken++;
  }

  /** Another Sentry than the one before has other numbers: two machines that begin alike are not to go on alike. */
  reseed(): void {
    this.#seed = this.now.wall >>> 0;
  }

  /** From 0 to 1. */
  random(): number {
    const { random, seed } = draw(this.#seed);
    this.#seed = seed;
    return random;
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  record(record: HistoryRecord): void {
    this.emit({ kind: "record", record });
  }

  law(slot: Slot): Law {
    const entry = this.entries.get(slot.entry) ?? this.removed.get(slot.entry);
    if (entry === undefined) throw new Error(`slot ${slot.entry}:${slot.number} has no entry`);
    return entry.law;
  }

  /** Slots from this number on are only there until their processes have ended. */
  count(entry: string): number {
    return this.entries.get(entry)?.count ?? 0;
  }

  /** The same, but for the extra slot of a rolling restart. */
  room(name: string): number {
    const entry = this.entries.get(name);
    return entry === undefined ? 0 : roomOf(entry);
  }

  /** Whether a rolling restart goes on only once this slot has a new process that stays. */
  awaits({ entry, number }: Slot): boolean {
    return this.entries.get(entry)?.rolling?.awaited === number;
  }

  /** Whether a process is to be there: the slot's own wish holds only while Sentry keeps things running at all. */
  wants(slot: Slot): boolean {
    return slot.wanted && this.course === "keeping";
  }

  /**
   * Puts a slot in the place of what it was, and all that follows from its phase with it: the start, the timer, the
   * indexes, the number of the living. `fired` is the timer that brought this about, if it was one: it needs no
   * cancelling.
   */
  replace(before: Slot, after: Slot, fired: Token | null): void {
    const id = slotId(after.entry, after.number);
    this.slots.set(id, after);

    const [oldTimer, timer] = [timerOf(before.phase), timerOf(after.phase)];
    if (oldTimer?.token !== timer?.token) {
      if (oldTimer !== null) this.timers.delete(oldTimer.token);
      if (timer !== null) this.timers.set(timer.token, id);
      if (!this.asleep && oldTimer?.token !== fired) this.#cancelTimer(before.phase);
      if (!this.asleep) this.#setTimer(after.phase);
    }

    const [oldRun, run] = [runOf(before.phase), runOf(after.phase)];
    if (oldRun !== run) {
      if (oldRun !== null) this.runs.delete(oldRun);
      if (run !== null) this.runs.set(run, id);
      if (!this.asleep) this.#start(after);
    }

    const more = Number(isAtRest(before.phase)) - Number(isAtRest(after.phase));
    if (more !== 0) this.#enliven(after.entry, more);
    if (after.number >= this.count(after.entry) && after.phase.kind === "stopped") this.slots.delete(id);
  }

  /** Begins what the phase of an inherited slot names: sets its timer for the same moment, asks for its start. */
  wake(slot: Slot): void {
    this.#setTimer(slot.phase);
    this.#start(slot);
  }

  #cancelTimer(phase: Phase): void {
    const timer = timerOf(phase);
    if (timer !== null) this.emit({ kind: "cancelTimer", token: timer.token });
  }

  #setTimer(phase: Phase): void {
    const timer = timerOf(phase);
    if (timer !== null) this.emit({ kind: "setTimer", token: timer.token, at: timer.at });
  }

  #start({ entry, number, phase }: Slot): void {
    if (phase.kind === "starting") this.emit({ kind: "spawn", run: phase.run, entry, slot: number });
  }

  #enliven(entry: string, more: number): void {
    this.live += more;
    const removed = this.removed.get(entry);
    if (removed === undefined) return;
    const live = removed.live + more;
    if (live > 0) this.removed.set(entry, { ...removed, live });
    else this.removed.delete(entry);
  }

  commit(): void {
    for (const part of [this.entries, this.removed, this.slots, this.runs, this.timers]) part.commit();
    this.#state.course = this.course;
    this.#state.leaveBy = this.leaveBy;
    this.#state.asleep = this.asleep;
    this.#state.live = this.live;
    this.#state.seed = this.#seed;
    this.#state.nextRun = this.#nextRun;
    this.#state.nextToken = this.#nextToken;
  }
}
