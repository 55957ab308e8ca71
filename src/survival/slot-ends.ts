/**
 * What the records of ends make of a slot: that a process was told to end, that it has ended, that a start has failed. What
 * follows from an end is judged by core's own law, as it was at the time; a `waiting`, a `finished` or a `failed` that comes
 * after it says so itself.
 */
import { scopeBefore } from "../core/daemon.ts";
import { signalOf } from "../core/moves.ts";
import { codeOfFault } from "../core/outcome.ts";
import { isFailing, isJudged, isSuccess, judge, NO_FAILURES } from "../core/restart.ts";
import type { End, Judgement } from "../core/restart.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { Ending, Next, Phase, PhaseOf, Slot, Started } from "../core/state.ts";
import type { Cause, Millis, RunId, Stamp } from "../core/types.ts";
import { give, monoOf } from "./holder.ts";
import type { Findings } from "./holder.ts";
import { AT_ONCE } from "./rebooted.ts";
import { AT_REST, SCHEDULED } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";
import type { ToldOf } from "./told.ts";

/** In the middle of the jitter: where it was is not told. */
const MEAN = 0.5;

export class SlotEnds {
  readonly #findings: Findings;
  readonly #sketch: Sketch;
  readonly #now: Stamp;
  /** Who was given up when the process that was known of it had ended already, and when that was. */
  readonly #givenUp = new Map<RunId, Millis>();

  constructor(findings: Findings, now: Stamp) {
    this.#findings = findings;
    this.#sketch = findings.sketch;
    this.#now = now;
  }

  exited(slot: Slot, told: ToldOf<"exited">): void {
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
    if (!byItself && !(isJudged(cause) && slot.wanted)) return { failures, next: { kind: "stopped" } };
    // What was never ready has failed, however its process has ended.
    const givenUp = this.#givenUp.get(run) ?? null;
    if (cause === "readyTimeout" || givenUp !== null || !wasReady(phase)) {
      return this.#judge(slot, { failed: true, at: givenUp ?? mono, ran: null });
    }
    const failed = isFailing(cause) || !isSuccess(this.#sketch.law(slot.entry), { code });
    return this.#judge(slot, { failed, at: mono, ran: ranMs });
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
    const waits = next.kind === "restart" && this.#sketch.law(entry).schedule === null;
    if (!leftovers && waits) return this.#sketch.waiting(next.at);
    if (!leftovers && next.kind === "stopped") return AT_REST;
    const grace = phase.kind === "stopping" ? phase.grace : this.#sketch.timer(mono + this.#sketch.law(entry).grace);
    const wasAsked = phase.kind === "stopping" || next.kind === "stopped";
    const why = wasAsked ? { cause, by } : { cause: "leftover", by: null } as const;
    return { kind: "clearing", run, ...this.#way(slot, run, why.cause), grace, patience: null, ...why, next };
  }

  fault(slot: Slot, { run, at, step, errno, cause }: ToldOf<"fault">): void {
    this.#findings.ended.set(run, null);
    if (isOfAnother(slot.phase, run)) return;
    if (cause !== null) return this.#sketch.set({ ...slot, phase: AT_REST });
    const mono = monoOf(at, this.#now);
    const { failures, next } = this.#judge(slot, { failed: true, at: mono, ran: null });
    if (this.#sketch.law(slot.entry).schedule !== null) return this.#sketch.set({ ...slot, failures: NO_FAILURES, phase: SCHEDULED });
    if (next.kind === "restart") return this.#sketch.set({ ...slot, failures, phase: this.#sketch.waiting(next.at) });
    this.#findings.untold.over(slot, next.kind, null);
    this.#sketch.set({ ...slot, failures, phase: { kind: next.kind, code: codeOfFault({ step, errno }), at: mono } });
  }

  stopping(slot: Slot, told: ToldOf<"stopping">): void {
    const { at, run, pid, wanted, until, cause, by } = told;
    const { phase } = slot;
    const grace = this.#sketch.timer(until);
    if (phase.kind === "clearing" && phase.run === run) {
      return this.#unwanted({ ...slot, wanted }, { ...phase, grace, patience: null }, told);
    }
    // The line of its end cannot be read. What it has left is found by nobody, and nothing waits for it.
    if (cause === "leftover") return give(this.#findings, slot, null, { wanted, phase: wanted ? this.#sketch.waiting(AT_ONCE) : AT_REST });
    const before = runOf(phase) === run ? startedOf(phase) : null;
    const isFollowed = phase.kind === "following" || phase.kind === "readying";
    const started = before !== null && isFollowed ? inPlaceOf(before, pid) : before;
    const isGivenUp = pid === null && started !== null;
    if (isGivenUp) this.#givenUp.set(run, monoOf(at, this.#now));
    const way = { ...this.#way(slot, run, cause), ...(isGivenUp ? { scope: "tree" as const } : {}) };
    const fresh = { kind: "stopping", run, started, ...way, grace, patience: null, cause, by } as const;
    // Unwanted once more, before it had ended: it is the first cause that it ends for, if somebody has asked for it.
    const again = phase.kind === "stopping" && phase.run === run && !isJudged(phase.cause);
    give(this.#findings, slot, run, { wanted, phase: again ? { ...phase, grace, patience: null } : fresh });
  }

  /** As the law says, if no record of before does: while nobody knows which process is the daemon, all are meant. */
  #way({ entry, phase }: Slot, run: RunId, cause: Cause): Pick<Ending, "signal" | "scope"> {
    if (phase.kind === "stopping" && phase.run === run) return { signal: phase.signal, scope: phase.scope };
    const law = this.#sketch.law(entry);
    const isKnown = (phase.kind === "running" || phase.kind === "readying") && phase.run === run;
    return { signal: signalOf(law, cause), scope: isKnown ? law.scope : scopeBefore(law) };
  }

  /** What an ended process has left is told to end; or it was that before, and now nothing is to come after it. */
  #unwanted(slot: Slot, phase: PhaseOf<"clearing">, { cause, by }: ToldOf<"stopping">): void {
    if (cause === "leftover" || phase.next.kind === "stopped") return this.#sketch.set({ ...slot, phase });
    // Where the law itself does not wait any longer, its failures still count.
    const isHurried = (cause === "watch" || cause === "schedule") && phase.next.kind === "restart";
    const failures = isHurried ? slot.failures : NO_FAILURES;
    this.#sketch.set({ ...slot, failures, phase: { ...phase, next: { kind: "stopped" }, cause, by } });
  }
}

/** One that is being ended was, if it was not told to end for not being it. */
function wasReady(phase: Phase): boolean {
  if (phase.kind === "following") return phase.said !== null && phase.wasReady;
  return phase.kind !== "settling" && phase.kind !== "readying";
}

/** Of an earlier run that has no process any more, or never had one, nothing tells that it is over before the next begins. */
function isOfAnother(phase: Phase, run: RunId): boolean {
  const holder = runOf(phase);
  const mayBeOver = phase.kind === "starting" || phase.kind === "clearing";
  return holder !== null && holder !== run && !(mayBeOver && holder < run);
}

/** It was followed: the process that is told to end is not the one that was started. No more is known of it. */
function inPlaceOf(started: Started, pid: number | null): Started {
  return pid === null || pid === started.pid ? started : { ...started, pid, identity: { ...started.identity, startTicks: 0 } };
}
