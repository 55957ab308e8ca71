/**
 * What the history tells, put over what a snapshot says, or over nothing at all. Both come from files, so nothing here
 * believes that they fit together.
 *
 * A start that was not answered leaves no line. So a slot that waits, by its records, may have had a process since; it is
 * for the take-over to look for it.
 */
import { runOf, startedOf } from "../core/state.ts";
import type { Phase, Slot, Started, State } from "../core/state.ts";
import type { Cause, Law, Millis, RunId, Stamp } from "../core/types.ts";
import type { HistoryLine } from "../engine/line.ts";
import { AT_REST, Sketch } from "./sketch.ts";
import { readTold } from "./told.ts";
import type { Told, ToldOf } from "./told.ts";

/** A process that the records know of. */
export interface Known {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly started: Started;
}

export interface Before {
  /** What a snapshot says, in which life of the machine, and whose it is; null: there is none. */
  readonly base: { readonly state: State; readonly boot: string; readonly instance: string } | null;
  /** What came after it; null is a line that could not be read. */
  readonly lines: Iterable<HistoryLine | null>;
  /** Of the configuration on disk: for entries of which nothing else tells the law. */
  readonly laws: readonly Law[];
  /** Which life of the machine this is. */
  readonly boot: string;
  readonly now: Stamp;
}

export interface Replayed {
  /** To be finished once it is known what lives. */
  readonly sketch: Sketch;
  /** Something was begun, and no whole stop has ended it. */
  readonly begun: boolean;
  /** Processes whose slot had another one after them, without a record of their end. */
  readonly displaced: ReadonlyMap<RunId, Known>;
  /** Runs that did not outlive the machine. */
  readonly lost: ReadonlySet<RunId>;
  /** Runs whose end is recorded here, with their pid (null: the start failed). */
  readonly ended: ReadonlyMap<RunId, number | null>;
  /** A run below this which holds no slot had ended before the records begin. */
  readonly firstRun: RunId;
  /** Whose processes they are. */
  readonly instance: string | null;
  /** How many lines could not be read. */
  readonly damaged: number;
}

export function replay({ base, lines, laws, boot, now }: Before): Replayed {
  const past = new Past(base, laws, now);
  for (const line of lines) past.put(line === null ? null : readTold(line));
  past.turnTo(boot);
  past.sketch.unify();
  return past;
}

/** The moment has come already, whatever the clock says. */
const AT_ONCE: Millis = 0;

class Past implements Replayed {
  readonly sketch: Sketch;
  begun: boolean;
  readonly displaced = new Map<RunId, Known>();
  readonly lost = new Set<RunId>();
  readonly ended = new Map<RunId, number | null>();
  firstRun: RunId = 1;
  instance: string | null;
  damaged = 0;
  #boot: string | null;
  readonly #now: Stamp;

  constructor(base: Before["base"], laws: readonly Law[], now: Stamp) {
    this.sketch = new Sketch(laws);
    this.begun = base !== null && base.state.course !== "left";
    this.instance = base?.instance ?? null;
    this.#boot = base?.boot ?? null;
    this.#now = now;
    if (base === null || !this.begun) return;
    this.sketch.copy(base.state);
    this.firstRun = base.state.nextRun;
  }

  put(told: Told | null): void {
    switch (told?.kind) {
      case undefined: this.damaged++; return;
      case "left":
        this.#forget();
        this.instance = null;
        return;
      case "tookOver": return this.turnTo(told.boot);
      case "other": return;
      case "scaled": case "added": case "removed": return this.#putEntry(told);
      case "started": case "exited": case "fault": case "stopping": case "stopped": case "waiting": return this.#putSlot(told);
    }
  }

  /** In another life of the machine nothing runs that ran in the one before, and its moments mean nothing. */
  turnTo(boot: string): void {
    if (this.#boot !== null && this.#boot !== boot) {
      for (const slot of this.sketch.slots()) this.sketch.set({ ...slot, phase: this.#rebooted(slot.phase) });
      for (const run of this.displaced.keys()) this.lost.add(run);
    }
    this.#boot = boot;
  }

  #putEntry(told: ToldOf<"scaled" | "added" | "removed">): void {
    this.begun = true;
    this.sketch.know(told.entry);
    switch (told.kind) {
      case "scaled": return this.sketch.scale(told.entry, told.count);
      case "added": return this.sketch.add(told.entry, told.count);
      case "removed": return this.sketch.remove(told.entry);
    }
  }

  #putSlot(told: ToldOf<"started" | "exited" | "fault" | "stopping" | "stopped" | "waiting">): void {
    if (told.kind === "started") this.#turnToInstance(told.mark, told.boot);
    if ("run" in told) this.sketch.saw(told.run);
    this.begun = true;
    this.sketch.know(told.entry);
    const slot = this.sketch.slot(told.entry, told.slot);
    switch (told.kind) {
      case "started": return this.#started(slot, told);
      case "exited": return this.#exited(slot, told);
      case "fault": return this.#fault(slot, told);
      case "stopping": return this.#stopping(slot, told);
      case "stopped": return this.#give(slot, null, { wanted: told.wanted, phase: AT_REST });
      case "waiting": return this.#waiting(slot, told);
    }
  }

  #started(slot: Slot, { run, pid, at, mono, identity, restarts }: ToldOf<"started">): void {
    const started: Started = { pid, at: { wall: at, mono }, identity };
    const starts = restarts + 1;
    const { phase } = slot;
    // One that was told to end before its start was answered is stopping already.
    if (phase.kind === "stopping" && phase.run === run) this.sketch.set({ ...slot, starts, phase: { ...phase, started } });
    else this.#give(slot, run, { starts, wanted: true, phase: { kind: "running", run, started, settles: null } });
  }

  #exited(slot: Slot, told: ToldOf<"exited">): void {
    const { run, pid, code, signal, coreDumped, at, mono, userMs, systemMs, maxRssBytes, cause, ranMs } = told;
    const exit = { pid, code, signal, coreDumped, at: { wall: at, mono }, kernelTime: false, userMs, systemMs, maxRssBytes };
    this.ended.set(run, pid);
    const holder = runOf(slot.phase);
    // Where nobody holds the slot, this is one whose start is not told here any more.
    if (this.displaced.delete(run) || (holder !== run && holder !== null)) return;
    this.sketch.set({ ...slot, lastExit: { exit, cause, ran: ranMs }, phase: this.#after(slot, cause, mono) });
  }

  /** What follows from an end, if no other record says so. */
  #after({ entry, phase }: Slot, cause: Cause, mono: Millis): Phase {
    const byItself = cause === "exited" || cause === "unknown";
    return byItself && phase.kind !== "stopping" ? this.sketch.waiting(mono + this.sketch.law(entry).delay) : AT_REST;
  }

  /** That it waits, and until when, is the next line. */
  #fault(slot: Slot, { run }: ToldOf<"fault">): void {
    this.ended.set(run, null);
    const holder = runOf(slot.phase);
    if (holder === run || holder === null) this.sketch.set({ ...slot, phase: AT_REST });
  }

  #stopping(slot: Slot, { run, wanted, until, cause, by }: ToldOf<"stopping">): void {
    const { phase } = slot;
    const grace = this.sketch.timer(until);
    const started = runOf(phase) === run ? startedOf(phase) : null;
    // Unwanted once more, before it had ended: it is the first cause that it ends for.
    const again = phase.kind === "stopping" && phase.run === run;
    this.#give(slot, run, { wanted, phase: again ? { ...phase, grace } : { kind: "stopping", run, started, grace, cause, by } });
  }

  #waiting(slot: Slot, { until, by }: ToldOf<"waiting">): void {
    const phase = this.sketch.waiting(until);
    if (by === null) this.#give(slot, null, { wanted: true, phase });
    // Somebody asked for it to be up: a process that is there still has to end first.
    else this.sketch.set({ ...slot, wanted: true, phase: runOf(slot.phase) === null ? phase : slot.phase });
  }

  /** The slot is that run's (null: nobody's) from now on. Whoever had it must have ended; but that is not recorded. */
  #give(slot: Slot, run: RunId | null, change: Partial<Slot>): void {
    const { entry, number, phase } = slot;
    const [holder, started] = [runOf(phase), startedOf(phase)];
    if (holder !== null && holder !== run && started !== null) this.displaced.set(holder, { run: holder, entry, slot: number, started });
    this.sketch.set({ ...slot, ...change });
  }

  /** Another Sentry than the one before did not take up what that one had. */
  #turnToInstance(mark: string, boot: string): void {
    this.turnTo(boot);
    const instance = mark.slice(0, mark.lastIndexOf("."));
    if (this.instance !== null && this.instance !== instance) this.#forget();
    this.instance = instance;
  }

  /** What was scaled, up or down as well. */
  #forget(): void {
    this.sketch.clear();
    for (const all of [this.displaced, this.lost, this.ended]) all.clear();
    this.firstRun = 1;
    this.begun = false;
  }

  #rebooted(phase: Phase): Phase {
    switch (phase.kind) {
      case "stopped": case "starting": return phase;
      case "waiting": return { ...phase, restart: { ...phase.restart, at: AT_ONCE } };
      case "running": return { ...phase, started: this.#lost(phase.run, phase.started) };
      case "stopping": {
        const started = phase.started === null ? null : this.#lost(phase.run, phase.started);
        return { ...phase, started, grace: phase.grace === null ? null : { ...phase.grace, at: AT_ONCE } };
      }
    }
  }

  /** How long ago it was started is only known by the wall clock. */
  #lost(run: RunId, started: Started): Started {
    this.lost.add(run);
    const ago = (this.#now.wall - started.at.wall) / 1000;
    return { ...started, at: { ...started.at, mono: this.#now.mono - ago } };
  }
}
