/**
 * Sees every command and every effect, and keeps books of its own: who is alive, who is wanted, what is due when. After
 * each command its books must agree with what was done. It knows what is promised, and nothing of how it is kept.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import type { State } from "../../src/core/state.ts";
import type { Law, Millis, RunId, SlotId, Token } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { entryOf, Rolls } from "./rolls.ts";
import type { Run } from "./rolls.ts";

export class Witness {
  exitsRecorded = 0;
  #laws: ReadonlyMap<string, Law>;
  /** By these is ended what a reload replaces. */
  #lawsBefore: ReadonlyMap<string, Law>;
  /** Of the last reload: entries whose processes have to be others. */
  #replaced: ReadonlySet<string> = new Set();
  readonly #counts = new Map<string, number>();
  readonly #wanted = new Set<SlotId>();
  readonly #runs = new Map<RunId, Run>();
  readonly #everRun = new Set<RunId>();
  readonly #exited = new Set<RunId>();
  readonly #due = new Map<SlotId, Millis>();
  readonly #rolls = new Rolls(this.#runs);
  #lastRun: RunId = 0;
  /** Whose they are. */
  readonly #timers = new Map<Token, SlotId | undefined>();
  readonly #everTimer = new Set<Token>();
  #stops = 0;
  #left = false;
  #asleep = false;

  constructor(laws: readonly Law[]) {
    this.#laws = this.#lawsBefore = new Map(laws.map((law) => [law.name, law]));
  }

  /**
   * Of the state it only looks at whose the timers are, and whether it is asleep: another image has taken up what there is,
   * and has not resumed yet. Then what is due can wait.
   */
  see(command: Command, effects: readonly Effect[], now: Millis, { asleep, timers }: Readonly<State>): void {
    if ((asleep || command.kind === "resume") && !this.#asleep) this.#timers.clear(); // they were the other image's
    this.#asleep = asleep;
    const toEnd = this.#hear(command, now);
    const hurried = command.kind === "stop" && this.#stops > 1;
    for (const effect of effects) this.#follow(effect, command, now, hurried, timers);
    for (const run of toEnd) assert.notEqual(this.#runs.get(run)?.told, "nothing", `run ${run} is not replaced`);
    for (const name of this.#rolls.names()) assert(this.#stops === 0 && this.#counts.has(name), `${name} is not called off`);
    if (!asleep) this.#balance(now, hurried);
    if (!asleep) this.#rolls.check();
    if (command.kind === "exited") this.#buried(command.run, effects);
  }

  /** What the command says about who is alive and who is wanted. Returns the runs that are to end for others. */
  #hear(command: Command, now: Millis): RunId[] {
    if (command.kind === "reload") return this.#rearrange(command, now);
    const inPlace = command.kind === "restart" && this.#stops === 0 ? [...this.#runs].filter(([, { slot, told }]) =>
      slot === command.slot && told === "nothing" && this.#exists(slot)).map(([id]) => id) : [];
    this.#listen(command, now);
    return inPlace;
  }

  #listen(command: Exclude<Command, { kind: "reload" }>, now: Millis): void {
    switch (command.kind) {
      case "start":
        for (const { name, count } of command.laws) {
          this.#counts.set(name, count);
          for (let n = 0; n < count; n++) this.#want(slotId(name, n), now);
        }
        return;
      case "resume":
        if (command.tookOver !== null) for (const name of this.#rolls.names()) this.#endRoll(name);
        // A start that nobody has told of by now has come to nothing.
        for (const [id, { startedAt }] of this.#runs) if (startedAt === null) this.#over(id, now, null, now);
        return;
      case "spawned": {
        const run = this.#runs.get(command.run);
        if (run !== undefined) run.startedAt = command.at.mono;
        return;
      }
      case "fault": return this.#fail(command.run, command.at.mono, 100, now);
      case "exited": return this.#fail(command.run, command.exit.at.mono, 0, now);
      case "timeUp": {
        const run = this.#running(this.#timers.get(command.token));
        if (run !== null) this.#rolls.settled(run);
        this.#timers.delete(command.token);
        return;
      }
      case "up": case "restart":
        if (!this.#exists(command.slot)) return;
        this.#want(command.slot, now);
        if (this.#due.has(command.slot)) this.#due.set(command.slot, now);
        return;
      case "down":
        if (!this.#exists(command.slot)) return;
        this.#rolls.failed(command.slot);
        this.#unwant(command.slot);
        return;
      case "signal": return;
      case "roll": return this.#beginRoll(command.entry, now);
      case "scale": {
        const before = this.#counts.get(command.entry);
        if (before === undefined || this.#stops > 0) return;
        for (let n = before; n < command.count; n++) this.#want(slotId(command.entry, n), now);
        for (let n = command.count; n < before; n++) this.#unwant(slotId(command.entry, n));
        this.#counts.set(command.entry, command.count);
        return;
      }
      case "stop":
        if (this.#stops === 0 || command.hurry) this.#stops++;
        for (const slot of [...this.#wanted]) this.#unwant(slot);
    }
  }

  #rearrange({ laws, replaced }: Extract<Command, { kind: "reload" }>, now: Millis): RunId[] {
    if (this.#stops > 0) return [];
    const old = this.#lawsBefore = this.#laws;
    this.#laws = new Map([...old, ...laws.map((law) => [law.name, law] as const)]);
    this.#replaced = new Set(replaced);
    for (const [name, count] of this.#counts) {
      if (laws.some((law) => law.name === name)) continue;
      for (let n = 0; n < count; n++) this.#unwant(slotId(name, n));
      this.#counts.delete(name);
    }
    const toEnd = [...this.#runs].filter(([, { slot, told }]) =>
      told === "nothing" && this.#wanted.has(slot) && this.#replaced.has(entryOf(slot))).map(([id]) => id);
    for (const { name, count } of laws) {
      const before = this.#counts.get(name);
      if (before !== undefined && old.get(name)?.count === count) continue; // what was scaled, up or down holds
      for (let n = 0; n < count; n++) this.#want(slotId(name, n), now);
      for (let n = count; n < (before ?? 0); n++) this.#unwant(slotId(name, n));
      this.#counts.set(name, count);
    }
    return toEnd;
  }

  #follow(effect: Effect, command: Command, now: Millis, hurried: boolean, timers: State["timers"]): void {
    assert(!this.#left, `${effect.kind} after it has left`);
    switch (effect.kind) {
      case "spawn": {
        const slot = slotId(effect.entry, effect.slot);
        assert(!this.#everRun.has(effect.run), `run ${effect.run} is given twice`);
        assert(this.#wanted.has(slot), `${slot} is started, and nobody wants it`);
        for (const other of this.#runs.values()) assert(other.slot !== slot, `${slot} has two runs`);
        assert.equal(this.#due.get(slot), now, `${slot} is not started when it is due`);
        this.#due.delete(slot);
        this.#everRun.add(effect.run);
        this.#lastRun = Math.max(this.#lastRun, effect.run);
        this.#runs.set(effect.run, { slot, startedAt: null, settling: false, graceEnd: null, told: "nothing" });
        return;
      }
      case "signal": {
        const run = this.#runs.get(effect.run);
        assert(run !== undefined, `run ${effect.run} is signalled, and is not alive`);
        if (command.kind === "signal") {
          assert(run.startedAt !== null, `the start of run ${effect.run} is signalled`);
          assert.deepEqual([run.slot, effect.signal, effect.scope], [command.slot, command.signal, "process"]);
          return;
        }
        const entry = entryOf(run.slot);
        const afresh = command.kind === "reload" && this.#replaced.has(entry);
        const restarted = command.kind === "restart" && command.slot === run.slot;
        const meant = afresh || restarted || run.told !== "nothing" || !this.#wanted.has(run.slot)
          || this.#rolls.goesOn(run.slot, command);
        assert(meant, `run ${effect.run} is signalled, and it is wanted`);
        run.settling = false;
        if (effect.signal === "SIGKILL") {
          const again = run.told === "to die" && (command.kind === "spawned" || command.kind === "resume");
          assert(run.graceEnd === now || hurried || again, `run ${effect.run} is killed before its grace is over`);
          run.graceEnd = null;
          run.told = "to die";
          return;
        }
        const law = (afresh ? this.#lawsBefore : this.#laws).get(entry);
        if (run.told === "nothing") run.graceEnd = now + (law?.grace ?? NaN);
        run.told = "to end";
        return;
      }
      case "reap":
        assert(this.#exited.has(effect.run), `run ${effect.run} is reaped before its exit is recorded`);
        return;
      case "setTimer": {
        assert(command.kind === "resume" || !this.#everTimer.has(effect.token), `timer ${effect.token} is given twice`);
        assert(!this.#timers.has(effect.token), `timer ${effect.token} is set twice`);
        this.#everTimer.add(effect.token);
        const slot = timers.get(effect.token);
        const run = this.#running(slot);
        if (run !== null) this.#rolls.settle(run, effect.at);
        this.#timers.set(effect.token, slot);
        return;
      }
      case "cancelTimer":
        assert(this.#timers.delete(effect.token), `timer ${effect.token} is cancelled, and is not set`);
        return;
      case "record":
        if (effect.record.type === "exited") {
          assert(command.kind === "exited" && effect.record.run === command.run, "another exit is recorded");
          assert(!this.#exited.has(effect.record.run), `the exit of run ${effect.record.run} is recorded twice`);
          this.#exited.add(effect.record.run);
          this.exitsRecorded++;
        }
        this.#read(effect.record, command, now);
        return;
      case "leave":
        assert(this.#stops > 0, "it leaves, and nobody asked for that");
        assert.equal(this.#runs.size, 0, "it leaves, and something is alive");
        assert.equal(this.#timers.size, 0, "it leaves, and a timer is set");
        this.#left = true;
        return;
      case "reply": return;
    }
  }

  #balance(now: Millis, hurried: boolean): void {
    const alive = new Map([...this.#runs.values()].map((run) => [run.slot, run]));
    for (const slot of this.#wanted) {
      if (!alive.has(slot)) assert((this.#due.get(slot) ?? -1) >= now, `${slot} is wanted, and is forgotten`);
    }
    let [graces, settling] = [0, 0];
    for (const [id, run] of this.#runs) {
      const told = run.told !== "nothing";
      assert(told || this.#wanted.has(run.slot), `run ${id} is not wanted, and nobody has told it`);
      if (run.graceEnd !== null) assert(run.graceEnd >= now, `run ${id} has outlived its grace`);
      assert(!hurried || run.told === "to die", `run ${id} is not hurried`);
      if (run.graceEnd !== null) graces++;
      if (run.settling) settling++;
    }
    assert.equal(this.#timers.size, this.#due.size + graces + settling, "there are other timers than those that are waited for");
    if (this.#stops > 0 && this.#runs.size === 0) assert(this.#left, "nothing is alive, and it does not leave");
    for (const [name, count] of this.#counts) {
      const ofEntry = [...this.#runs.values()].filter(({ slot }) => slot.startsWith(`${name}:`));
      const ending = ofEntry.filter(({ told }) => told !== "nothing").length;
      assert(ofEntry.length <= count + ending + Number(this.#rolls.has(name)), `${name} has more live runs than wanted and stopping`);
    }
  }

  #buried(run: RunId, effects: readonly Effect[]): void {
    const order = effects.flatMap(({ kind }, place) => kind === "record" || kind === "reap" ? [{ kind, place }] : []);
    if (order.length === 0) return; // stale: known already
    const [first, second] = effects;
    assert(first?.kind === "record" && first.record.type === "exited", `run ${run}: its record does not come first`);
    assert(second?.kind === "reap" && second.run === run, `run ${run}: its reap does not come second`);
    assert.equal(effects.filter(({ kind }) => kind === "reap").length, 1, "more than one is reaped");
  }

  /** The slot's process, where nobody has told it to end. */
  #running(slot: SlotId | undefined): Run | null {
    return [...this.#runs.values()].find((run) => run.slot === slot && run.startedAt !== null && run.told === "nothing") ?? null;
  }

  /** By itself, or because somebody told it to end. */
  #fail(id: RunId, at: Millis, leastDelay: Millis, now: Millis): void {
    const run = this.#runs.get(id);
    if (run?.told === "nothing") this.#rolls.failed(run.slot);
    this.#over(id, at, leastDelay, now);
  }

  /**
   * A run is over. Where its slot is wanted, the next is due: after the delay, or at once if it was told to end.
   * `leastDelay` is null where there is none: it was not even begun.
   */
  #over(id: RunId, at: Millis, leastDelay: Millis | null, now: Millis): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    if (!this.#wanted.has(run.slot)) return;
    const delay = leastDelay === null ? 0 : Math.max(leastDelay, this.#laws.get(entryOf(run.slot))?.delay ?? NaN);
    this.#due.set(run.slot, run.told === "nothing" ? Math.max(now, at + delay) : now);
  }

  #want(slot: SlotId, now: Millis): void {
    if (this.#stops > 0 || this.#wanted.has(slot)) return;
    this.#wanted.add(slot);
    if (![...this.#runs.values()].some((run) => run.slot === slot)) this.#due.set(slot, now);
  }

  #unwant(slot: SlotId): void {
    this.#wanted.delete(slot);
    this.#due.delete(slot);
  }

  #beginRoll(name: string, now: Millis): void {
    const count = this.#counts.get(name);
    if (count === undefined || this.#stops > 0) return;
    const extra = slotId(name, count);
    if (![...this.#wanted].some((slot) => entryOf(slot) === name && slot !== extra)) return;
    this.#rolls.ask(name, extra, this.#lastRun);
    this.#want(extra, now);
  }

  /** The extra slot may be one of the others by now. */
  #endRoll(name: string): void {
    const extra = this.#rolls.end(name);
    if (extra !== null && !this.#exists(extra)) this.#unwant(extra);
  }

  #read(record: HistoryRecord, command: Command, now: Millis): void {
    if (record.entry !== null && this.#rolls.isEnd(record)) this.#endRoll(record.entry);
    if (record.type !== "waiting" || record.by === null) return;
    // What waits for its restart waits no longer where a rolling restart has come to it.
    const slot = slotId(record.entry, record.slot);
    if (this.#rolls.goesOn(slot, command)) this.#due.set(slot, now);
  }

  #exists(slot: SlotId): boolean {
    return Number(slot.slice(slot.lastIndexOf(":") + 1)) < (this.#counts.get(entryOf(slot)) ?? 0);
  }
}
