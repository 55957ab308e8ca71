/**
 * Taking over from a Sentry that is gone: what it knew, what it had, and what is there, put together to a state from which
 * the law goes on. Nothing is done here but looking: what it takes comes in as arguments, what follows is returned.
 *
 * Whose process is it? In this order: the keeper's pidfd is one process and no other. The records (snapshot, history) name
 * a pid, and it counts only with the start time that they name as well. The marks in the environment are for starts that
 * nobody got to record; they are of no use where a program overwrites its environment, as nginx does.
 *
 * What does not fit together can only come of damage. Then no process is dropped, for it would run on unseen; and none is
 * doubled: the newest run has the slot, and an older one that lives gets a number above all others, where nobody wants it,
 * so that it is told to end.
 */
import type { Happening } from "../core/command.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { Phase } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { Law, RunId, Stamp } from "../core/types.ts";
import type { HistoryLine } from "../engine/line.ts";
import type { Adopted, OutputLeft, Survey } from "./findings.ts";
import type { Held } from "./kept.ts";
import { fromPlain } from "./plain.ts";
import type { Processes, Stat } from "./proc.ts";
import { replay } from "./replay.ts";
import type { Known, Replayed } from "./replay.ts";
import type { Snapshot } from "./snapshot.ts";
import { Traces } from "./traces.ts";
import type { Trace } from "./traces.ts";

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
}

export function survey(remains: Remains): Survey {
  const { snapshot, lines, laws, boot, now } = remains;
  const base = snapshot === null ? null : { ...snapshot, state: fromPlain(snapshot.state) };
  const past = replay({ base, lines, laws, boot, now });
  const traces = new Traces(past.instance, remains.held, remains.processes);
  return new Inquiry(remains, past, traces).findings();
}

/** The end of a run of which nobody knows how: also where `adopt` says that it comes too late. */
export function endUnknown(run: RunId, pid: number, at: Stamp): Happening {
  const unknown = { code: null, signal: null, coreDumped: false, kernelTime: false, userMs: 0, systemMs: 0, maxRssBytes: null };
  return { kind: "exited", run, exit: { pid, at, ...unknown } };
}

class Inquiry {
  readonly #remains: Remains;
  readonly #past: Replayed;
  readonly #traces: Traces;
  readonly #adoptions: Adopted[] = [];
  readonly #outputs: OutputLeft[] = [];
  readonly #spawned: Happening[] = [];
  readonly #ended: Happening[] = [];
  readonly #told: string[] = [];
  /** Starts that were not recorded, and have a process. */
  readonly #begun = new Set<RunId>();
  #living = 0;

  constructor(remains: Remains, past: Replayed, traces: Traces) {
    this.#remains = remains;
    this.#past = past;
    this.#traces = traces;
  }

  findings(): Survey {
    const { sketch, displaced, damaged, begun } = this.#past;
    const { strange, instance, listening, tails } = this.#traces;
    if (damaged > 0) this.#told.push(`${damaged} lines of the history cannot be read; they are passed over`);
    if (strange.length > 0) this.#told.push(`the keeper has ${strange.length} descriptors of another Sentry; they are left to it`);

    for (const slot of sketch.slots()) {
      const [run, started] = [runOf(slot.phase), startedOf(slot.phase)];
      if (run !== null && started !== null) this.#takeUp({ run, entry: slot.entry, slot: slot.number, started });
    }
    for (const known of displaced.values()) this.#takeUpBeyond(known);
    for (const trace of this.#traces.rest()) {
      sketch.saw(trace.run);
      const isOver = this.#past.ended.has(trace.run) || (trace.run < this.#past.firstRun && !this.#isAwaited(trace));
      if (isOver) this.#clearUp(trace);
      else this.#discover(trace);
    }
    const isNothing = !begun && this.#adoptions.length === 0 && this.#outputs.length === 0;
    return {
      instance, oldPid: this.#remains.snapshot?.pid ?? null, state: isNothing ? null : sketch.finished(),
      adoptions: this.#adoptions, outputs: this.#outputs, facts: [...this.#spawned, ...this.#ended], living: this.#living,
      listening, tails, close: strange, told: this.#told,
    };
  }

  /** A process that was recorded, and whose end was not. */
  #takeUp({ run, entry, slot, started }: Known): void {
    const { pid, identity } = started;
    const trace = this.#traces.take(run, entry, slot);
    const stat = this.#past.lost.has(run) ? null : this.#sameProcess(trace, started);
    const adopted = trace.held !== null || stat !== null;
    if (adopted) this.#adopt(trace, pid, stat, identity.startTicks);
    else this.#ended.push(endUnknown(run, pid, this.#remains.now));
    this.#readOn(trace, `${entry}.${pid}`, true, stat === null ? null : pid, identity.pipes);
  }

  #takeUpBeyond(known: Known): void {
    const { run, entry, slot, started } = known;
    this.#told.push(`the end of ${entry}.${started.pid}, run ${run} of ${slotId(entry, slot)}, cannot be found in the history`);
    this.#putBeyond(entry, { kind: "running", run, started, settles: null });
    this.#takeUp(known);
  }

  /**
   * A start that was not recorded. The process may have ended since: where the keeper has it, it is recorded all the same.
   * Where it has only the pipes, Sentry died before anybody had the process, and there is nobody to be recorded.
   */
  #discover(trace: Trace): void {
    const { run, entry, held, marked } = trace;
    const { processes, now } = this.#remains;
    const pid = held?.pid ?? marked?.pid;
    if (pid === undefined) return this.#readOn(trace, slotId(entry, trace.slot), true, null, [0, 0]);
    this.#place(trace);
    // A number that has been given back says nothing of whoever has it now.
    const found = held !== null && processes.isReaped(held.pidfd) ? null : processes.statOf(pid);
    const stat = held === null && found?.startTicks !== marked?.startTicks ? null : found;
    const startTicks = stat?.startTicks ?? 0;
    const pipes: [number, number] = stat === null ? [0, 0] : [processes.pipeOf(pid, 0), processes.pipeOf(pid, 1)];
    const mono = stat === null ? now.mono : Math.min(now.mono, processes.monoOf(startTicks));
    const at = { wall: Math.round(now.wall - (now.mono - mono) * 1000), mono };
    this.#spawned.push({ kind: "spawned", run, pid, at, identity: { startTicks, pipes } });
    this.#adopt(trace, pid, stat, startTicks);
    this.#readOn(trace, `${entry}.${pid}`, false, stat === null ? null : pid, pipes);
  }

  /** Its end was recorded, but nobody knows whether it was reaped, and whether its last words were read. */
  #clearUp(trace: Trace): void {
    const { run, entry, slot, held, kept } = trace;
    const { sketch, ended } = this.#past;
    if (held !== null) this.#adoptions.push({ run, entry, pid: held.pid, startTicks: 0, pidfd: held.pidfd, ended: true, kept });
    const pid = held?.pid ?? (ended.has(run) ? ended.get(run) : sketch.slot(entry, slot).lastExit?.exit.pid) ?? null;
    this.#readOn(trace, pid === null ? slotId(entry, slot) : `${entry}.${pid}`, true, null, [0, 0]);
  }

  /** The slot is that run's, unless it has one with a process already: then the newer of the two has it. */
  #place({ run, entry, slot: number }: Trace): void {
    const { sketch } = this.#past;
    sketch.know(entry);
    const slot = sketch.slot(entry, number);
    const holder = runOf(slot.phase);
    if (holder === run) {
      this.#begun.add(run);
      return;
    }
    const starting = { kind: "starting", run } as const;
    const isTaken = holder !== null && (startedOf(slot.phase) !== null || this.#begun.has(holder));
    if (isTaken) this.#told.push(`two processes were found for ${slotId(entry, number)}; the older one is ended`);
    if (isTaken && holder > run) this.#putBeyond(entry, starting);
    else {
      if (isTaken) this.#putBeyond(entry, slot.phase);
      sketch.set({ ...slot, phase: starting });
    }
    this.#begun.add(run);
  }

  #putBeyond(entry: string, phase: Phase): void {
    const { sketch } = this.#past;
    sketch.set({ entry, number: sketch.beyond(entry), wanted: false, starts: 1, lastExit: null, phase });
  }

  #isAwaited({ run, entry, slot }: Trace): boolean {
    return runOf(this.#past.sketch.slot(entry, slot).phase) === run;
  }

  #sameProcess({ held, marked }: Trace, { pid, identity }: Known["started"]): Stat | null {
    const stat = this.#remains.processes.statOf(pid);
    const startTicks = identity.startTicks === 0 && marked?.pid === pid ? marked.startTicks : identity.startTicks;
    const isSame = stat?.startTicks === startTicks || (startTicks === 0 && held !== null);
    return isSame ? stat : null;
  }

  #adopt({ run, entry, held, kept }: Trace, pid: number, stat: Stat | null, startTicks: number): void {
    this.#adoptions.push({ run, entry, pid, startTicks: stat?.startTicks ?? startTicks, pidfd: held?.pidfd ?? null, ended: false, kept });
    if (stat !== null && stat.state !== "Z") this.#living++;
  }

  /** Its pipes from the keeper, or else from the process itself. */
  #readOn({ run, entry, kept, pipes }: Trace, label: string, open: boolean, pid: number | null, inodes: readonly [number, number]): void {
    for (const stream of [0, 1] as const) {
      const fd = pipes[stream] ?? (pid === null ? null : this.#remains.processes.openPipe(pid, stream, inodes[stream]));
      if (fd !== null) this.#outputs.push({ run, stream, fd, entry, label, open, kept });
    }
  }
}
