/**
 * Taking over from a Sentry that is gone: what it knew, what it had, and what is there, put together to a state from which
 * the law goes on. Nothing is done here but looking: what it takes comes in as arguments, what follows is returned.
 *
 * Whose process is it? In this order: the keeper's pidfd is one process and no other. The records (snapshot, history) name
 * a pid, and it counts only with the start time that they name as well. Cgroups and the marks in the environment are for
 * starts that nobody got to record. A cgroup cannot be shaken off, but its path says no more than the run; a mark says whose
 * run it is, but is of no use where a program overwrites its environment, as nginx does.
 *
 * What does not fit together can only come of damage. Then no process is dropped, for it would run on unseen; and none is
 * doubled: the newest run has the slot, and an older one that lives gets a number above all others, where nobody wants it,
 * so that it is told to end.
 */
import type { Happening } from "../core/command.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { PhaseOf, Slot, Started } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { ExitWhen, Identity, Law, RunId, Stamp } from "../core/types.ts";
import type { HistoryLine } from "../engine/line.ts";
import { isProbe } from "../engine/probe-run.ts";
import type { Survey } from "./findings.ts";
import type { Known } from "./holder.ts";
import type { Held } from "./kept.ts";
import { fromPlain } from "./plain.ts";
import { Places } from "./places.ts";
import type { Processes } from "./proc.ts";
import { replay } from "./replay.ts";
import type { Replayed } from "./replay.ts";
import { Sightings } from "./sightings.ts";
import { Successors } from "./successors.ts";
import type { Snapshot } from "./snapshot.ts";
import { Traces } from "./traces.ts";
import type { Trace } from "./traces.ts";
import { NOBODY, Uptake } from "./uptake.ts";

/** For a program that was looking at others, where nothing says at whom. */
const SOMEBODY = "somebody";

export type { Survey } from "./findings.ts";

/** Everything that is left of a Sentry that is gone. */
export interface Remains {
  /** Null: none, or none that can be trusted. */
  readonly snapshot: Snapshot | null;
  /** Of the history, after the snapshot: `readPast(path, snapshot?.lastId ?? 0)`. */
  readonly lines: Iterable<HistoryLine | null>;
  /** What the keeper gave back. */
  readonly held: readonly Held[];
  readonly processes: Processes;
  readonly boot: string;
  readonly now: Stamp;
  /** Of the configuration on disk: for entries of which nothing else tells the law. */
  readonly laws: readonly Law[];
  /** Likewise. */
  readonly exitWhen: ExitWhen;
}

export function survey(remains: Remains): Survey {
  const { snapshot, lines, laws, exitWhen, boot, now } = remains;
  const base = snapshot === null ? null : { ...snapshot, state: fromPlain(snapshot.state) };
  const past = replay({ base, lines, laws, exitWhen, boot, now });
  const traces = new Traces(past.instance, remains.held, remains.processes);
  return new Inquiry(remains, past, traces).findings();
}

/**
 * The end of a run of which nobody knows how: also where `adopt` says that it comes too late.
 * @param alone nothing is there of what it has started
 */
export function endUnknown(run: RunId, pid: number, at: Stamp, alone: boolean): Happening {
  const unknown = { code: null, signal: null, coreDumped: false, kernelTime: false, userMs: 0, systemMs: 0, maxRssBytes: null };
  return { kind: "exited", run, exit: { pid, at, ...unknown }, alone };
}

class Inquiry {
  readonly #remains: Remains;
  readonly #past: Replayed;
  readonly #traces: Traces;
  readonly #uptake: Uptake;
  readonly #spawned: Happening[] = [];
  readonly #ended: Happening[] = [];
  readonly #told: string[] = [];
  readonly #places: Places;
  readonly #sightings: Sightings;
  readonly #successors: Successors;

  constructor(remains: Remains, past: Replayed, traces: Traces) {
    this.#remains = remains;
    this.#past = past;
    this.#traces = traces;
    this.#uptake = new Uptake(remains.processes);
    this.#places = new Places(past.sketch, this.#told);
    this.#sightings = new Sightings(remains.processes, remains.now);
    this.#successors = new Successors(past, this.#sightings, remains.now);
  }

  findings(): Survey {
    const { sketch, displaced, untold, damaged, begun } = this.#past;
    const { strange, instance, listening, tails } = this.#traces;
    if (damaged > 0) this.#told.push(`${damaged} lines of the history cannot be read; they are passed over`);
    if (strange.length > 0) this.#told.push(`the keeper has ${strange.length} descriptors of another Sentry; they are left to it`);

    for (const slot of sketch.slots()) this.#takeUpOf(slot);
    for (const known of displaced.values()) this.#takeUpBeyond(known);
    for (const trace of this.#traces.rest()) {
      if (isProbe(trace.run)) {
        this.#takeUpProbe(trace);
        continue;
      }
      sketch.saw(trace.run);
      if (this.#isOver(trace.run, trace)) this.#clearUp(trace);
      else this.#discover(trace);
    }
    this.#tellOfNameless();
    const { adoptions, probes, outputs, superfluous, living } = this.#uptake;
    const isNothing = !begun && adoptions.length === 0 && outputs.length === 0;
    const state = isNothing ? null : sketch.finished();
    return {
      instance, oldPid: this.#remains.snapshot?.pid ?? null, state, adoptions, probes, outputs, facts: [...this.#spawned, ...this.#ended],
      untold: state === null ? [] : untold.in(state), living, listening, tails, close: strange, superfluous, told: this.#told,
    };
  }

  #takeUpOf(slot: Slot): void {
    const { entry, number, phase } = slot;
    const run = runOf(phase);
    if (run === null) return;
    if (phase.kind === "clearing") return this.#takeUpLeft(slot, phase);
    const started = startedOf(phase);
    // A start that was not recorded: if there is something of it, it is this slot's.
    if (started === null) return this.#traces.name(run, entry, number);
    const trace = this.#traces.take(run, entry, number);
    const successor = this.#successors.of(slot, trace);
    if (successor !== null) return this.#takeUp(trace, successor);
    if (phase.kind === "following" && phase.ended !== null) return this.#takeUpEnded(trace, started.pid, started.identity);
    this.#takeUp(trace, started);
  }

  /** A process that was recorded, and whose end was not. */
  #takeUp(trace: Trace, { pid, identity }: Started): void {
    const { run, swept } = trace;
    const held = this.#uptake.heldOf(trace, pid);
    const isLost = this.#past.lost.has(run);
    const stat = isLost ? null : this.#sightings.same(trace, held, pid, identity);
    if (held !== null || stat !== null) this.#uptake.process(trace, pid, held, stat, identity);
    else {
      const alone = isLost || swept === null || !swept.isAlive;
      // What it has left behind is found by what is known of it.
      if (alone) this.#uptake.silent(trace);
      else this.#uptake.ended(trace, pid, null, identity);
      this.#ended.push(endUnknown(run, pid, this.#remains.now, alone));
    }
    this.#uptake.pipes(trace, pid, true, stat === null ? null : pid, identity);
  }

  #takeUpBeyond({ run, entry, slot, started }: Known): void {
    this.#told.push(`the end of ${entry}.${started.pid}, run ${run} of ${slotId(entry, slot)}, cannot be found in the history`);
    this.#places.beyond(entry, this.#past.sketch.running(entry, run, started));
    this.#takeUp(this.#traces.take(run, entry, slot), started);
  }

  /** Its process has ended, and that is known to the state; what it has left behind, or for itself, core goes on with. */
  #takeUpEnded(trace: Trace, pid: number, identity: Identity): void {
    this.#uptake.ended(trace, pid, this.#uptake.heldOf(trace, pid), identity);
    this.#uptake.pipes(trace, pid, true, null, identity);
  }

  #takeUpLeft({ entry, number, lastExit }: Slot, { run }: PhaseOf<"clearing">): void {
    const trace = this.#traces.take(run, entry, number);
    const pid = lastExit?.exit.pid;
    if (pid !== undefined) this.#takeUpEnded(trace, pid, this.#past.left.get(run) ?? NOBODY);
  }

  /**
   * A start that was not recorded. The process may have ended since: where the keeper has it, it is recorded all the same.
   * Where it has only the pipes, Sentry died before anybody had the process, and there is nobody to be recorded.
   */
  #discover(trace: Trace): void {
    const { run, swept } = trace;
    const pid = trace.held[0]?.pid ?? swept?.leader?.pid;
    if (pid === undefined) {
      this.#uptake.silent(trace);
      return this.#uptake.pipes(trace, null, true, null, NOBODY);
    }
    this.#places.take(trace);
    const held = this.#uptake.heldOf(trace, pid);
    const found = held !== null ? this.#sightings.statOf(held) : this.#remains.processes.statOf(pid);
    const stat = held === null && found?.startTicks !== swept?.leader?.startTicks ? null : found;
    const { at, identity } = this.#sightings.seen(pid, stat, trace);
    this.#spawned.push({ kind: "spawned", run, pid, at, identity });
    this.#uptake.process(trace, pid, held, stat, identity);
    this.#uptake.pipes(trace, pid, false, stat === null ? null : pid, identity);
  }

  /** Its end was recorded, but nobody knows whether it was reaped, and whether its last words were read. */
  #clearUp(trace: Trace): void {
    const { run, entry, slot } = trace;
    const { sketch, ended } = this.#past;
    const recorded = (ended.has(run) ? ended.get(run) : sketch.slot(entry, slot).lastExit?.exit.pid) ?? null;
    const known = trace.held.find(({ pid }) => pid === recorded) ?? trace.held[0];
    if (known === undefined) this.#uptake.silent(trace);
    else this.#uptake.ended(trace, known.pid, this.#uptake.heldOf(trace, known.pid), NOBODY);
    this.#uptake.pipes(trace, known?.pid ?? recorded, true, null, NOBODY);
  }

  /** Whoever has asked what it finds is gone. Of one that has ended, only what it has left could be there: nobody knows it. */
  #takeUpProbe(trace: Trace): void {
    const leader = trace.swept?.leader ?? null;
    const pid = trace.held[0]?.pid ?? leader?.pid;
    if (pid === undefined) return;
    this.#uptake.probe(trace, pid, this.#uptake.heldOf(trace, pid), leader?.pid === pid ? leader.startTicks : 0);
  }

  #isOver(run: RunId, trace: Trace | null): boolean {
    const { sketch, ended, firstRun } = this.#past;
    const isAwaited = trace !== null && runOf(sketch.slot(trace.entry, trace.slot).phase) === run;
    return ended.has(run) || (run < firstRun && !isAwaited);
  }

  /** Of the cgroup of a run, and whose that is, no record, label or environment says. What others have left is no news, nor is a zombie. */
  #tellOfNameless(): void {
    for (const { run, leader, isAlive } of this.#traces.nameless()) {
      if (isProbe(run)) {
        this.#takeUpProbe(this.#traces.take(run, SOMEBODY, 0));
        continue;
      }
      this.#past.sketch.saw(run);
      if (leader === null || !isAlive || this.#isOver(run, null)) continue;
      this.#told.push(`process ${leader.pid} is of this Sentry's run ${run}, and nothing says of which entry; it is left alone`);
    }
  }
}
