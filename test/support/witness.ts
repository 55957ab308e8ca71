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
import { Lives } from "./lives.ts";
import { Outcomes } from "./outcomes.ts";
import { entryOf, Rolls } from "./rolls.ts";
import type { Run } from "./rolls.ts";
import { Standings } from "./standings.ts";
import type { Verdict } from "./verdicts.ts";
import { Wishes } from "./wishes.ts";

/** How long what outlasts SIGKILL is waited for in silence. */
const PATIENCE: Millis = 5000;

type OfRun = Extract<Command, {
  kind: "spawned" | "fault" | "exited" | "followed" | "proven" | "examined" | "notified" | "oversized";
}>;

export class Witness {
  exitsRecorded = 0;
  readonly #runs = new Map<RunId, Run>();
  readonly #everRun = new Set<RunId>();
  readonly #exited = new Set<RunId>();
  readonly #rolls = new Rolls(this.#runs);
  readonly #wishes: Wishes;
  readonly #lives: Lives;
  readonly #alarms: Alarms;
  readonly #standings: Standings;
  readonly #outcomes = new Outcomes();
  #lastRun: RunId = 0;
  #left = false;
  #asleep = false;

  constructor(laws: readonly Law[]) {
    this.#wishes = new Wishes(laws, this.#runs, this.#rolls);
    this.#lives = new Lives(this.#rolls, ({ slot }) => this.#wishes.law(slot));
    this.#alarms = new Alarms(this.#runs, this.#rolls, this.#wishes, this.#lives);
    this.#standings = new Standings(this.#wishes, this.#runs);
  }

  /**
   * Of the state it only looks at whose the timers are, and whether it is asleep: another image has taken up what there is,
   * and has not resumed yet. Then what is due can wait.
   */
  see(command: Command, effects: readonly Effect[], now: Millis, state: Readonly<State>): void {
    const { asleep, timers, course } = state;
    if ((asleep || command.kind === "resume") && !this.#asleep) this.#alarms.forget(); // they were the other image's
    this.#asleep = asleep;
    const others = this.#toBeOthers(command);
    this.#hear(command, now, state);
    const hurried = command.kind === "stop" && command.hurry && this.#wishes.urges > 1;
    const follow = (some: readonly Effect[]) => { for (const effect of some) this.#follow(effect, command, now, hurried, timers, state); };
    // It may leave because of what it has done in this step.
    const isDecided = this.#wishes.stops === 0 && course !== "keeping";
    const place = isDecided ? endOf(effects) : effects.length;
    follow(effects.slice(0, place));
    if (isDecided) this.#decide(state);
    follow(effects.slice(place));
    for (const [id, { told }] of others) assert.notEqual(told, "nothing", `run ${id} is not replaced`);
    for (const [id, run] of this.#runs) {
      assert(run.doomed === null || run.told !== "nothing", `run ${id} is not ended: ${run.doomed}`);
      run.doomed = null;
    }
    for (const name of this.#rolls.names()) {
      assert(this.#wishes.stops === 0 && this.#wishes.counts.has(name), `${name} is not called off`);
    }
    if (!asleep) this.#balance(now, hurried, state);
    if (!asleep) this.#rolls.check();
    if (this.#wishes.stops === 0) this.#standings.check(state, command.kind === "reload", now);
    if (command.kind === "exited") this.#buried(command.run, effects);
  }

  #decide({ entries }: Readonly<State>): void {
    const { exitWhen } = this.#wishes;
    assert(this.#standings.isDecided(exitWhen) && entries.size > 0, "it leaves, and nothing says that it should");
    this.#wishes.replaced = new Set(); // what is told to end from here on is not for that
    this.#outcomes.decide(exitWhen, (slot) => this.#wishes.rested(slot));
    this.#wishes.hear({ kind: "stop", hurry: false, by: null, reply: null }, this.#lastRun, 0, () => true);
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
  #hear(command: Command, now: Millis, state: Readonly<State>): void {
    switch (command.kind) {
      case "start": case "up": case "down": case "restart": case "scale": case "roll": case "stop": case "reload": case "changed":
      case "due":
        this.#wishes.hear(command, this.#lastRun, now, (name) => state.entries.get(name)?.opened === true);
        if (command.kind !== "reload" || this.#wishes.stops > 0) return;
        for (const run of this.#runs.values()) {
          const isKept = this.#wishes.wanted.has(run.slot) && !this.#wishes.replaced.has(entryOf(run.slot));
          if (isKept) this.#lives.reloaded(run, now);
        }
        return;
      case "resume":
        if (command.tookOver !== null) for (const name of this.#rolls.names()) this.#endRoll(name);
        for (const [id, run] of this.#runs) {
          // A start that nobody has told of by now has come to nothing.
          if (run.startedAt === null) this.#over(id, { from: now, to: now, asked: true }, now);
          else this.#lives.resumed(run, now);
        }
        return;
      case "timeUp": return this.#alarms.timeUp(command.token, now);
      case "spawned": case "fault": case "exited": case "followed": case "proven": case "examined": case "notified": case "oversized": {
        const run = this.#runs.get(command.run);
        return run === undefined ? undefined : this.#hearOf(run, command, now);
      }
      case "astray": case "cleared": case "surviving": case "signal": return;
    }
  }

  #hearOf(run: Run, command: OfRun, now: Millis): void {
    switch (command.kind) {
      case "spawned": return this.#lives.spawned(run, command, now);
      case "fault": {
        const verdict = run.told === "nothing" ? this.#wishes.judge(run, command.at.mono, null, null) : null;
        this.#outcomes.faulted(run.slot, command.fault.errno);
        return this.#over(command.run, verdict, now);
      }
      case "exited": return this.#lives.exited(run, command, now);
      case "followed": return this.#lives.followed(run, command, now);
      case "proven": return this.#lives.proven(run, now);
      case "examined": return this.#lives.examined(run, command.ok);
      case "notified": return this.#lives.notified(run, command.tidings, now);
      case "oversized": return this.#lives.oversized(run);
    }
  }

  #follow(effect: Effect, command: Command, now: Millis, hurried: boolean, timers: State["timers"], state: Readonly<State>): void {
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
        return this.#told(effect, command, now, hurried, state);
      case "inspect": {
        const run = this.#of(effect.run);
        assert(run.patienceEnd === now && command.kind === "timeUp", `run ${effect.run} is inspected`);
        assert.equal(effect.scope, run.way?.scope, `of run ${effect.run} others are looked at than were told`);
        run.patienceEnd = null;
        return;
      }
      case "follow": {
        const { searching, daemonic, mainPid } = this.#of(effect.run);
        assert(searching, `run ${effect.run} is looked for`);
        return assert.equal(effect.pid, daemonic ? null : mainPid, `run ${effect.run} is looked for in another way`);
      }
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
        this.#outcomes.check(effect.code);
        this.#left = true;
        return;
      case "reply": case "probe": case "unprobe": return;
    }
  }

  #spawn(id: RunId, slot: SlotId, now: Millis): void {
    const due = this.#wishes.due.get(slot);
    assert(!this.#everRun.has(id), `run ${id} is given twice`);
    assert(this.#wishes.wanted.has(slot), `${slot} is started, and nobody wants it`);
    for (const other of this.#runs.values()) assert(other.slot !== slot, `${slot} has two runs`);
    const isDue = due !== undefined && due.from <= now && now <= due.to;
    assert(isDue || this.#wishes.blocked.has(slot), `${slot} is not started when it is due`);
    this.#wishes.due.delete(slot);
    this.#wishes.blocked.delete(slot);
    this.#everRun.add(id);
    this.#lastRun = Math.max(this.#lastRun, id);
    this.#runs.set(id, {
      slot, pid: null, startedAt: null, daemonic: false, readyBy: null, wasReady: false, proven: false, mainPid: null, every: null, silentBy: null,
      leaveBy: null, ailing: 0, doomed: null, fate: null, searching: false, found: false, ended: null, settling: false,
      graceEnd: null, patienceEnd: null, asked: false, told: "nothing", way: null,
    });
  }

  /** Told to end: because somebody has asked, because the law says so, or because a process has left it behind. */
  #told({ run: id, signal, scope }: Extract<Effect, { kind: "end" }>, command: Command, now: Millis, hurried: boolean, state: Readonly<State>): void {
    const run = this.#of(id);
    const afresh = command.kind === "reload" && this.#wishes.replaced.has(entryOf(run.slot));
    const restarted = command.kind === "restart" && command.slot === run.slot;
    const leftover = run.ended !== null && run.doomed === null && 
      (command.kind === "exited" || command.kind === "astray" || command.kind === "followed") && command.run === id;
    const isMeant = afresh || restarted || run.doomed !== null || leftover || run.told !== "nothing" || !this.#wishes.wanted.has(run.slot);
    assert(isMeant || this.#rolls.goesOn(run.slot, command), `run ${id} is told to end, and it is wanted`);
    const isOrdered = this.#wishes.stops > 0 && !hurried && !this.#asleep && this.#wishes.exists(run.slot) && run.ended === null;
    if (isOrdered && run.told === "nothing" && run.doomed === null) {
      assert(!this.#standings.isHeld(entryOf(run.slot), state.followers), `${run.slot} is told to stop before those that come after it`);
    }
    if (run.told === "nothing") {
      run.fate = run.doomed === "again" ? null : run.doomed;
      run.asked = run.fate === null && !leftover;
    }
    run.settling = false;
    const law = this.#endedBy(run, command);
    run.way ??= { signal: signalOf(run, law), scope: scopeOf(run, law) };
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

  /** What a reload replaces is ended as its own law says. */
  #endedBy({ slot }: Run, command: Command): Law {
    return this.#wishes.law(slot, command.kind === "reload" && this.#wishes.replaced.has(entryOf(slot)));
  }

  #balance(now: Millis, hurried: boolean, { followers }: Readonly<State>): void {
    const { stops, wanted, counts } = this.#wishes;
    this.#wishes.check(now);
    this.#alarms.check();
    for (const [id, run] of this.#runs) {
      const isHeld = stops > 0 && this.#wishes.exists(run.slot) && this.#standings.isHeld(entryOf(run.slot), followers);
      assert(run.told !== "nothing" || wanted.has(run.slot) || isHeld, `run ${id} is not wanted, and nobody has told it`);
      if (run.graceEnd !== null) assert(run.graceEnd >= now, `run ${id} has outlived its grace`);
      if (run.patienceEnd !== null) assert(run.patienceEnd >= now, `run ${id} has outlasted SIGKILL, and it is not told`);
      assert(!hurried || run.told === "to die", `run ${id} is not hurried`);
    }
    assert(stops > 0 || !this.#standings.isDecided(this.#wishes.exitWhen), "it is time to leave");
    if (stops > 0 && this.#runs.size === 0) assert(this.#left, "nothing is alive, and it does not leave");
    for (const [name, count] of counts) {
      const ofEntry = [...this.#runs.values()].filter(({ slot }) => entryOf(slot) === name);
      const ending = ofEntry.filter(({ told }) => told !== "nothing").length;
      assert(ofEntry.length <= count + ending + Number(this.#rolls.has(name)), `${name} has more live runs than wanted and stopping`);
    }
  }

  /** The end of a run is told: once, and as soon as it is known. */
  #exit(record: ExitedRecord, command: Command, now: Millis): void {
    const { run: id, leftovers } = record;
    const run = this.#of(id);
    assert(!this.#exited.has(id), `the exit of run ${id} is recorded twice`);
    assert(run.searching || (command.kind === "exited" && command.run === id), `run ${id} has not ended`);
    if (command.kind === "exited" && command.run === id) {
      const scope = run.way?.scope ?? scopeOf(run, this.#wishes.law(run.slot));
      assert.equal(leftovers, !command.alone && scope !== "process", `run ${id} has left something behind, or has not`);
    }
    this.#exited.add(id);
    this.exitsRecorded++;
    this.#outcomes.exited(run.slot, record);
    if (run.searching && !isAstray(command, id)) run.way = { signal: this.#endedBy(run, command).stopSignal, scope: "tree" };
    run.ended = { verdict: this.#verdict(run, record, command, now) };
    run.searching = false;
  }

  /** What has to follow from that end; null: what somebody asks for. */
  #verdict(run: Run, { run: id, mono, code, ranMs }: ExitedRecord, command: Command, now: Millis): Verdict | null {
    const isFailing = run.doomed !== null && run.doomed !== "again" && run.doomed !== "exited";
    if (run.searching) {
      if (isAstray(command, id)) return this.#wishes.judge(run, mono, run.wasReady && !run.daemonic ? ranMs : null, code);
      return isFailing ? this.#wishes.judge(run, now, null, null) : null;
    }
    if (run.asked) return null;
    if (run.fate === null) return this.#wishes.judge(run, mono, run.readyBy === null ? ranMs : null, code);
    const ran = run.fate === "readyTimeout" ? null : ranMs;
    return this.#wishes.judge(run, mono, ran, run.fate === "exited" ? code : null);
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
      if (this.#wishes.wanted.has(slot)) this.#wishes.rest(slot, record.type);
      else assert(this.#asleep || this.#wishes.stops > 0, `${slot} is told to be ${record.type}`);
      this.#outcomes.over(slot, now);
    }
    if (record.type === "unhealthy") assert.equal(this.#of(record.run).doomed, "unhealthy");
    if (record.type === "blocked") this.#wishes.hold(slotId(record.entry, record.slot), "blocked", now, true);
    if (record.type === "waiting" && record.cause === "schedule") {
      const mayBeAsked = !["up", "restart", "due", "changed"].includes(command.kind);
      return this.#wishes.hold(slotId(record.entry, record.slot), "scheduled", now, mayBeAsked);
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

/** Of a daemon that was never found nobody knows which process it is, nor of one that has been named: then all are meant. */
function scopeOf({ startedAt, daemonic, searching }: Run, law: Law): Scope {
  const isKnown = startedAt === null ? !law.daemon : !daemonic && !searching;
  return isKnown ? law.scope : "tree";
}

function isAstray(command: Command, run: RunId): boolean {
  return command.kind === "astray" && command.run === run;
}

function signalOf({ fate }: Run, { stopSignal }: Law): string {
  return fate === "exited" ? "SIGKILL" : fate === "watchdog" ? "SIGABRT" : stopSignal;
}

/** Where a whole stop begins that nobody has asked for: in an end that is told to be by nobody, and for no other reason. */
function endOf(effects: readonly Effect[]): number {
  const place = effects.findIndex((effect) => effect.kind === "record" && effect.record.by === null && (effect.record.cause === "stopped"
    || (effect.record.type === "fault" && effect.record.message === "Sentry itself is stopping")));
  const left = effects.findIndex((effect) => effect.kind === "record" && effect.record.type === "stopped" && effect.record.entry === null);
  return [place, left].find((found) => found >= 0) ?? effects.length;
}
