/**
 * A draft of the next state. A step writes into it and reads through it; only when the whole step has gone well is it
 * put in place. A step that throws leaves nothing half done, and costs what it touches, not what there is.
 */
import { draw } from "./chance.ts";
import type { Effect } from "./effect.ts";
import { Overlay } from "./overlay.ts";
import type { HistoryRecord } from "./record.ts";
import { roomOf } from "./state.ts";
import type { Course, Entry, Removed, Slot, State } from "./state.ts";
import { NOBODY } from "./tally.ts";
import type { Tally } from "./tally.ts";
import type { By, ExitWhen, Law, RunId, SlotId, Stamp, Token } from "./types.ts";

export class Draft {
  readonly now: Stamp;
  readonly effects: Effect[] = [];
  course: Course;
  exitWhen: ExitWhen;
  exitCode: number | null;
  leaveBy: By;
  urged: boolean;
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
    this.urged = state.urged;
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

  commit(): void {
    for (const part of [this.entries, this.removed, this.slots, this.runs, this.timers, this.tallies]) part.commit();
    this.#state.course = this.course;
    this.#state.exitWhen = this.exitWhen;
    this.#state.exitCode = this.exitCode;
    this.#state.leaveBy = this.leaveBy;
    this.#state.urged = this.urged;
    this.#state.asleep = this.asleep;
    this.#state.live = this.live;
    this.#state.followers = this.followers;
    this.#state.seed = this.#seed;
    this.#state.nextRun = this.#nextRun;
    this.#state.nextToken = this.#nextToken;
  }
}
