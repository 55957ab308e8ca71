/**
 * A draft of the next state. A step writes into it and reads through it; only when the whole step has gone well is it
 * put in place. A step that throws leaves nothing half done, and costs what it touches, not what there is.
 */
import { draw } from "./chance.ts";
import type { Effect } from "./effect.ts";
import { Overlay } from "./overlay.ts";
import type { HistoryRecord } from "./record.ts";
import { probeOf } from "./probing.ts";
import type { Probing } from "./probing.ts";
import { isAtRest, roomOf, runOf, timersOf } from "./state.ts";
import type { Course, Entry, Removed, Slot, State, Timer } from "./state.ts";
import { moved, NOBODY, standingOf } from "./tally.ts";
import type { Standing, Tally } from "./tally.ts";
import { slotId } from "./types.ts";
import type { By, ExitWhen, Law, RunId, SlotId, Stamp, Token } from "./types.ts";

export class Draft {
  readonly now: Stamp;
  readonly effects: Effect[] = [];
  course: Course;
  exitWhen: ExitWhen;
  exitCode: number | null;
  leaveBy: By;
  asleep: boolean;
  live: number;
  followers: State["followers"];
  readonly entries: Overlay<string, Entry>;
  readonly removed: Overlay<string, Removed>;
  readonly slots: Overlay<SlotId, Slot>;
  readonly runs: Overlay<RunId, SlotId>;
  readonly timers: Overlay<Token, SlotId>;
  /** What is changed here in a step is what others may have waited for. */
  readonly tallies: Overlay<string, Tally>;
  /** Slots that are blocked since this step. */
  readonly blocked: SlotId[] = [];
  readonly #state: State;
  #seed: number;
  #nextRun: RunId;
  #nextToken: Token;

  constructor(state: State, now: Stamp) {
    this.#state = state;
    this.now = now;
    this.course = state.course;
    this.exitWhen = state.exitWhen;
    this.exitCode = state.exitCode;
    this.leaveBy = state.leaveBy;
    this.asleep = state.asleep;
    this.live = state.live;
    this.followers = state.followers;
    this.entries = new Overlay(state.entries);
    this.removed = new Overlay(state.removed);
    this.slots = new Overlay(state.slots);
    this.runs = new Overlay(state.runs);
    this.timers = new Overlay(state.timers);
    this.tallies = new Overlay(state.tallies);
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
    const law = this.lawOf(slot.entry);
    if (law === null) throw new Error(`slot ${slot.entry}:${slot.number} has no entry`);
    return law;
  }

  /** Also of one that was taken out, as long as something of it is there. */
  lawOf(entry: string): Law | null {
    return (this.entries.get(entry) ?? this.removed.get(entry))?.law ?? null;
  }

  /** It is to be looked at in this step, although nothing of it has changed. */
  touch(entry: string): void {
    this.tallies.set(entry, this.tally(entry));
  }

  tally(entry: string): Tally {
    return this.tallies.get(entry) ?? NOBODY;
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
   * Puts an entry in the place of what it was. Another count makes slots of which nothing else changes stand elsewhere: the
   * extra one of a rolling restart may be one of the others now, and of those that go no one stands anywhere.
   */
  putEntry(entry: Entry): void {
    const { law: { name }, count } = entry;
    const before = this.count(name);
    for (let number = Math.min(before, count); number < Math.max(before, count); number++) {
      const slot = this.slots.get(slotId(name, number));
      if (slot === undefined || !slot.wanted) continue;
      const standing = standingOf(slot.phase);
      this.#count(name, number < before ? standing : null, number < count ? standing : null, 0);
    }
    this.entries.set(name, entry);
  }

  /**
   * Puts a slot in the place of what it was, and all that follows from its phase with it: the start, the timers, the
   * probe, the indexes, the counts. `fired` is the timer that brought this about, if it was one: it needs no cancelling.
   */
  replace(before: Slot, after: Slot, fired: Token | null): void {
    const id = slotId(after.entry, after.number);
    const was = this.slots.get(id);
    this.slots.set(id, after);
    this.#replaceTimers(id, timersOf(before.phase), timersOf(after.phase), fired);

    const [oldRun, run] = [runOf(before.phase), runOf(after.phase)];
    if (oldRun !== run) {
      if (oldRun !== null) this.runs.delete(oldRun);
      if (run !== null) this.runs.set(run, id);
      if (!this.asleep) this.#start(after);
    }
    if (!this.asleep && before.phase !== after.phase) this.#replaceProbe(this.#probing(before), this.#probing(after), after);
    if (after.phase.kind === "blocked" && before.phase.kind !== "blocked") this.blocked.push(id);

    const more = Number(isAtRest(before.phase)) - Number(isAtRest(after.phase));
    this.#count(after.entry, was === undefined ? null : this.#standing(was), this.#standing(after), more);
    if (more !== 0) this.#enliven(after.entry, more);
    if (after.number >= this.count(after.entry) && after.phase.kind === "stopped") this.slots.delete(id);
  }

  /** Begins what the phase of an inherited slot names: sets its timers for the same moments, asks for its start, probes it. */
  wake(slot: Slot): void {
    for (const timer of timersOf(slot.phase)) this.#setTimer(timer);
    this.#start(slot);
    this.#replaceProbe(null, this.#probing(slot), slot);
  }

  /** The slot's law is another one now, and it may be looked at in another way. */
  reprobe(slot: Slot, before: Law): void {
    if (!this.asleep) this.#replaceProbe(probeOf(before, slot.phase), this.#probing(slot), slot);
  }

  #replaceTimers(id: SlotId, before: readonly Timer[], after: readonly Timer[], fired: Token | null): void {
    if (before.length === 0 && after.length === 0) return;
    for (const { token } of before) {
      if (after.some((timer) => timer.token === token)) continue;
      this.timers.delete(token);
      if (!this.asleep && token !== fired) this.emit({ kind: "cancelTimer", token });
    }
    for (const timer of after) {
      if (before.some(({ token }) => token === timer.token)) continue;
      this.timers.set(timer.token, id);
      if (!this.asleep) this.#setTimer(timer);
    }
  }

  #setTimer({ token, at }: Timer): void {
    this.emit({ kind: "setTimer", token, at });
  }

  #probing({ entry, phase }: Slot): Probing | null {
    const law = phase.kind === "readying" || phase.kind === "running" ? this.lawOf(entry) : null;
    return law === null ? null : probeOf(law, phase);
  }

  #replaceProbe(before: Probing | null, after: Probing | null, { entry, number }: Slot): void {
    if (before?.run === after?.run && before?.what === after?.what && before?.pid === after?.pid) return;
    if (after !== null) this.emit({ kind: "probe", ...after, entry, slot: number });
    else if (before !== null) this.emit({ kind: "unprobe", run: before.run });
  }

  #start({ entry, number, phase }: Slot): void {
    if (phase.kind === "starting") this.emit({ kind: "spawn", run: phase.run, entry, slot: number });
  }

  #standing({ entry, number, wanted, phase }: Slot): Standing | null {
    return wanted && number < this.count(entry) ? standingOf(phase) : null;
  }

  #count(entry: string, from: Standing | null, to: Standing | null, more: number): void {
    if (from === to && more === 0) return;
    this.tallies.set(entry, moved(this.tally(entry), from, to, more));
  }

  #enliven(entry: string, more: number): void {
    this.live += more;
    const removed = this.removed.get(entry);
    if (removed === undefined) return;
    const live = removed.live + more;
    if (live > 0) this.removed.set(entry, { ...removed, live });
    else {
      this.removed.delete(entry);
      this.tallies.delete(entry);
    }
  }

  commit(): void {
    for (const part of [this.entries, this.removed, this.slots, this.runs, this.timers, this.tallies]) part.commit();
    this.#state.course = this.course;
    this.#state.exitWhen = this.exitWhen;
    this.#state.exitCode = this.exitCode;
    this.#state.leaveBy = this.leaveBy;
    this.#state.asleep = this.asleep;
    this.#state.live = this.live;
    this.#state.followers = this.followers;
    this.#state.seed = this.#seed;
    this.#state.nextRun = this.#nextRun;
    this.#state.nextToken = this.#nextToken;
  }
}
