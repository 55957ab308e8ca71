/** A kernel that does what it is told to, when it is told to: each start has its fate, and so has whatever comes of it. */
import assert from "node:assert/strict";

import type { Happening, Survivor } from "../../src/core/command.ts";
import type { Exit, Fault, Identity, Millis, RunId, Scope, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import type { Kernel } from "../../src/engine/ports.ts";
import type { Agenda } from "./agenda.ts";
import { Channel } from "./channel.ts";
import { Family } from "./family.ts";
import type { Ending, Member, Program } from "./family.ts";

export type { Ending, Program } from "./family.ts";

/** What becomes of a start. */
export interface Fate extends Program {
  /** Until the start is answered. Infinity: it hangs in exec, until SIGKILL ends it. */
  readonly answerAfter: Millis;
  readonly fault: Fault | null;
  /** Between its end and when it is told. */
  readonly toldAfter: Millis;
  /** A start that is signalled before it is answered comes to nothing; otherwise that signal is lost. */
  readonly calledOff: boolean;
  /** How a daemon is found: how long it takes (Infinity: for ever), and whether a PID file has named it. */
  readonly search?: { readonly after: Millis; readonly pidFile: boolean };
}

export const longLife: Fate = {
  answerAfter: 0, fault: null, livesFor: Infinity, ending: { code: 0 }, heedsAfter: 0, killedAfter: 0, toldAfter: 0,
  calledOff: true,
};

interface Process {
  readonly run: RunId;
  readonly slot: SlotId;
  readonly fate: Fate;
  readonly family: Family;
  /** Of the process that is the run's; `never`: its start was a fault. */
  life: "asked" | "alive" | "zombie" | "reaped" | "never";
  pid: number;
  exitTold: boolean;
  /** What has to be gone before `cleared` is told. */
  clears: Scope | null;
  /** How to call off a search for the daemon that is under way. */
  search: (() => void) | null;
  /** It was followed on, and nobody has let go of it yet. */
  previous: Member | null;
}

export class FakeKernel implements Kernel {
  readonly processes = new Map<RunId, Process>();
  /** All signals that somebody has got so far: `web:0 SIGTERM`. */
  readonly signals: string[] = [];
  readonly #agenda: Agenda;
  readonly #fateOf: (run: RunId, slot: SlotId) => Fate;
  readonly #channel: Channel;

  constructor(agenda: Agenda, fateOf: (run: RunId, slot: SlotId) => Fate, tell: (fact: Happening) => void) {
    this.#agenda = agenda;
    this.#fateOf = fateOf;
    this.#channel = new Channel(agenda, tell);
  }

  spawn(run: RunId, entry: string, slot: number): void {
    assert(!this.processes.has(run), `run ${run} is started twice`);
    const id = slotId(entry, slot);
    const fate = this.#fateOf(run, id);
    // Few pids, so that they are soon given out again: whoever goes by them alone is found out.
    const pid = 100 + (run % 7);
    const family = new Family(this.#agenda, (member, ending) => this.#over(process, member, ending));
    const process: Process = {
      run, slot: id, fate, family, pid, life: "asked", exitTold: false, clears: null, search: null, previous: null,
    };
    this.processes.set(run, process);
    if (fate.answerAfter !== Infinity) this.#agenda.in(fate.answerAfter, () => this.#answer(process));
  }

  signal(run: RunId, signal: string): void {
    const { slot, family } = this.#of(run);
    this.signals.push(`${slot} ${signal}`);
    family.leader?.take(signal);
  }

  end(run: RunId, signal: string, scope: Scope): void {
    if (!this.processes.has(run)) return; // whether that may be is for the Witness to say
    const process = this.#of(run);
    const { fate, slot, family } = process;
    if (process.life === "asked") {
      this.signals.push(`${slot} ${signal}`);
      if (fate.answerAfter === Infinity ? signal === "SIGKILL" : fate.calledOff) this.#callOff(process);
      return;
    }
    if (process.life === "zombie" && process.exitTold) {
      process.clears = scope;
      this.#giveUp(process);
    }
    if (family.end(signal, scope)) this.signals.push(`${slot} ${signal}`);
    this.#clear(process);
  }

  inspect(run: RunId, scope: Scope): void {
    const survivors = this.#of(run).family.living(scope).map(({ pid, state, program }): Survivor =>
      ({ pid, name: "fake", state, errno: program.refuses ?? null }));
    if (survivors.length > 0) this.#channel.post(0, { kind: "surviving", run, survivors });
  }

  /** A process that has been named is found, if it is there; whatever else is there. */
  follow(run: RunId, entry: string, slot: number, pid: number | null): void {
    const process = this.#of(run);
    assert.equal(process.slot, slotId(entry, slot));
    assert(process.life === "zombie" && process.exitTold, `run ${run} is followed before its exit is told`);
    assert(process.previous === null, `run ${run} is followed, and nobody has let go of the one before`);
    assert(process.search === null, `run ${run} is followed twice`);
    const { after } = process.fate.search ?? { after: 0 };
    process.search = after === Infinity ? () => {} : this.#agenda.in(after, () => this.#found(process, pid));
  }

  reap(run: RunId): void {
    const process = this.#of(run);
    if (process.previous !== null) {
      process.previous = null;
      return;
    }
    assert(process.life === "zombie", `run ${run} is reaped, and is no zombie`);
    process.life = "reaped";
    this.#giveUp(process);
  }

  /** The run's process ends, now; nothing happens where it has ended already. */
  die(run: RunId, ending: Ending): void {
    this.processes.get(run)?.family.leader?.die(ending);
  }

  alive(): RunId[] {
    return [...this.processes.values()].filter(({ life }) => life === "alive").map(({ run }) => run);
  }

  /** The slot's run that has not ended. */
  runOf(slot: SlotId): RunId {
    for (const process of this.processes.values()) {
      if (process.slot === slot && (process.life === "asked" || process.life === "alive")) return process.run;
    }
    assert.fail(`${slot} has no process`);
  }

  /** Whoever listened, looked for daemons and saw to it that all ends is gone: what was on its way is what a successor is told. */
  orphan(): Happening[] {
    for (const process of this.processes.values()) {
      this.#giveUp(process);
      process.clears = null;
      process.family.letGo();
    }
    return [...this.#channel.take(), ...this.#settleStarts()];
  }

  /** Nobody knows any more of a search what it has found, or to whom something was said. */
  forget(facts: readonly Happening[]): Happening[] {
    const reverted = new Set<RunId>();
    for (const process of this.processes.values()) {
      process.family.forget();
      if (process.previous === null) continue;
      reverted.add(process.run);
      process.family.leader = process.previous;
      Object.assign(process, { life: "zombie", pid: process.previous.pid, exitTold: true, previous: null });
    }
    return facts.filter((fact) => fact.kind === "spawned" || (fact.kind === "exited" && !reverted.has(fact.run)));
  }

  #of(run: RunId): Process {
    const process = this.processes.get(run);
    assert(process !== undefined, `run ${run} was never started`);
    assert(process.life !== "reaped", `something is done to run ${run} after it was reaped`);
    return process;
  }

  /** Starts that are under way come to a process, or to nothing. */
  #settleStarts(): Happening[] {
    const asked = [...this.processes.values()].filter(({ life }) => life === "asked");
    for (const process of asked) process.life = "never";
    return asked.filter(({ fate }) => fate.answerAfter !== Infinity && fate.fault === null && !fate.calledOff)
      .map((process) => this.#liven(process));
  }

  #answer(process: Process): void {
    if (process.life !== "asked") return; // called off
    const { run, fate } = process;
    if (fate.fault === null) return this.#channel.post(0, this.#liven(process));
    process.life = "never";
    this.#channel.post(0, { kind: "fault", run, fault: fate.fault, at: this.#agenda.now() });
  }

  #liven(process: Process): Happening {
    const { run, fate, pid, family } = process;
    process.life = "alive";
    family.begin(pid, fate);
    return { kind: "spawned", run, pid, at: this.#agenda.now(), identity: identityOf(run) };
  }

  #callOff(process: Process): void {
    process.life = "never";
    const fault = { step: "start", errno: "ECANCELED", message: "operation canceled", subject: "" };
    this.#channel.post(0, { kind: "fault", run: process.run, fault, at: this.#agenda.now() });
  }

  /** One of its processes has ended. */
  #over(process: Process, member: Member, ending: Ending): void {
    if (member !== process.family.leader) return this.#clear(process);
    process.life = "zombie";
    process.exitTold = false;
    const exit: Exit = {
      pid: member.pid, code: "code" in ending ? ending.code : null, signal: "signal" in ending ? ending.signal : null,
      coreDumped: "coreDumped" in ending && ending.coreDumped === true, at: this.#agenda.now(), kernelTime: true,
      userMs: 1, systemMs: 1, maxRssBytes: null,
    };
    const alone = process.family.living("tree").length === 0;
    const told: Happening = { kind: "exited", run: process.run, exit, alone };
    this.#channel.post(process.fate.toldAfter, told, () => { process.exitTold = true; });
  }

  #clear(process: Process): void {
    const { clears, family, run } = process;
    if (clears === null || process.life !== "zombie" || family.living(clears).length > 0) return;
    process.clears = null;
    this.#channel.post(0, { kind: "cleared", run });
  }

  #giveUp(process: Process): void {
    process.search?.();
    process.search = null;
  }

  #found(process: Process, named: number | null): void {
    const { run, fate, family } = process;
    process.search = null;
    const pidFile = named !== null || fate.search?.pidFile === true;
    const candidates = named === null ? family.candidates() : family.living("tree").filter(({ pid }) => pid === named);
    const [daemon] = candidates;
    if (daemon === undefined || (candidates.length > 1 && !pidFile)) {
      const fault = { step: "follow", errno: "", message: `${candidates.length} processes are left`, subject: "" };
      return this.#channel.post(0, { kind: "astray", run, fault });
    }
    Object.assign(process, { previous: family.leader, life: "alive", pid: daemon.pid, exitTold: false, clears: null });
    family.leader = daemon;
    this.#channel.post(0, {
      kind: "followed", run, pid: daemon.pid, at: this.#agenda.now(), identity: identityOf(run), settled: pidFile,
    });
  }
}

/** Each run has its own. */
export function identityOf(run: RunId): Identity {
  return { startTicks: 1000 + run, pipes: [20_000 + 2 * run, 20_001 + 2 * run], cgroup: null, notify: null };
}
