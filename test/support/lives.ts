/**
 * The part of the Witness that is about processes which are there: whether they are ready, what they have said, and what
 * the law has to find of them. What it has to end because of that is `doomed`.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Law, Millis, Tidings } from "../../src/core/types.ts";
import type { Rolls, Run } from "./rolls.ts";

type Told<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

/** What has happened while nobody listened is told after a resume. So much time there is for that. */
const LEAST_AFTER_RESUME: Millis = 1000;

export class Lives {
  readonly #rolls: Rolls;
  readonly #lawOf: (run: Run) => Law;

  constructor(rolls: Rolls, lawOf: (run: Run) => Law) {
    this.#rolls = rolls;
    this.#lawOf = lawOf;
  }

  spawned(run: Run, { pid, at }: Told<"spawned">, now: Millis): void {
    const { daemon, ready, readyTimeout } = this.#lawOf(run);
    Object.assign(run, { pid, startedAt: at.mono, daemonic: daemon });
    if (daemon || ready !== "started") run.readyBy = at.mono + readyTimeout;
    else this.ready(run, now);
  }

  /** The daemon is the one that is there. */
  found(run: Run, now: Millis): void {
    Object.assign(run, { daemonic: false, found: false });
    if (run.proven || run.wasReady || this.#lawOf(run).ready === "started") this.ready(run, now);
  }

  ready(run: Run, now: Millis): void {
    Object.assign(run, { readyBy: null, daemonic: false, found: false, wasReady: true, proven: false, ailing: 0, silentBy: this.#silentBy(run, now) });
    if (this.#lawOf(run).ready !== "started" && run.told === "nothing") this.#rolls.ready(run.slot);
  }

  /** Its process has ended: whether another one is looked for in its place. */
  exited(run: Run, { exit, alone }: Told<"exited">, now: Millis): void {
    if (run.told !== "nothing" || run.ended !== null || alone) return;
    // Where nobody knows how a daemon's process has ended, what it has left speaks for it.
    const unknown = exit.code === null && exit.signal === null;
    const well = unknown || (exit.code !== null && this.#lawOf(run).successCodes.includes(exit.code));
    const named = run.mainPid !== null && run.mainPid !== run.pid && run.leaveBy === null;
    if (run.daemonic ? !well : !named) return;
    if (run.readyBy === null) run.readyBy = now + this.#lawOf(run).readyTimeout;
    if (run.found) run.wasReady = false;
    Object.assign(run, { searching: true, found: false, settling: false, silentBy: null });
  }

  followed(run: Run, { pid, at, settled, run: id }: Told<"followed">, now: Millis): void {
    if (run.ended !== null) return;
    assert(run.searching, `run ${id} has another process, and nobody has looked for it`);
    Object.assign(run, { searching: false, pid, startedAt: at.mono });
    if (!run.daemonic) {
      if (run.proven || run.wasReady || this.#lawOf(run).ready === "started") this.ready(run, now);
    } else if (settled || run.wasReady) this.found(run, now);
    else run.found = true;
  }

  proven(run: Run, now: Millis): void {
    if (run.told !== "nothing" || run.ended !== null || this.#lawOf(run).ready !== "probe") return;
    if (isReadying(run)) this.ready(run, now);
    else run.proven ||= run.daemonic || run.searching;
  }

  examined(run: Run, ok: boolean): void {
    const { health } = this.#lawOf(run);
    if (!isRunning(run) || health === null || run.leaveBy !== null) return;
    run.ailing = ok ? 0 : run.ailing + 1;
    if (run.ailing >= health.failures) run.doomed = "unhealthy";
  }

  oversized(run: Run): void {
    if (run.told === "nothing" && run.ended === null && run.startedAt !== null) run.doomed = "memory";
  }

  notified(run: Run, tidings: Tidings, now: Millis): void {
    const until = now + (tidings.extend ?? 0);
    if (run.ended !== null) return;
    if (run.told !== "nothing") {
      if (run.graceEnd !== null) run.graceEnd = Math.max(run.graceEnd, until);
      return;
    }
    const saysReady = tidings.ready && this.#lawOf(run).ready === "notify";
    if (run.daemonic || run.searching) {
      if (!saysReady) return;
      if (run.found) this.ready(run, now);
      else run.wasReady = true;
      return;
    }
    run.mainPid = tidings.mainPid ?? run.mainPid;
    run.every = tidings.watchdogEvery ?? run.every;
    if (tidings.watchdog === "trigger") run.doomed = "watchdog";
    else if (run.readyBy === null) this.#saidRunning(run, tidings, until, now);
    else if (saysReady) this.ready(run, now);
    else run.readyBy = Math.max(run.readyBy, until);
  }

  resumed(run: Run, now: Millis): void {
    if (isReadying(run) && run.readyBy !== null) run.readyBy = Math.max(run.readyBy, now + LEAST_AFTER_RESUME);
    if (run.silentBy !== null) run.silentBy = this.#silentBy(run, now);
  }

  /** Another law: what was to become ready may be so by being there. */
  reloaded(run: Run, now: Millis): void {
    if (isReadying(run) && this.#lawOf(run).ready === "started") this.ready(run, now);
  }

  #saidRunning(run: Run, tidings: Tidings, until: Millis, now: Millis): void {
    if (tidings.doing === "stopping" && run.leaveBy === null) {
      run.leaveBy = now + this.#lawOf(run).grace;
      run.silentBy = null;
      this.#rolls.failed(run.slot);
    }
    if (run.leaveBy !== null) run.leaveBy = Math.max(run.leaveBy, until);
    else if (tidings.watchdog === "alive" || tidings.watchdogEvery !== null) run.silentBy = this.#silentBy(run, now);
  }

  #silentBy(run: Run, now: Millis): Millis | null {
    const every = run.every ?? this.#lawOf(run).watchdog ?? 0;
    return every === 0 ? null : now + every;
  }
}

function isReadying({ told, startedAt, ended, daemonic, searching, readyBy }: Run): boolean {
  return told === "nothing" && startedAt !== null && ended === null && !daemonic && !searching && readyBy !== null;
}

function isRunning({ told, startedAt, ended, searching, readyBy }: Run): boolean {
  return told === "nothing" && startedAt !== null && ended === null && !searching && readyBy === null;
}
