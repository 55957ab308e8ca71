/**
 * The part of the Witness that is about wishes: which entries there are, which slots are wanted, and what is due in those of
 * them that have no process.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Law, Millis, RunId, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { entryOf } from "./rolls.ts";
import type { Rolls, Run } from "./rolls.ts";
import { Verdicts } from "./verdicts.ts";
import type { Due, Verdict } from "./verdicts.ts";

type Wish = Extract<Command, { kind: "start" | "up" | "down" | "restart" | "scale" | "roll" | "stop" | "reload" }>;

export class Wishes {
  /** How often a whole stop was asked for, as far as that means anything new. */
  stops = 0;
  readonly counts = new Map<string, number>();
  readonly wanted = new Set<SlotId>();
  readonly due = new Map<SlotId, Due>();
  /** Of the last reload: entries whose processes have to be others. */
  replaced: ReadonlySet<string> = new Set();
  #laws: ReadonlyMap<string, Law>;
  /** By these is ended what a reload replaces. */
  #lawsBefore: ReadonlyMap<string, Law>;
  /** Wanted, and yet nothing comes; whether that is told already. */
  readonly #atRest = new Map<SlotId, { verdict: "finished" | "failed"; told: boolean }>();
  readonly #verdicts = new Verdicts();
  /** The Witness's: they change under our eyes. */
  readonly #runs: ReadonlyMap<RunId, Run>;
  readonly #rolls: Rolls;

  constructor(laws: readonly Law[], runs: ReadonlyMap<RunId, Run>, rolls: Rolls) {
    this.#laws = this.#lawsBefore = new Map(laws.map((law) => [law.name, law]));
    this.#runs = runs;
    this.#rolls = rolls;
  }

  /** `lastRun`: none is newer than that one. */
  hear(command: Wish, lastRun: RunId, now: Millis): void {
    if (command.kind === "start") return this.#start(command.laws, now);
    if (command.kind === "stop") return this.#stop(command.hurry);
    if (this.stops > 0) return;
    switch (command.kind) {
      case "up": case "restart":
        if (!this.exists(command.slot)) return;
        this.ask(command.slot, now);
        return this.#want(command.slot, now);
      case "down":
        if (!this.exists(command.slot)) return;
        this.#rolls.failed(command.slot);
        return this.unwant(command.slot);
      case "scale": {
        const before = this.counts.get(command.entry);
        return before === undefined ? undefined : this.#recount(command.entry, before, command.count, before, now);
      }
      case "roll": return this.#roll(command.entry, lastRun, now);
      case "reload": return this.#reload(command, now);
    }
  }

  law(slot: SlotId, before = false): Law {
    const law = (before ? this.#lawsBefore : this.#laws).get(entryOf(slot));
    assert(law !== undefined, `${slot} has no law`);
    return law;
  }

  exists(slot: SlotId): boolean {
    return Number(slot.slice(slot.lastIndexOf(":") + 1)) < (this.counts.get(entryOf(slot)) ?? 0);
  }

  isAtRest(slot: SlotId): boolean {
    return this.#atRest.has(slot);
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
    if (verdict === "finished" || verdict === "failed") {
      this.#verdicts.forget(slot);
      this.#atRest.set(slot, { verdict, told: false });
      return;
    }
    const { from, to } = verdict ?? { from: now, to: now };
    this.due.set(slot, { from: Math.max(now, from), to: Math.max(now, to) });
  }

  /** That a slot has come to rest is told, once. */
  rest(slot: SlotId, type: "finished" | "failed"): void {
    const rest = this.#atRest.get(slot);
    assert(rest?.verdict === type && !rest.told, `${slot} is told to be ${type}`);
    rest.told = true;
  }

  /** Somebody wants that slot's next process at once. */
  ask(slot: SlotId, now: Millis): void {
    const at = { from: now, to: now };
    if (this.#atRest.delete(slot) || this.due.has(slot)) this.due.set(slot, at);
    const run = this.#of(slot);
    if (run !== null) this.#askFor(run, at);
  }

  unwant(slot: SlotId): void {
    this.wanted.delete(slot);
    this.due.delete(slot);
    this.#atRest.delete(slot);
    const run = this.#of(slot);
    if (run === null) this.#verdicts.forget(slot);
    else this.#askFor(run, null);
  }

  /** Whoever is wanted and has no process is due, or has come to rest; and that is told. */
  check(now: Millis): void {
    for (const [slot, { told }] of this.#atRest) assert(told, `it is not told that ${slot} has come to rest`);
    for (const slot of this.wanted) {
      const isThere = this.#of(slot) !== null || this.#atRest.has(slot);
      assert(isThere || (this.due.get(slot)?.to ?? -1) >= now, `${slot} is wanted, and is forgotten`);
    }
  }

  #start(laws: readonly Law[], now: Millis): void {
    for (const { name, count } of laws) this.#recount(name, 0, count, 0, now);
  }

  #stop(hurry: boolean): void {
    if (this.stops === 0 || hurry) this.stops++;
    for (const slot of [...this.wanted]) this.unwant(slot);
    for (const run of this.#runs.values()) this.#askFor(run, null);
  }

  #roll(name: string, lastRun: RunId, now: Millis): void {
    const count = this.counts.get(name);
    if (count === undefined) return;
    const extra = slotId(name, count);
    if (![...this.wanted].some((slot) => entryOf(slot) === name && slot !== extra)) return;
    this.#rolls.ask(name, extra, lastRun);
    this.#want(extra, now);
  }

  #reload({ laws, replaced }: Extract<Command, { kind: "reload" }>, now: Millis): void {
    const old = this.#lawsBefore = this.#laws;
    this.#laws = new Map([...old, ...laws.map((law) => [law.name, law] as const)]);
    this.replaced = new Set(replaced.filter((name) => this.counts.has(name)));
    for (const [name, count] of this.counts) {
      if (laws.some((law) => law.name === name)) continue;
      this.#recount(name, 0, 0, count, now);
      this.counts.delete(name);
    }
    for (const { name, count } of laws) {
      const before = this.counts.get(name);
      if (before !== undefined && this.replaced.has(name)) this.#replace(name, now);
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
      if (run.ended === null || typeof run.ended.verdict === "string") this.#askFor(run, { from: now, to: now });
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

  #want(slot: SlotId, now: Millis): void {
    if (this.stops > 0 || this.wanted.has(slot)) return;
    this.wanted.add(slot);
    if (this.#of(slot) === null) this.due.set(slot, { from: now, to: now });
  }

  #of(slot: SlotId): Run | null {
    return [...this.#runs.values()].find((run) => run.slot === slot) ?? null;
  }
}
