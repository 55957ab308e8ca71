/**
 * The part of the Witness that is about wishes: which entries there are, which slots are wanted, and what is due in those of
 * them that have no process.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { ExitWhen, Law, Millis, RunId, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { entryOf } from "./rolls.ts";
import type { Rolls, Run } from "./rolls.ts";
import { Verdicts } from "./verdicts.ts";
import type { Due, Verdict } from "./verdicts.ts";

type Wish = Extract<Command, { kind: "start" | "up" | "down" | "restart" | "scale" | "roll" | "stop" | "reload" | "changed" | "due" }>;

export class Wishes {
  /** How often a whole stop was asked for. */
  stops = 0;
  /** How often so that the second time hurries. */
  urges = 0;
  readonly counts = new Map<string, number>();
  readonly wanted = new Set<SlotId>();
  readonly due = new Map<SlotId, Due>();
  /** Wanted, and waiting for others, or for their time; that is told. */
  readonly blocked = new Set<SlotId>();
  readonly scheduled = new Set<SlotId>();
  exitWhen: ExitWhen = null;
  /** Of the last reload: entries whose processes have to be others. */
  replaced: ReadonlySet<string> = new Set();
  laws: ReadonlyMap<string, Law>;
  /** By these is ended what a reload replaces. */
  #lawsBefore: ReadonlyMap<string, Law>;
  /** Wanted, and yet nothing comes; whether that is told already. */
  readonly #atRest = new Map<SlotId, { verdict: "finished" | "failed"; told: boolean }>();
  readonly #verdicts = new Verdicts();
  /** The Witness's: they change under our eyes. */
  readonly #runs: ReadonlyMap<RunId, Run>;
  readonly #rolls: Rolls;

  constructor(laws: readonly Law[], runs: ReadonlyMap<RunId, Run>, rolls: Rolls) {
    this.laws = this.#lawsBefore = new Map(laws.map((law) => [law.name, law]));
    this.#runs = runs;
    this.#rolls = rolls;
  }

  /** `lastRun`: none is newer than that one. */
  hear(command: Wish, lastRun: RunId, now: Millis, opened: (name: string) => boolean): void {
    if (command.kind === "start") return this.#start(command, now);
    if (command.kind === "stop") return this.#stop(command.hurry);
    if (this.stops > 0) return;
    switch (command.kind) {
      case "up": case "restart":
        if (!this.exists(command.slot)) return;
        this.ask(command.slot, now);
        return this.#want(command.slot, now, true);
      case "down":
        if (!this.exists(command.slot)) return;
        this.#rolls.failed(command.slot);
        return this.unwant(command.slot);
      case "scale": {
        const before = this.counts.get(command.entry);
        return before === undefined ? undefined : this.#recount(command.entry, before, command.count, before, now);
      }
      case "changed": return this.#again(command.entry, now, false);
      case "due": return command.now && this.#isScheduled(command.entry) ? this.#again(command.entry, now, true) : undefined;
      case "roll": return this.#roll(command.entry, lastRun, now, opened(command.entry));
      case "reload": return this.#reload(command, now);
    }
  }

  law(slot: SlotId, before = false): Law {
    const law = (before ? this.#lawsBefore : this.laws).get(entryOf(slot));
    assert(law !== undefined, `${slot} has no law`);
    return law;
  }

  exists(slot: SlotId): boolean {
    return Number(slot.slice(slot.lastIndexOf(":") + 1)) < (this.counts.get(entryOf(slot)) ?? 0);
  }

  /** At what a slot without a process is. */
  rested(slot: SlotId): "finished" | "failed" | "blocked" | "scheduled" | null {
    if (this.blocked.has(slot)) return "blocked";
    return this.scheduled.has(slot) ? "scheduled" : this.#atRest.get(slot)?.verdict ?? null;
  }

  /** It is told that a slot waits for others, or for its time. That begins a row of failures anew. */
  hold(slot: SlotId, where: "blocked" | "scheduled", now: Millis, mayBeAsked: boolean): void {
    const due = this.due.get(slot);
    if (this[where].has(slot)) return assert(where === "scheduled", `${slot} is told to be blocked once more`);
    assert(due !== undefined && due.from <= now, `${slot} is ${where}, and is not to begin`);
    if (where === "scheduled") {
      assert(this.law(slot).schedule !== null, `${slot} waits for its time, and has none`);
      assert(due.asked === undefined || mayBeAsked, `${slot} waits for its time, and somebody has asked for it`);
    }
    this.due.delete(slot);
    this.#verdicts.forget(slot);
    this[where].add(slot);
  }

  /** What was blocked begins. */
  open(name: string, now: Millis): void {
    for (const slot of this.blocked) {
      if (entryOf(slot) !== name) continue;
      this.blocked.delete(slot);
      this.due.set(slot, { from: now, to: now, asked: true });
    }
  }

  /** What has to follow from an end that nobody has asked for. */
  judge({ slot }: Run, at: Millis, ran: Millis | null, code: number | null): Verdict {
    const verdict = this.#verdicts.after(slot, this.law(slot), { at, ran, code });
    if (verdict === "finished") this.#rolls.finished(slot);
    else this.#rolls.failed(slot);
    return verdict;
  }

  /** A run is over. `verdict`: what its end has led to; null: somebody had asked for it. */
  over(slot: SlotId, verdict: Verdict | null, now: Millis): void {
    if (!this.wanted.has(slot)) return this.#verdicts.forget(slot);
    // What has a schedule waits for that, however it has ended.
    if (verdict !== null && (typeof verdict === "string" || verdict.asked === undefined) && this.law(slot).schedule !== null) {
      this.due.set(slot, { from: now, to: now });
      return;
    }
    if (verdict === "finished" || verdict === "failed") {
      this.#verdicts.forget(slot);
      this.#atRest.set(slot, { verdict, told: false });
      return;
    }
    const { from, to, ...rest } = verdict ?? { from: now, to: now, asked: true };
    this.due.set(slot, { from: Math.max(now, from), to: Math.max(now, to), ...rest });
  }

  /** That a slot has come to rest is told, once. */
  rest(slot: SlotId, type: "finished" | "failed"): void {
    const rest = this.#atRest.get(slot);
    assert(rest?.verdict === type && !rest.told, `${slot} is told to be ${type}`);
    rest.told = true;
  }

  /** Somebody wants that slot's next process at once. */
  ask(slot: SlotId, now: Millis): void {
    const at: Due = { from: now, to: now, asked: true };
    if (this.#atRest.delete(slot) || this.due.has(slot) || this.scheduled.delete(slot)) this.due.set(slot, at);
    const run = this.#of(slot);
    if (run !== null) this.#askFor(run, at);
  }

  unwant(slot: SlotId): void {
    this.wanted.delete(slot);
    this.due.delete(slot);
    this.#atRest.delete(slot);
    this.blocked.delete(slot);
    this.scheduled.delete(slot);
    const run = this.#of(slot);
    if (run === null) this.#verdicts.forget(slot);
    else this.#askFor(run, null);
  }

  /** Whoever is wanted and has no process is due, or has come to rest; and that is told. */
  check(now: Millis): void {
    for (const [slot, { told }] of this.#atRest) assert(told, `it is not told that ${slot} has come to rest`);
    for (const slot of this.wanted) {
      const isThere = this.#of(slot) !== null || this.rested(slot) !== null;
      assert(isThere || (this.due.get(slot)?.to ?? -1) >= now, `${slot} is wanted, and is forgotten`);
    }
  }

  #start({ laws, exitWhen }: Extract<Command, { kind: "start" }>, now: Millis): void {
    this.exitWhen = exitWhen;
    for (const { name, count } of laws) this.#recount(name, 0, count, 0, now);
  }

  #stop(hurry: boolean): void {
    this.stops++;
    if (hurry) this.urges++;
    for (const slot of [...this.wanted]) this.unwant(slot);
    for (const run of this.#runs.values()) this.#askFor(run, null);
  }

  /** The law itself wants another process of each: a file has changed, or they are due. */
  #again(name: string, now: Millis, isDue: boolean): void {
    for (let number = 0; number < (this.counts.get(name) ?? 0); number++) {
      const slot = slotId(name, number);
      const run = this.#of(slot);
      if (!this.wanted.has(slot) || this.blocked.has(slot) || (this.scheduled.has(slot) && !isDue)) continue;
      if (isDue && run !== null && this.law(slot).schedule === "skip") continue;
      if (run?.told === "nothing" && run.ended === null) run.doomed = "again";
      this.ask(slot, now);
    }
  }

  #roll(name: string, lastRun: RunId, now: Millis, isOpened: boolean): void {
    const count = this.counts.get(name);
    if (count === undefined) return;
    const extra = slotId(name, count);
    if (![...this.wanted].some((slot) => entryOf(slot) === name && slot !== extra)) return;
    if (this.#isScheduled(name) || !isOpened) return this.#rolls.refuse(name, extra);
    this.#rolls.ask(name, extra, lastRun);
    this.#want(extra, now);
  }

  #reload({ laws, replaced, exitWhen }: Extract<Command, { kind: "reload" }>, now: Millis): void {
    this.exitWhen = exitWhen;
    const old = this.#lawsBefore = this.laws;
    this.laws = new Map([...old, ...laws.map((law) => [law.name, law] as const)]);
    this.replaced = new Set(replaced.filter((name) => this.counts.has(name)));
    for (const [name, count] of this.counts) {
      if (laws.some((law) => law.name === name)) continue;
      this.#recount(name, 0, 0, count, now);
      this.counts.delete(name);
    }
    for (const { name, count } of laws) {
      const before = this.counts.get(name);
      if (before !== undefined && this.replaced.has(name)) this.#replace(name, now);
      if (before !== undefined && !this.#isScheduled(name)) {
        for (const slot of this.scheduled) if (entryOf(slot) === name) this.ask(slot, now);
      }
      // What waits for its restart waits for its time.
      if (this.#isScheduled(name) && (old.get(name)?.schedule ?? null) === null) {
        for (const [slot] of this.due) if (entryOf(slot) === name) this.due.set(slot, { from: now, to: now });
      }
      // What was scaled, up or down holds, until the configuration itself says another count.
      if (before === undefined || old.get(name)?.count !== count) this.#recount(name, 0, count, before ?? 0, now);
    }
  }

  #recount(name: string, from: number, count: number, before: number, now: Millis): void {
    for (let n = from; n < count; n++) this.#want(slotId(name, n), now);
    for (let n = count; n < before; n++) this.unwant(slotId(name, n));
    this.counts.set(name, count);
  }

  /** What has come to rest is begun, for it is another program; what waits goes on waiting. */
  #replace(name: string, now: Millis): void {
    for (const [slot] of this.#atRest) if (entryOf(slot) === name && this.wanted.has(slot)) this.ask(slot, now);
    for (const run of this.#runs.values()) {
      if (entryOf(run.slot) !== name || !this.wanted.has(run.slot)) continue;
      if (run.ended === null || typeof run.ended.verdict === "string") this.#askFor(run, { from: now, to: now, asked: true });
    }
  }

  /** Somebody says what comes after an end that nobody had asked for. */
  #askFor(run: Run, due: Due | null): void {
    if (run.told !== "nothing") run.asked = true;
    const verdict = run.ended?.verdict ?? null;
    if (run.ended === null || verdict === null) return;
    if (due === null || typeof verdict === "string") this.#verdicts.forget(run.slot);
    run.ended.verdict = due;
  }

  #want(slot: SlotId, now: Millis, asked = false): void {
    if (this.stops > 0 || this.wanted.has(slot)) return;
    this.wanted.add(slot);
    if (this.#of(slot) === null) this.due.set(slot, { from: now, to: now, ...asked && { asked } });
  }

  #isScheduled(name: string): boolean {
    return (this.laws.get(name)?.schedule ?? null) !== null;
  }

  #of(slot: SlotId): Run | null {
    return [...this.#runs.values()].find((run) => run.slot === slot) ?? null;
  }
}
