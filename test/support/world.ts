/** The engine with a fake of each port, in virtual time. */
import assert from "node:assert/strict";

import type { Command, Happening } from "../../src/core/command.ts";
import { derive } from "../../src/core/derived.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import { runOf, unawaited } from "../../src/core/state.ts";
import type { Slot, State } from "../../src/core/state.ts";
import type { By, ExitWhen, Law, Millis, RunId, SlotId, Sought, Tidings, Token } from "../../src/core/types.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Ask, Outcome } from "../../src/engine/engine.ts";
import type { Ports } from "../../src/engine/ports.ts";
import { Agenda } from "./agenda.ts";
import { frozen, thawed } from "./frozen.ts";
import { FakeKernel, longLife } from "./kernel.ts";
import type { Ending, Fate } from "./kernel.ts";

/** What was put to the engine, and what it did: told after each command. */
export type Watch = (command: Command, effects: readonly Effect[], world: World) => void;

export const someone: By = { kind: "socket", pid: 4000, uid: 1000 };

export function law(name: string, differs: Partial<Law> = {}): Law {
  return {
    name, count: 1, restart: "always", successCodes: [0], delay: 1000, backoff: null, limit: null,
    stopSignal: "SIGTERM", grace: 10_000, scope: "tree", daemon: false, ready: "started", readyTimeout: 60_000,
    health: null, watchdog: null, after: [], schedule: null, ...differs,
  };
}

/** A message of sd_notify(3) that says no more than that. */
export function tidings(says: Partial<Tidings>): Tidings {
  return {
    ready: false, doing: null, status: null, errno: null, mainPid: null, watchdog: null, watchdogEvery: null, extend: null, ...says,
  };
}

export class World {
  readonly agenda = new Agenda();
  readonly kernel: FakeKernel;
  readonly records: HistoryRecord[] = [];
  readonly timers = new Map<Token, () => void>();
  /** Which runs are looked at from outside, and for what. */
  readonly probes = new Map<RunId, Sought>();
  engine: Engine;
  left = 0;
  /** With what it has left. */
  code: number | null = null;
  readonly #laws: readonly Law[];
  readonly #ports: Ports;
  readonly #watch: Watch;
  #effects: Effect[] = [];
  readonly #bugs: Error[] = [];

  constructor(
    laws: readonly Law[], fateOf: (run: RunId, slot: SlotId) => Fate = () => longLife, watch: Watch = () => {},
  ) {
    this.#laws = laws;
    this.#watch = watch;
    this.kernel = new FakeKernel(this.agenda, fateOf, (fact) => this.put(fact));
    this.#ports = this.#logged();
    this.engine = new Engine(this.#ports);
  }

  start(exitWhen: ExitWhen = null): this {
    this.put({ kind: "start", laws: this.#laws, exitWhen });
    this.agenda.pass(0);
    return this;
  }

  put(fact: Happening): void {
    this.#effects = [];
    this.engine.post([fact]);
    this.#look(fact);
  }

  ask(request: Ask): Promise<Outcome> {
    this.#effects = [];
    const outcome = this.engine.ask(request);
    this.#look({ ...request, reply: null });
    return outcome;
  }

  up(slot: SlotId): Promise<Outcome> { return this.ask({ kind: "up", slot, by: someone }); }
  down(slot: SlotId): Promise<Outcome> { return this.ask({ kind: "down", slot, by: someone }); }
  stop(hurry = true): Promise<Outcome> { return this.ask({ kind: "stop", hurry, by: someone }); }
  restart(slot: SlotId): Promise<Outcome> { return this.ask({ kind: "restart", slot, by: someone }); }
  roll(entry: string): Promise<Outcome> { return this.ask({ kind: "roll", entry, by: someone }); }
  signal(slot: SlotId, signal: string): Promise<Outcome> { return this.ask({ kind: "signal", slot, signal, by: someone }); }
  scale(entry: string, count: number): Promise<Outcome> {
    return this.ask({ kind: "scale", entry, count, by: someone });
  }

  pass(millis: Millis): this {
    this.agenda.pass(millis);
    return this;
  }

  /** The slot's process ends by itself. */
  end(slot: SlotId, ending: Ending = { code: 0 }): this {
    this.kernel.die(this.kernel.runOf(slot), ending);
    return this.pass(0);
  }

  /** Somebody who looks at the slot's process has found it ready. */
  prove(slot: SlotId): this {
    this.put({ kind: "proven", run: this.runOf(slot) });
    return this.pass(0);
  }

  examine(slot: SlotId, ok: boolean): this {
    this.put({ kind: "examined", run: this.runOf(slot), ok, message: ok ? "" : "connection refused" });
    return this.pass(0);
  }

  /** The slot's process says that of itself. */
  notify(slot: SlotId, says: Partial<Tidings>): this {
    this.put({ kind: "notified", run: this.runOf(slot), tidings: tidings(says) });
    return this.pass(0);
  }

  due(entry: string, next: Millis | null = 60_000): this {
    const wall = next === null ? null : this.agenda.now().wall + next * 1000;
    this.put({ kind: "due", entry, now: true, next: wall, missed: 0 });
    return this.pass(0);
  }

  runOf(slot: SlotId): RunId {
    const run = runOf(this.slot(slot).phase);
    assert(run !== null, `${slot} has no run`);
    return run;
  }

  slot(id: SlotId): Slot {
    const slot = this.engine.state.slots.get(id);
    assert(slot !== undefined, `there is no ${id}`);
    return slot;
  }

  phase(id: SlotId): Slot["phase"]["kind"] {
    return this.slot(id).phase.kind;
  }

  /** The types of the records so far, of one slot or of all. */
  told(slot?: SlotId): HistoryRecord["type"][] {
    return this.records.filter((r) => slot === undefined || `${r.entry}:${r.slot}` === slot).map((r) => r.type);
  }

  /** Signals sent in the last step. */
  signals(): string[] {
    return this.#effects.flatMap((effect) => effect.kind === "signal" || effect.kind === "end" ? [effect.signal] : []);
  }

  /** A reload as it is done: this image ends in an exec, and another goes on with the new configuration. */
  reload(laws: readonly Law[], replaced: readonly string[] = [], exitWhen = this.engine.state.exitWhen): this {
    this.engine.pause();
    const reload: Happening = { kind: "reload", laws, replaced, exitWhen, by: someone };
    return this.#goOn([reload, ...this.#orphan(), { kind: "resume", tookOver: null }]);
  }

  /** Sentry is killed, and another takes over. `unknown`: how a process has ended meanwhile cannot be known any more. */
  takeOver(unknown = false): this {
    const found = this.kernel.forget(this.#orphan()).map((fact): Happening =>
      fact.kind === "exited" && unknown ? { ...fact, exit: { ...fact.exit, code: null, signal: null } } : fact);
    // Nothing tells of a rolling restart that was under way: a Sketch has none.
    const state = this.engine.state as State;
    for (const [name, entry] of state.entries) state.entries.set(name, { ...entry, rolling: null });
    for (const [id, slot] of state.slots) state.slots.set(id, unawaited(slot));
    derive(state);
    return this.#goOn([...found, { kind: "resume", tookOver: { pid: 1511, processes: this.kernel.alive().length } }]);
  }

  /** What an image of Sentry leaves, and its timers end with it. */
  #orphan(): Happening[] {
    for (const callOff of this.timers.values()) callOff();
    this.timers.clear();
    this.probes.clear();
    this.engine = new Engine(this.#ports, thawed(frozen(this.engine.state as State)));
    return this.kernel.orphan();
  }

  #goOn(facts: readonly Happening[]): this {
    for (const fact of facts) this.put(fact);
    return this.pass(0);
  }

  #look(command: Command): void {
    if (this.#bugs.length > 0) throw this.#bugs[0];
    this.#watch(command, this.#effects, this);
  }

  #logged(): Ports {
    const did = (effect: Effect) => { this.#effects.push(effect); };
    return {
      clock: this.agenda,
      timers: {
        set: (token, at) => {
          did({ kind: "setTimer", token, at });
          assert(!this.timers.has(token), `timer ${token} is set twice`);
          this.timers.set(token, this.agenda.at(at, () => {
            this.timers.delete(token);
            this.put({ kind: "timeUp", token });
          }));
        },
        cancel: (token) => {
          did({ kind: "cancelTimer", token });
          this.timers.get(token)?.();
          this.timers.delete(token);
        },
      },
      kernel: {
        spawn: (run, entry, slot) => {
          did({ kind: "spawn", run, entry, slot });
          this.kernel.spawn(run, entry, slot);
        },
        signal: (run, signal) => {
          did({ kind: "signal", run, signal });
          this.kernel.signal(run, signal);
        },
        end: (run, signal, scope) => {
          did({ kind: "end", run, signal, scope });
          this.kernel.end(run, signal, scope);
        },
        inspect: (run, scope) => {
          did({ kind: "inspect", run, scope });
          this.kernel.inspect(run, scope);
        },
        follow: (run, entry, slot, pid) => {
          did({ kind: "follow", run, entry, slot, pid });
          this.kernel.follow(run, entry, slot, pid);
        },
        reap: (run) => {
          did({ kind: "reap", run });
          this.kernel.reap(run);
        },
      },
      probes: {
        probe: (run, entry, slot, pid, what) => {
          did({ kind: "probe", run, entry, slot, pid, what });
          this.probes.set(run, what);
        },
        unprobe: (run) => {
          did({ kind: "unprobe", run });
          assert(this.probes.delete(run), `run ${run} is looked at no longer, and was not before`);
        },
      },
      journal: {
        record: (record) => {
          did({ kind: "record", record });
          this.records.push(record);
        },
        bug: (error, what) => { this.#bugs.push(new Error(`a bug when ${what}`, { cause: error })); },
      },
      leave: (code) => {
        did({ kind: "leave", code });
        this.code = code;
        this.left++;
      },
    };
  }
}
