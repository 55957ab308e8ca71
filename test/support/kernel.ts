/** A kernel that does what it is told to, when it is told to: each start has its fate. */
import assert from "node:assert/strict";

import type { Happening } from "../../src/core/command.ts";
import type { Scope } from "../../src/core/effect.ts";
import type { Exit, Fault, Identity, Millis, RunId, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import type { Kernel } from "../../src/engine/ports.ts";
import type { Agenda } from "./agenda.ts";

/** `unknown`: somebody else in the process has reaped it. */
export type Ending = { readonly code: number } | { readonly signal: string; readonly coreDumped?: boolean } | { readonly unknown: true };

/** What becomes of a start. */
export interface Fate {
  /** Until the start is answered. Infinity: it hangs in exec, until SIGKILL ends it. */
  readonly answerAfter: Millis;
  readonly fault: Fault | null;
  /** Infinity: until it is told to end. */
  readonly livesFor: Millis;
  readonly ending: Ending;
  /** How long it takes to end when it is asked to; null: it does not heed that. SIGKILL it always heeds. */
  readonly heedsAfter: Millis | null;
  readonly killedAfter: Millis;
  /** Between its end and when it is told. */
  readonly toldAfter: Millis;
  /** A start that is signalled before it is answered comes to nothing; otherwise that signal is lost. */
  readonly calledOff: boolean;
}

export const longLife: Fate = {
  answerAfter: 0, fault: null, livesFor: Infinity, ending: { code: 0 }, heedsAfter: 0, killedAfter: 0, toldAfter: 0,
  calledOff: true,
};

interface Process {
  readonly run: RunId;
  readonly slot: SlotId;
  readonly pid: number;
  readonly fate: Fate;
  /** `never`: its start was a fault. */
  life: "asked" | "alive" | "zombie" | "reaped" | "never";
}

export class FakeKernel implements Kernel {
  readonly processes = new Map<RunId, Process>();
  /** All signals so far: `web:0 SIGTERM`. */
  readonly signals: string[] = [];
  readonly #agenda: Agenda;
  readonly #fateOf: (run: RunId, slot: SlotId) => Fate;
  readonly #tell: (fact: Happening) => void;
  #lastTold: Millis = 0;
  /** On its way to whoever listens, with how to keep it from arriving. */
  readonly #untold = new Map<Happening, () => void>();

  constructor(agenda: Agenda, fateOf: (run: RunId, slot: SlotId) => Fate, tell: (fact: Happening) => void) {
    this.#agenda = agenda;
    this.#fateOf = fateOf;
    this.#tell = tell;
  }

  spawn(run: RunId, entry: string, slot: number): void {
    assert(!this.processes.has(run), `run ${run} is started twice`);
    const id = slotId(entry, slot);
    // Few pids, so that they are soon given out again: whoever goes by them alone is found out.
    const process: Process = { run, slot: id, pid: 100 + (run % 7), fate: this.#fateOf(run, id), life: "asked" };
    this.processes.set(run, process);
    if (process.fate.answerAfter !== Infinity) this.#agenda.in(process.fate.answerAfter, () => this.#answer(process));
  }

  signal(run: RunId, signal: string, _scope: Scope): void {
    const process = this.processes.get(run);
    assert(process !== undefined, `run ${run} is signalled, and was never started`);
    assert(process.life !== "reaped", `run ${run} is signalled after it was reaped`);
    const { fate, slot } = process;
    this.signals.push(`${slot} ${signal}`);
    if (process.life === "asked") {
      if (fate.answerAfter === Infinity ? signal === "SIGKILL" : fate.calledOff) this.#callOff(process);
    } else if (process.life !== "alive") return;
    else if (signal === "SIGKILL") this.#agenda.in(fate.killedAfter, () => this.end(run, { signal }));
    else if (fate.heedsAfter !== null) this.#agenda.in(fate.heedsAfter, () => this.end(run, { signal }));
  }

  reap(run: RunId): void {
    const process = this.processes.get(run);
    assert(process?.life === "zombie", `run ${run} is reaped, and is no zombie`);
    process.life = "reaped";
  }

  /** The process ends, now; nothing happens where it has ended already. */
  end(run: RunId, ending: Ending): void {
    const process = this.processes.get(run);
    if (process?.life !== "alive") return;
    process.life = "zombie";
    const exit: Exit = {
      pid: process.pid, code: "code" in ending ? ending.code : null, signal: "signal" in ending ? ending.signal : null,
      coreDumped: "coreDumped" in ending && ending.coreDumped, at: this.#agenda.now(), kernelTime: true,
      userMs: 1, systemMs: 1, maxRssBytes: null,
    };
    this.#post(process.fate.toldAfter, { kind: "exited", run, exit });
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

  /** Whoever listened is gone: what was on its way is what a successor is told, or finds out by looking. */
  orphan(): Happening[] {
    const untold = [...this.#untold.keys()];
    for (const callOff of this.#untold.values()) callOff();
    this.#untold.clear();
    this.#lastTold = 0;
    return [...untold, ...this.#settleStarts()];
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
    if (fate.fault === null) return this.#post(0, this.#liven(process));
    process.life = "never";
    this.#post(0, { kind: "fault", run, fault: fate.fault, at: this.#agenda.now() });
  }

  #liven(process: Process): Happening {
    const { run, fate, pid } = process;
    process.life = "alive";
    if (fate.livesFor !== Infinity) this.#agenda.in(fate.livesFor, () => this.end(run, fate.ending));
    return { kind: "spawned", run, pid, at: this.#agenda.now(), identity: identityOf(run) };
  }

  #callOff(process: Process): void {
    process.life = "never";
    const fault = { step: "start", errno: "ECANCELED", message: "operation canceled", subject: "" };
    this.#post(0, { kind: "fault", run: process.run, fault, at: this.#agenda.now() });
  }

  /** One channel: what was posted first is told first. */
  #post(after: Millis, fact: Happening): void {
    this.#lastTold = Math.max(this.#lastTold, this.#agenda.now().mono + after);
    const callOff = this.#agenda.at(this.#lastTold, () => {
      this.#untold.delete(fact);
      this.#tell(fact);
    });
    this.#untold.set(fact, callOff);
  }
}

/** Each run has its own. */
export function identityOf(run: RunId): Identity {
  return { startTicks: 1000 + run, pipes: [20_000 + 2 * run, 20_001 + 2 * run] };
}
