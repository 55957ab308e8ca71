/**
 * What the records of a slot make of it, one function per type. It is core's law read backwards: there a change leaves a
 * record, here the record makes the change. A record may be the last one that a killed Sentry wrote, wherever in a step
 * that was; so each leaves the slot such that the law can go on from there.
 */
import { isJudged, NO_FAILURES } from "../core/restart.ts";
import { NOTHING_SAID, runOf, startedOf } from "../core/state.ts";
import type { Next, Phase, PhaseOf, Slot, Started } from "../core/state.ts";
import type { Micros, Millis, RunId, Stamp } from "../core/types.ts";
import { give, monoOf } from "./holder.ts";
import type { Findings } from "./holder.ts";
import { AT_ONCE } from "./rebooted.ts";
import { AT_REST, over, SCHEDULED } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";
import { SlotEnds } from "./slot-ends.ts";
import type { ToldOf } from "./told.ts";

export type ToldOfSlot = ToldOf<
  "started" | "ready" | "exited" | "fault" | "stopping" | "stopped" | "waiting" | "scheduled" | "blocked" | "finished" | "failed"
>;

export class SlotPast {
  readonly #findings: Findings;
  readonly #sketch: Sketch;
  readonly #now: Stamp;
  readonly #ends: SlotEnds;
  /** When the monotonic time line begins, by the wall clock: as the last record says that tells both, and until one does, as it is now. */
  #epoch: Micros;

  constructor(findings: Findings, now: Stamp) {
    this.#findings = findings;
    this.#sketch = findings.sketch;
    this.#now = now;
    this.#epoch = now.wall - now.mono * 1000;
    this.#ends = new SlotEnds(findings, now);
  }

  put(told: ToldOfSlot): void {
    if ("run" in told) this.#sketch.saw(told.run);
    // In `ready` the two are of different moments.
    if (told.kind === "started" || told.kind === "exited") this.#epoch = told.at - told.mono * 1000;
    this.#sketch.know(told.entry);
    this.#findings.untold.forget(told.entry, told.slot);
    const slot = this.#sketch.slot(told.entry, told.slot);
    switch (told.kind) {
      case "started": return this.#started(slot, told);
      case "ready": return this.#ready(slot, told);
      case "exited": return this.#ends.exited(slot, told);
      case "fault": return this.#ends.fault(slot, told);
      case "stopping": return this.#ends.stopping(slot, told);
      case "stopped": return this.#stopped(slot, told);
      case "waiting": return this.#waiting(slot, told);
      case "scheduled": return this.#scheduled(slot, told);
      case "blocked": return this.#blocked(slot);
      case "finished": case "failed": return this.#over(slot, told);
    }
  }

  #started(slot: Slot, { run, pid, at, mono, identity, restarts }: ToldOf<"started">): void {
    const started: Started = { pid, at: { wall: at, mono }, identity };
    const starts = restarts + 1;
    this.#sketch.open(slot.entry, true);
    this.#sketch.passed(slot.entry, at);
    const { phase } = slot;
    // One that was told to end before its start was answered is stopping already.
    if (phase.kind === "stopping" && phase.run === run) return this.#sketch.set({ ...slot, starts, phase: { ...phase, started } });
    give(this.#findings, slot, run, { starts, wanted: true, phase: this.#begun(slot.entry, run, started) });
  }

  #begun(entry: string, run: RunId, started: Started): Phase {
    const { daemon, ready, readyTimeout } = this.#sketch.law(entry);
    if (!daemon && ready === "started") return this.#sketch.running(entry, run, started);
    const deadline = this.#sketch.timer(started.at.mono + readyTimeout);
    return daemon
      ? { kind: "following", run, started, ended: null, deadline, said: null, wasReady: false, proven: false }
      : { kind: "readying", run, started, deadline, finding: null, said: NOTHING_SAID };
  }

  /** It is told once it has settled, or is ready; by the clock on the wall it was there before. */
  #ready(slot: Slot, { run, pid, at, mono, identity }: ToldOf<"ready">): void {
    const before = runOf(slot.phase) === run ? startedOf(slot.phase) : null;
    const wall = before === null ? at : Math.round(before.at.wall + (mono - before.at.mono) * 1000);
    const notify = identity.notify ?? before?.identity.notify ?? null; // its run's, whoever is there
    const started = before?.pid === pid ? before : { pid, at: { wall, mono }, identity: { ...identity, notify } };
    // Of what it has said before, the snapshot knows: who is to take its place, above all.
    const said = before !== null && "said" in slot.phase ? slot.phase.said ?? NOTHING_SAID : NOTHING_SAID;
    give(this.#findings, slot, run, { phase: this.#sketch.running(slot.entry, run, started, said) });
  }

  /** After a start that has failed it is that which says with what code; after a process, its exit. */
  #over(slot: Slot, { kind, at }: ToldOf<"finished" | "failed">): void {
    const { phase } = slot;
    const known = phase.kind === "finished" || phase.kind === "failed" ? phase : over(slot, kind);
    give(this.#findings, slot, null, { failures: NO_FAILURES, phase: { kind, code: known.code, at: monoOf(at, this.#now) } });
  }

  #stopped(slot: Slot, { wanted }: ToldOf<"stopped">): void {
    give(this.#findings, slot, null, { wanted, failures: wanted ? slot.failures : NO_FAILURES, phase: AT_REST });
  }

  #waiting(slot: Slot, { until, by }: ToldOf<"waiting">): void {
    const { phase } = slot;
    if (by === null) {
      // It has a schedule by now: the configuration is another one.
      const phase = this.#sketch.law(slot.entry).schedule === null ? this.#sketch.waiting(until) : SCHEDULED;
      return give(this.#findings, slot, null, { wanted: true, phase });
    }
    // Somebody asked for it to be up: a process that is there still has to end first.
    if (phase.kind === "clearing") return this.#sketch.set({ ...slot, wanted: true, ...this.#wantedAgain(slot, phase, until) });
    if (runOf(phase) === null) return this.#sketch.set({ ...slot, wanted: true, phase: this.#sketch.waiting(until) });
    // The law has ended it; but it is this that it is followed by, not what follows from such an end.
    const isAsked = phase.kind === "stopping" && isJudged(phase.cause);
    this.#sketch.set({ ...slot, wanted: true, phase: isAsked ? { ...phase, cause: "restarted", by } : phase });
  }

  /** Until when is told by the monotonic time line; schedules go by whole seconds of the wall clock. */
  #scheduled(slot: Slot, { until }: ToldOf<"scheduled">): void {
    if (until === null) this.#sketch.due(slot.entry, null);
    else this.#sketch.due(slot.entry, Math.round((this.#epoch + until * 1000) / 1e6) * 1e6);
    // It has none any more: the configuration is another one by now.
    const phase = this.#sketch.law(slot.entry).schedule === null ? this.#sketch.waiting(AT_ONCE) : SCHEDULED;
    give(this.#findings, slot, null, { wanted: true, failures: NO_FAILURES, phase });
  }

  #blocked(slot: Slot): void {
    this.#sketch.open(slot.entry, false);
    give(this.#findings, slot, null, { wanted: true, failures: NO_FAILURES, phase: { kind: "blocked" } });
  }

  #wantedAgain({ entry, failures }: Slot, phase: PhaseOf<"clearing">, at: Millis): Pick<Slot, "failures" | "phase"> {
    const next: Next = this.#sketch.law(entry).schedule === null ? { kind: "restart", at } : { kind: "stopped" };
    switch (phase.next.kind) {
      case "stopped": return { failures, phase };
      case "restart": return { failures, phase: { ...phase, next } };
      case "finished": case "failed": return { failures: NO_FAILURES, phase: { ...phase, next } };
    }
  }
}
