/**
 * What the records of a slot make of it, one function per type. It is core's law read backwards: there a change leaves a
 * record, here the record makes the change. A record may be the last one that a killed Sentry wrote, wherever in a step
 * that was; so each leaves the slot such that the law can go on from there.
 */
import { scopeBefore } from "../core/daemon.ts";
import { isSuccess, judge, NO_FAILURES } from "../core/restart.ts";
import type { End, Judgement } from "../core/restart.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { Ending, Next, Phase, PhaseOf, Slot, Started } from "../core/state.ts";
import type { Identity, Micros, Millis, RunId, Stamp } from "../core/types.ts";
import { AT_ONCE } from "./rebooted.ts";
import { AT_REST } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";
import type { ToldOf } from "./told.ts";
import type { Untold } from "./untold.ts";

/** A process that the records know of. */
export interface Known {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly started: Started;
}

export type ToldOfSlot =
  ToldOf<"started" | "ready" | "exited" | "fault" | "stopping" | "stopped" | "waiting" | "finished" | "failed">;

/** Replayed, as far as records of slots write into it. */
export interface Findings {
  readonly sketch: Sketch;
  readonly displaced: Map<RunId, Known>;
  readonly ended: Map<RunId, number | null>;
  readonly left: Map<RunId, Identity>;
  readonly untold: Untold;
}

/** In the middle of the jitter: where it was is not told. */
const MEAN = 0.5;

export class SlotPast {
  readonly #findings: Findings;
  readonly #sketch: Sketch;
  readonly #now: Stamp;
  /** Daemons that were given up when the process that was known of them had ended already, and when that was. */
  readonly #givenUp = new Map<RunId, Millis>();

  constructor(findings: Findings, now: Stamp) {
    this.#findings = findings;
    this.#sketch = findings.sketch;
    this.#now = now;
  }

  put(told: ToldOfSlot): void {
    if ("run" in told) this.#sketch.saw(told.run);
    this.#sketch.know(told.entry);
    this.#findings.untold.forget(told.entry, told.slot);
    const slot = this.#sketch.slot(told.entry, told.slot);
    switch (told.kind) {
      case "started": return this.#started(slot, told);
      case "ready": return this.#ready(slot, told);
      case "exited": return this.#exited(slot, told);
      case "fault": return this.#fault(slot, told);
      case "stopping": return this.#stopping(slot, told);
      case "stopped": return this.#stopped(slot, told);
      case "waiting": return this.#waiting(slot, told);
      case "finished": case "failed": return this.#give(slot, null, { failures: NO_FAILURES, phase: { kind: told.kind } });
    }
  }

  #started(slot: Slot, { run, pid, at, mono, identity, restarts }: ToldOf<"started">): void {
    const started: Started = { pid, at: { wall: at, mono }, identity };
    const starts = restarts + 1;
    const { phase } = slot;
    // One that was told to end before its start was answered is stopping already.
    if (phase.kind === "stopping" && phase.run === run) return this.#sketch.set({ ...slot, starts, phase: { ...phase, started } });
    const { daemon, readyTimeout } = this.#sketch.law(slot.entry);
    this.#give(slot, run, {
      starts, wanted: true,
      phase: daemon
        ? { kind: "following", run, started, ended: null, deadline: this.#sketch.timer(mono + readyTimeout) }
        : { kind: "running", run, started, settles: null },
    });
  }

  /** It is told once it has settled; by the clock on the wall it was there before. */
  #ready(slot: Slot, { run, pid, at, mono, identity }: ToldOf<"ready">): void {
    const before = runOf(slot.phase) === run ? startedOf(slot.phase) : null;
    const wall = before === null ? at : Math.round(before.at.wall + (mono - before.at.mono) * 1000);
    const started: Started = { pid, at: { wall, mono }, identity };
    this.#give(slot, run, { phase: { kind: "running", run, started, settles: null } });
  }

  #exited(slot: Slot, told: ToldOf<"exited">): void {
    const { run, pid, code, signal, coreDumped, at, mono, userMs, systemMs, maxRssBytes, cause, ranMs } = told;
    const exit = { pid, code, signal, coreDumped, at: { wall: at, mono }, kernelTime: false, userMs, systemMs, maxRssBytes };
    const { displaced, ended, left, untold } = this.#findings;
    ended.set(run, pid);
    // Where nobody holds the slot, this is one whose start is not told here any more.
    if (displaced.delete(run) || isOfAnother(slot.phase, run)) return;
    const { failures, next } = this.#judged(slot, told);
    const phase = this.#after(slot, told, next);
    const identity = startedOf(slot.phase)?.identity;
    if (phase.kind === "clearing" && identity !== undefined) left.set(run, identity);
    if (phase.kind === "clearing" && phase.cause === "leftover" && told.leftovers) untold.leftover(slot, phase);
    this.#sketch.set({ ...slot, failures, lastExit: { exit, cause, ran: ranMs }, phase });
  }

  /** What follows from that end. One that somebody has asked for is followed by what somebody asks for. */
  #judged(slot: Slot, told: ToldOf<"exited">): { failures: Slot["failures"]; next: Next } {
    const { run, cause, code, mono, ranMs } = told;
    const { phase, failures } = slot;
    const byItself = (cause === "exited" || cause === "unknown") && phase.kind !== "stopping";
    const isLate = cause === "readyTimeout" && slot.wanted;
    if (!byItself && !isLate) return { failures, next: { kind: "stopped" } };
    // A daemon that was never ready has failed, however its process has ended.
    const wasReady = !isLate && phase.kind !== "following" && phase.kind !== "settling";
    if (!wasReady) return this.#judge(slot, { failed: true, at: this.#givenUp.get(run) ?? mono, ran: null });
    return this.#judge(slot, { failed: !isSuccess(this.#sketch.law(slot.entry), { code }), at: mono, ran: ranMs });
  }

  #judge(slot: Slot, end: End): Judgement {
    return judge(this.#sketch.law(slot.entry), slot.failures, end, MEAN);
  }

  /**
   * What the slot is after an end, if no other record says so. What it has left behind has to end first; and a `finished`,
   * or a `failed`, that was not told yet is told by the law once it knows that nothing is left.
   */
  #after(slot: Slot, { run, mono, leftovers, cause, by }: ToldOf<"exited">, next: Next): Phase {
    const { entry, phase } = slot;
    if (!leftovers && next.kind === "restart") return this.#sketch.waiting(next.at);
    if (!leftovers && next.kind === "stopped") return AT_REST;
    const grace = phase.kind === "stopping" ? phase.grace : this.#sketch.timer(mono + this.#sketch.law(entry).grace);
    const wasAsked = phase.kind === "stopping" || next.kind === "stopped";
    const why = wasAsked ? { cause, by } : { cause: "leftover", by: null } as const;
    return { kind: "clearing", run, ...this.#way(slot, run), grace, patience: null, ...why, next };
  }

  #fault(slot: Slot, { run, at, cause }: ToldOf<"fault">): void {
    this.#findings.ended.set(run, null);
    if (isOfAnother(slot.phase, run)) return;
    if (cause !== null) return this.#sketch.set({ ...slot, phase: AT_REST });
    const { failures, next } = this.#judge(slot, { failed: true, at: this.#monoOf(at), ran: null });
    if (next.kind === "finished" || next.kind === "failed") this.#findings.untold.over(slot, next.kind, null);
    this.#sketch.set({ ...slot, failures, phase: next.kind === "restart" ? this.#sketch.waiting(next.at) : next });
  }

  #stopping(slot: Slot, told: ToldOf<"stopping">): void {
    const { at, run, pid, wanted, until, cause, by } = told;
    const { phase } = slot;
    const grace = this.#sketch.timer(until);
    if (phase.kind === "clearing" && phase.run === run) {
      return this.#unwanted({ ...slot, wanted }, { ...phase, grace, patience: null }, told);
    }
    // The line of its end cannot be read. What it has left is found by nobody, and nothing waits for it.
    if (cause === "leftover") return this.#give(slot, null, { wanted, phase: wanted ? this.#sketch.waiting(AT_ONCE) : AT_REST });
    const before = runOf(phase) === run ? startedOf(phase) : null;
    const started = before !== null && phase.kind === "following" ? inPlaceOf(before, pid) : before;
    if (pid === null && started !== null) this.#givenUp.set(run, this.#monoOf(at));
    const fresh = { kind: "stopping", run, started, ...this.#way(slot, run), grace, patience: null, cause, by } as const;
    // Unwanted once more, before it had ended: it is the first cause that it ends for, if somebody has asked for it.
    const again = phase.kind === "stopping" && phase.run === run && phase.cause !== "readyTimeout";
    this.#give(slot, run, { wanted, phase: again ? { ...phase, grace, patience: null } : fresh });
  }

  /** As the law says, if no record of before does: while nobody knows which process is the daemon, all are meant. */
  #way({ entry, phase }: Slot, run: RunId): Pick<Ending, "signal" | "scope"> {
    if (phase.kind === "stopping" && phase.run === run) return { signal: phase.signal, scope: phase.scope };
    const law = this.#sketch.law(entry);
    const isKnown = phase.kind === "running" && phase.run === run;
    return { signal: law.stopSignal, scope: isKnown ? law.scope : scopeBefore(law) };
  }

  /** What an ended process has left is told to end; or it was that before, and now nothing is to come after it. */
  #unwanted(slot: Slot, phase: PhaseOf<"clearing">, { cause, by }: ToldOf<"stopping">): void {
    const isNews = cause !== "leftover" && phase.next.kind !== "stopped";
    this.#sketch.set(isNews
      ? { ...slot, failures: NO_FAILURES, phase: { ...phase, next: { kind: "stopped" }, cause, by } }
      : { ...slot, phase });
  }

  #stopped(slot: Slot, { wanted }: ToldOf<"stopped">): void {
    this.#give(slot, null, { wanted, failures: wanted ? slot.failures : NO_FAILURES, phase: AT_REST });
  }

  #waiting(slot: Slot, { until, by }: ToldOf<"waiting">): void {
    const { phase } = slot;
    if (by === null) return this.#give(slot, null, { wanted: true, phase: this.#sketch.waiting(until) });
    // Somebody asked for it to be up: a process that is there still has to end first.
    if (phase.kind === "clearing") return this.#sketch.set({ ...slot, wanted: true, ...this.#wantedAgain(slot, phase, until) });
    if (runOf(phase) === null) return this.#sketch.set({ ...slot, wanted: true, phase: this.#sketch.waiting(until) });
    // It was not ready in time; but it is this that it is followed by, not what follows from a failure.
    const isAsked = phase.kind === "stopping" && phase.cause === "readyTimeout";
    this.#sketch.set({ ...slot, wanted: true, phase: isAsked ? { ...phase, cause: "restarted", by } : phase });
  }

  #wantedAgain({ failures }: Slot, phase: PhaseOf<"clearing">, at: Millis): Pick<Slot, "failures" | "phase"> {
    switch (phase.next.kind) {
      case "stopped": return { failures, phase };
      case "restart": return { failures, phase: { ...phase, next: { kind: "restart", at } } };
      case "finished": case "failed": return { failures: NO_FAILURES, phase: { ...phase, next: { kind: "restart", at } } };
    }
  }

  /** Where a moment is told by the wall clock alone. It may have been set since, but what was is not to come. */
  #monoOf(at: Micros): Millis {
    return this.#now.mono - Math.max(0, (this.#now.wall - at) / 1000);
  }

  /** The slot is that run's (null: nobody's) from now on. Whoever had it must have ended; but that is not recorded. */
  #give(slot: Slot, run: RunId | null, change: Partial<Slot>): void {
    const { entry, number, phase } = slot;
    const [holder, started] = [runOf(phase), startedOf(phase)];
    if (holder !== null && holder !== run && started !== null) {
      this.#findings.displaced.set(holder, { run: holder, entry, slot: number, started });
    }
    this.#sketch.set({ ...slot, ...change });
  }
}

/** Of an earlier run that has no process any more, or never had one, nothing tells that it is over before the next begins. */
function isOfAnother(phase: Phase, run: RunId): boolean {
  const holder = runOf(phase);
  const mayBeOver = phase.kind === "starting" || phase.kind === "clearing";
  return holder !== null && holder !== run && !(mayBeOver && holder < run);
}

/** A daemon that was being followed: the process that is told to end is not the one that was started. No more is known of it. */
function inPlaceOf(started: Started, pid: number | null): Started {
  return pid === null || pid === started.pid ? started : { ...started, pid, identity: { ...started.identity, startTicks: 0 } };
}
