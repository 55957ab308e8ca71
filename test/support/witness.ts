/**
 * Sees every command and every effect, and keeps books of its own: who is alive, who is wanted, what is due when. After
 * each command its books must agree with what was done. It knows what is promised, and nothing of how it is kept.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { ExitedRecord, HistoryRecord } from "../../src/core/record.ts";
import type { State } from "../../src/core/state.ts";
import type { Law, Millis, RunId, Scope, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { Alarms } from "./alarms.ts";
import { entryOf, Rolls } from "./rolls.ts";
import type { Run } from "./rolls.ts";
import type { Verdict } from "./verdicts.ts";
import { Wishes } from "./wishes.ts";

/** How long what outlasts SIGKILL is waited for in silence. */
const PATIENCE: Millis = 5000;

export class Witness {
  exitsRecorded = 0;
  readonly #runs = new Map<RunId, Run>();
  readonly #everRun = new Set<RunId>();
  readonly #exited = new Set<RunId>();
  readonly #rolls = new Rolls(this.#runs);
  readonly #wishes: Wishes;
  readonly #alarms: Alarms;
  #lastRun: RunId = 0;
  #left = false;
  #asleep = false;

  constructor(laws: readonly Law[]) {
    this.#wishes = new Wishes(laws, this.#runs, this.#rolls);
    this.#alarms = new Alarms(this.#runs, this.#rolls, this.#wishes);
  }

  /**
   * Of the state it only looks at whose the timers are, and whether it is asleep: another image has taken up what there is,
   * and has not resumed yet. Then what is due can wait.
   */
  see(command: Command, effects: readonly Effect[], now: Millis, { asleep, timers }: Readonly<State>): void {
    if ((asleep || command.kind === "resume") && !this.#asleep) this.#alarms.forget(); // they were the other image's
    this.#asleep = asleep;
    const others = this.#toBeOthers(command);
    this.#hear(command, now);
    const hurried = command.kind === "stop" && this.#wishes.stops > 1;
    for (const effect of effects) this.#follow(effect, command, now, hurried, timers);
    for (const [id, { told }] of others) assert.notEqual(told, "nothing", `run ${id} is not replaced`);
    for (const name of this.#rolls.names()) {
      assert(this.#wishes.stops === 0 && this.#wishes.counts.has(name), `${name} is not called off`);
    }
    if (!asleep) this.#balance(now, hurried);
    if (!asleep) this.#rolls.check();
    if (command.kind === "exited") this.#buried(command.run, effects);
  }

  /** Runs of which the command says that another has to take their place. */
  #toBeOthers(command: Command): (readonly [RunId, Run])[] {
    const { stops, counts, wanted } = this.#wishes;
    if (stops > 0) return [];
    const running = [...this.#runs].filter(([, { told }]) => told === "nothing");
    if (command.kind === "restart") {
      return running.filter(([, { slot }]) => slot === command.slot && this.#wishes.exists(slot));
    }
    if (command.kind !== "reload") return [];
    return running.filter(([, { slot }]) => wanted.has(slot) && counts.has(entryOf(slot)) && command.replaced.includes(entryOf(slot)));
  }

  /** What the command says about who is alive and who is wanted. */
  #hear(command: Command, now: Millis): void {
    this.#alarms.fired = undefined;
    switch (command.kind) {
      case "start": case "up": case "down": case "restart": case "scale": case "roll": case "stop": case "reload":
        return this.#wishes.hear(command, this.#lastRun, now);
      case "resume":
        if (command.tookOver !== null) for (const name of this.#rolls.names()) this.#endRoll(name);
        // A start that nobody has told of by now has come to nothing.
        for (const [id, { startedAt }] of this.#runs) if (startedAt === null) this.#over(id, { from: now, to: now }, now);
        return;
      case "spawned": {
        const run = this.#runs.get(command.run);
        if (run === undefined) return;
        const { daemon, readyTimeout } = this.#wishes.law(run.slot);
        run.startedAt = command.at.mono;
        run.readyBy = daemon ? command.at.mono + readyTimeout : null;
        return;
      }
      case "fault": {
        const run = this.#runs.get(command.run);
        if (run === undefined) return;
        const verdict = run.told === "nothing" ? this.#wishes.judge(run, command.at.mono, null, null) : null;
        return this.#over(command.run, verdict, now);
      }
      case "exited": return this.#end(command);
      case "followed": {
        const run = this.#runs.get(command.run);
        if (run === undefined || run.ended !== null) return;
        assert(run.searching, `run ${command.run} has another process, and nobody has looked for it`);
        Object.assign(run, { searching: false, found: true, startedAt: command.at.mono });
        if (command.settled) run.readyBy = null;
        return;
      }
      case "timeUp": return this.#alarms.timeUp(command.token);
      case "astray": case "cleared": case "surviving": case "signal": return;
    }
  }

  #follow(effect: Effect, command: Command, now: Millis, hurried: boolean, timers: State["timers"]): void {
    assert(!this.#left, `${effect.kind} after it has left`);
    switch (effect.kind) {
      case "spawn": return this.#spawn(effect.run, slotId(effect.entry, effect.slot), now);
      case "signal": {
        const run = this.#of(effect.run);
        assert(command.kind === "signal", `run ${effect.run} is signalled, and nobody has asked`);
        assert(run.startedAt !== null && run.ended === null && !run.searching, `run ${effect.run} has no process to be signalled`);
        return assert.deepEqual([run.slot, effect.signal], [command.slot, command.signal]);
      }
      case "end":
        // A rolling restart that goes on while the state is asleep may come to a start that nobody has asked for.
        if (this.#asleep && !this.#everRun.has(effect.run)) return;
        return this.#told(effect, command, now, hurried);
      case "inspect": {
        const run = this.#of(effect.run);
        assert(run.patienceEnd === now && command.kind === "timeUp", `run ${effect.run} is inspected`);
        assert.equal(effect.scope, run.way?.scope, `of run ${effect.run} others are looked at than were told`);
        run.patienceEnd = null;
        return;
      }
      case "follow": return assert(this.#of(effect.run).searching, `run ${effect.run} is looked for`);
      case "reap": {
        if (command.kind === "followed") return;
        const { ended } = this.#of(effect.run);
        assert(ended !== null, `run ${effect.run} is reaped before its exit is recorded`);
        return this.#over(effect.run, ended.verdict, now);
      }
      case "setTimer": return this.#alarms.set(effect.token, effect.at, command, now, timers);
      case "cancelTimer": return this.#alarms.cancel(effect.token);
      case "record": return this.#read(effect.record, command, now);
      case "leave":
        assert(this.#wishes.stops > 0, "it leaves, and nobody asked for that");
        assert.equal(this.#runs.size, 0, "it leaves, and something is alive");
        assert.equal(this.#alarms.size, 0, "it leaves, and a timer is set");
        this.#left = true;
        return;
      case "reply": return;
    }
  }

  #spawn(id: RunId, slot: SlotId, now: Millis): void {
    const due = this.#wishes.due.get(slot);
    assert(!this.#everRun.has(id), `run ${id} is given twice`);
    assert(this.#wishes.wanted.has(slot), `${slot} is started, and nobody wants it`);
    for (const other of this.#runs.values()) assert(other.slot !== slot, `${slot} has two runs`);
    assert(due !== undefined && due.from <= now && now <= due.to, `${slot} is not started when it is due`);
    this.#wishes.due.delete(slot);
    this.#everRun.add(id);
    this.#lastRun = Math.max(this.#lastRun, id);
    this.#runs.set(id, {
      slot, startedAt: null, readyBy: null, searching: false, found: false, ended: null, settling: false, graceEnd: null,
      patienceEnd: null, asked: false, told: "nothing", way: null,
    });
  }

  /** Told to end: because somebody has asked, because it is not ready in time, or because a process has left it behind. */
  #told({ run: id, signal, scope }: Extract<Effect, { kind: "end" }>, command: Command, now: Millis, hurried: boolean): void {
    const run = this.#of(id);
    const afresh = command.kind === "reload" && this.#wishes.replaced.has(entryOf(run.slot));
    const restarted = command.kind === "restart" && command.slot === run.slot;
    const late = this.#alarms.isLate(run, now);
    const leftover = run.ended !== null && (command.kind === "exited" || command.kind === "astray" || command.kind === "followed");
    const isMeant = afresh || restarted || late || leftover || run.told !== "nothing" || !this.#wishes.wanted.has(run.slot);
    assert(isMeant || this.#rolls.goesOn(run.slot, command), `run ${id} is told to end, and it is wanted`);
    if (run.told === "nothing") run.asked = !late && !leftover;
    run.settling = false;
    const law = this.#wishes.law(run.slot, afresh);
    run.way ??= { signal: law.stopSignal, scope: scopeOf(run, law) };
    assert.equal(scope, run.way.scope, `run ${id}: others are told to end than before`);
    if (signal === "SIGKILL") {
      const again = run.told === "to die" && command.kind !== "timeUp";
      const isFirst = run.told === "nothing" && run.way.signal === signal;
      assert(run.graceEnd === now || hurried || again || isFirst, `run ${id} is killed before its grace is over`);
      if (run.told !== "to die") run.patienceEnd = now + PATIENCE;
      run.graceEnd = null;
      run.told = "to die";
      return;
    }
    assert.equal(signal, run.way.signal, `run ${id} is told to end by another signal than before`);
    if (run.told === "nothing") run.graceEnd = now + law.grace;
    run.told = "to end";
  }

  #balance(now: Millis, hurried: boolean): void {
    const { stops, wanted, counts } = this.#wishes;
    this.#wishes.check(now);
    this.#alarms.check();
    for (const [id, run] of this.#runs) {
      assert(run.told !== "nothing" || wanted.has(run.slot), `run ${id} is not wanted, and nobody has told it`);
      if (run.graceEnd !== null) assert(run.graceEnd >= now, `run ${id} has outlived its grace`);
      if (run.patienceEnd !== null) assert(run.patienceEnd >= now, `run ${id} has outlasted SIGKILL, and it is not told`);
      assert(!hurried || run.told === "to die", `run ${id} is not hurried`);
    }
    if (stops > 0 && this.#runs.size === 0) assert(this.#left, "nothing is alive, and it does not leave");
    for (const [name, count] of counts) {
      const ofEntry = [...this.#runs.values()].filter(({ slot }) => entryOf(slot) === name);
      const ending = ofEntry.filter(({ told }) => told !== "nothing").length;
      assert(ofEntry.length <= count + ending + Number(this.#rolls.has(name)), `${name} has more live runs than wanted and stopping`);
    }
  }

  /** A process has ended. It is the end of the run, unless it is a daemon's that has forked itself away. */
  #end({ run: id, exit, alone }: Extract<Command, { kind: "exited" }>): void {
    const run = this.#runs.get(id);
    if (run === undefined || run.ended !== null) return;
    // Where nobody knows how it has ended, what it has left speaks for it.
    const unknown = exit.code === null && exit.signal === null;
    const well = unknown || (exit.code !== null && this.#wishes.law(run.slot).successCodes.includes(exit.code));
    if (run.told !== "nothing" || run.readyBy === null || !well || alone) return;
    run.searching = true;
    run.found = false;
  }

  /** The end of a run is told: once, and as soon as it is known. */
  #exit({ run: id, mono, code, ranMs, leftovers }: ExitedRecord, command: Command, now: Millis): void {
    const run = this.#of(id);
    assert(!this.#exited.has(id), `the exit of run ${id} is recorded twice`);
    assert(run.searching || (command.kind === "exited" && command.run === id), `run ${id} has not ended`);
    if (command.kind === "exited") {
      const scope = run.way?.scope ?? scopeOf(run, this.#wishes.law(run.slot));
      assert.equal(leftovers, !command.alone && scope !== "process", `run ${id} has left something behind, or has not`);
    }
    this.#exited.add(id);
    this.exitsRecorded++;
    const late = this.#alarms.isLate(run, now);
    const byItself = run.searching ? command.kind === "astray" || late : !run.asked;
    run.searching = false;
    const ran = run.readyBy === null ? ranMs : null;
    run.ended = { verdict: byItself ? this.#wishes.judge(run, late ? now : mono, ran, code) : null };
  }

  /** Of an exit, the record comes first, and then the reap, where nothing is left behind. */
  #buried(id: RunId, effects: readonly Effect[]): void {
    const place = effects.findIndex((effect) => effect.kind === "record" && effect.record.type === "exited");
    const exited = effects[place];
    if (exited?.kind !== "record" || exited.record.type !== "exited") {
      const run = this.#runs.get(id);
      return assert(run === undefined || run.searching || run.ended !== null, `the exit of run ${id} is not recorded`);
    }
    const before = effects[place - 1];
    assert(before === undefined || (before.kind === "record" && before.record.type === "fault"), `run ${id}: its record does not come first`);
    const reaps = effects.flatMap((effect, n) => effect.kind === "reap" ? [n - place] : []);
    assert.deepEqual(reaps, exited.record.leftovers ? [] : [1], `run ${id}: its reap does not come second`);
  }

  #read(record: HistoryRecord, command: Command, now: Millis): void {
    if (record.entry !== null && this.#rolls.isEnd(record)) this.#endRoll(record.entry);
    if (record.type === "exited") this.#exit(record, command, now);
    if (record.type === "ready") assert.equal(this.#of(record.run).readyBy, null, "ready, and not known to be");
    if (record.type === "finished" || record.type === "failed") {
      const slot = slotId(record.entry, record.slot);
      // An extra process whose rolling restart has ended between two images is only dropped by the resume.
      if (!this.#asleep || this.#wishes.wanted.has(slot)) this.#wishes.rest(slot, record.type);
    }
    if (record.type !== "waiting" || record.by === null) return;
    // What waits for its restart, or rests, does so no longer where a rolling restart has come to it.
    const slot = slotId(record.entry, record.slot);
    if (this.#rolls.goesOn(slot, command)) this.#wishes.ask(slot, now);
  }

  /** A run is over, and nothing of it is left. */
  #over(id: RunId, verdict: Verdict | null, now: Millis): void {
    const { slot } = this.#of(id);
    this.#runs.delete(id);
    this.#wishes.over(slot, verdict, now);
  }

  /** The extra slot may be one of the others by now. */
  #endRoll(name: string): void {
    const extra = this.#rolls.end(name);
    if (extra !== null && !this.#wishes.exists(extra)) this.#wishes.unwant(extra);
  }

  #of(id: RunId): Run {
    const run = this.#runs.get(id);
    assert(run !== undefined, `something is done to run ${id}, which is not alive`);
    return run;
  }
}

/** Of a daemon that was never ready nobody knows which process it is: then all are meant. */
function scopeOf({ startedAt, readyBy }: Run, law: Law): Scope {
  const isKnown = startedAt === null ? !law.daemon : readyBy === null;
  return isKnown ? law.scope : "tree";
}
