/**
 * Sees every command and every effect, and keeps books of its own: who is alive, who is wanted, what is due when. After
 * each command its books must agree with what was done. It knows what is promised, and nothing of how it is kept.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { Law, Millis, RunId, SlotId, Token } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";

interface Run {
  readonly slot: SlotId;
  answered: boolean;
  /** When it is to be killed; null while nobody has told it to end, or after it was killed. */
  graceEnd: Millis | null;
  told: "nothing" | "to end" | "to die";
}

export class Witness {
  exitsRecorded = 0;
  readonly #laws: ReadonlyMap<string, Law>;
  readonly #counts = new Map<string, number>();
  readonly #wanted = new Set<SlotId>();
  readonly #runs = new Map<RunId, Run>();
  readonly #everRun = new Set<RunId>();
  readonly #exited = new Set<RunId>();
  readonly #due = new Map<SlotId, Millis>();
  readonly #timers = new Set<Token>();
  readonly #everTimer = new Set<Token>();
  #stops = 0;
  #left = false;

  constructor(laws: readonly Law[]) {
    this.#laws = new Map(laws.map((law) => [law.name, law]));
  }

  see(command: Command, effects: readonly Effect[], now: Millis): void {
    this.#hear(command, now);
    const hurried = command.kind === "stop" && this.#stops > 1;
    for (const effect of effects) this.#follow(effect, command, now, hurried);
    this.#balance(now, hurried);
    if (command.kind === "exited") this.#buried(command.run, effects);
  }

  /** What the command says about who is alive and who is wanted. */
  #hear(command: Command, now: Millis): void {
    switch (command.kind) {
      case "start":
        for (const { name, count } of command.laws) {
          this.#counts.set(name, count);
          for (let n = 0; n < count; n++) this.#want(slotId(name, n), now);
        }
        return;
      case "spawned": {
        const run = this.#runs.get(command.run);
        if (run !== undefined) run.answered = true;
        return;
      }
      case "fault": return this.#over(command.run, command.at.mono, 100, now);
      case "exited": return this.#over(command.run, command.exit.at.mono, 0, now);
      case "timeUp": this.#timers.delete(command.token); return;
      case "up": if (this.#exists(command.slot)) this.#want(command.slot, now); return;
      case "down": if (this.#exists(command.slot)) this.#unwant(command.slot); return;
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

  #follow(effect: Effect, command: Command, now: Millis, hurried: boolean): void {
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
        this.#runs.set(effect.run, { slot, answered: false, graceEnd: null, told: "nothing" });
        return;
      }
      case "signal": {
        const run = this.#runs.get(effect.run);
        assert(run !== undefined, `run ${effect.run} is signalled, and is not alive`);
        if (effect.signal === "SIGKILL") {
          const again = run.told === "to die" && command.kind === "spawned";
          assert(run.graceEnd === now || hurried || again, `run ${effect.run} is killed before its grace is over`);
          run.graceEnd = null;
          run.told = "to die";
          return;
        }
        if (run.told === "nothing") run.graceEnd = now + this.#law(run.slot).grace;
        run.told = "to end";
        return;
      }
      case "reap":
        assert(this.#exited.has(effect.run), `run ${effect.run} is reaped before its exit is recorded`);
        return;
      case "setTimer":
        assert(!this.#everTimer.has(effect.token), `timer ${effect.token} is given twice`);
        this.#everTimer.add(effect.token);
        this.#timers.add(effect.token);
        return;
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
    let graces = 0;
    for (const [id, run] of this.#runs) {
      const told = run.told !== "nothing";
      assert(told || this.#wanted.has(run.slot), `run ${id} is not wanted, and nobody has told it`);
      if (run.graceEnd !== null) assert(run.graceEnd >= now, `run ${id} has outlived its grace`);
      assert(!hurried || run.told === "to die", `run ${id} is not hurried`);
      if (run.graceEnd !== null) graces++;
    }
    assert.equal(this.#timers.size, this.#due.size + graces, "there are other timers than those that are waited for");
    if (this.#stops > 0 && this.#runs.size === 0) assert(this.#left, "nothing is alive, and it does not leave");
    for (const [name, count] of this.#counts) {
      const ofEntry = [...this.#runs.values()].filter(({ slot }) => slot.startsWith(`${name}:`));
      const ending = ofEntry.filter(({ told }) => told !== "nothing").length;
      assert(ofEntry.length <= count + ending, `${name} has more live runs than wanted and stopping`);
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

  /** A run is over. Where its slot is wanted, the next is due: after the delay, or at once if it was told to end. */
  #over(id: RunId, at: Millis, leastDelay: Millis, now: Millis): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    const delay = Math.max(leastDelay, this.#law(run.slot).delay);
    if (this.#wanted.has(run.slot)) this.#due.set(run.slot, run.told === "nothing" ? Math.max(now, at + delay) : now);
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

  #exists(slot: SlotId): boolean {
    const [entry = "", number] = slot.split(":");
    return Number(number) < (this.#counts.get(entry) ?? 0);
  }

  #law(slot: SlotId): Law {
    const law = this.#laws.get(slot.split(":")[0] ?? "");
    assert(law !== undefined);
    return law;
  }
}
