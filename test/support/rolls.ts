/**
 * The part of the Witness that is about rolling restarts: whether an extra process stands in for the one that is being
 * restarted, whether each new one is waited for, and that alone, whether it ends at the first that fails, and whether all
 * are new when it is done.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import type { Millis, RunId, Scope, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import type { Verdict } from "./verdicts.ts";

/** How long a new process has to stay. */
const STAYS: Millis = 1000;

/** A run that has not ended, as the Witness sees it. */
export interface Run {
  readonly slot: SlotId;
  /** Null while the start is not answered. */
  startedAt: Millis | null;
  pid: number | null;
  /** It is a daemon, and has not been found yet. */
  daemonic: boolean;
  /** When it has to be ready; null: it is, or it is not there yet. */
  readyBy: Millis | null;
  /** It was, before its process named another. */
  wasReady: boolean;
  /** It has shown that it is ready, before it was known which process it is. */
  proven: boolean;
  /** Which process it has named. */
  mainPid: number | null;
  /** How long it may be silent, where it has said so itself. */
  every: Millis | null;
  /** When its silence is too long, and when what it has announced has taken too long. */
  silentBy: Millis | null;
  leaveBy: Millis | null;
  /** So many bad examinations in a row. */
  ailing: number;
  /** The law has to end it, in this step. */
  doomed: "readyTimeout" | "unhealthy" | "watchdog" | "memory" | "exited" | "again" | null;
  /** Why it was told to end, where that was the law. */
  fate: "readyTimeout" | "unhealthy" | "watchdog" | "memory" | "exited" | null;
  /** Its process has ended, and the one that it has left is looked for. */
  searching: boolean;
  /** That one is there, but may be one in between. */
  found: boolean;
  /** Its exit is recorded, and what it has left behind is being ended. Then comes this; null: as somebody has asked. */
  ended: { verdict: Verdict | null } | null;
  /** A timer is set for the moment at which it has stayed long enough. */
  settling: boolean;
  /** When it is to be killed; null while nobody has told it to end, or after it was killed. */
  graceEnd: Millis | null;
  /** When it is to be said that something outlasts SIGKILL; null: not yet, or not any more. */
  patienceEnd: Millis | null;
  /** Somebody has asked for this end; otherwise it was the deadline, or what a process has left behind. */
  asked: boolean;
  told: "nothing" | "to end" | "to die";
  /** How, from the first time on; null: it was not told yet. */
  way: { readonly signal: string; readonly scope: Scope } | null;
}

interface Roll {
  readonly extra: SlotId;
  /** The last run that there was when it was asked for: when it is done every process has to be a newer one. */
  readonly lastRun: RunId;
  /** Whose new process is waited for; null where that is one that was ending already, so that nobody had to be told. */
  pending: SlotId | null;
  /** The extra process has done its work, and nobody has to stand in any more. */
  over: boolean;
}

export class Rolls {
  /** The Witness's: they change under our eyes. */
  readonly #runs: ReadonlyMap<RunId, Run>;
  readonly #of = new Map<string, Roll>();
  /** The entry whose rolling restart must not go on: what it waited for has failed. */
  #failed: string | null = null;

  constructor(runs: ReadonlyMap<RunId, Run>) {
    this.#runs = runs;
  }

  has(name: string): boolean {
    return this.#of.has(name);
  }

  names(): string[] {
    return [...this.#of.keys()];
  }

  /** Asked for, or asked for once more. */
  ask(name: string, extra: SlotId, lastRun: RunId): void {
    const before = this.#of.get(name);
    this.#of.set(name, { extra, lastRun, pending: before === undefined ? extra : before.pending, over: before?.over ?? false });
  }

  /** Nobody has a timer for it yet, and it may need one. */
  isTried(run: Run): boolean {
    const roll = this.#of.get(entryOf(run.slot));
    return roll !== undefined && !run.settling && (roll.pending ?? run.slot) === run.slot;
  }

  /** A timer is set for a process that runs. */
  settle(run: Run, at: Millis): void {
    const roll = this.#of.get(entryOf(run.slot));
    assert(roll !== undefined && (roll.pending ?? run.slot) === run.slot, `${run.slot} has a timer, and nobody waits for it`);
    assert.equal(at, (run.startedAt ?? NaN) + STAYS, `${run.slot} is not waited for as long as it should be`);
    roll.pending = run.slot;
    run.settling = true;
  }

  /** It can do nothing for that entry, and says so. */
  refuse(name: string, extra: SlotId): void {
    if (!this.#of.has(name)) this.#of.set(name, { extra, lastRun: 0, pending: extra, over: false });
  }

  /** It is ready, and no more is waited for. */
  ready(slot: SlotId): void {
    const roll = this.#of.get(entryOf(slot));
    if (roll?.pending === slot) roll.pending = null;
  }

  /** That timer is up. */
  settled(run: Run): void {
    const roll = this.#of.get(entryOf(run.slot));
    assert.equal(roll?.pending, run.slot);
    roll!.pending = null;
    run.settling = false;
  }

  /** It could not be started, has ended by itself, or is not wanted any more. */
  failed(slot: SlotId): void {
    const roll = this.#of.get(entryOf(slot));
    if (roll?.pending === slot || roll?.extra === slot) this.#failed = entryOf(slot);
  }

  /** It has done its work, and nothing comes after it. */
  finished(slot: SlotId): void {
    const roll = this.#of.get(entryOf(slot));
    if (roll === undefined) return;
    if (roll.pending === slot) roll.pending = null;
    if (roll.extra === slot) roll.over = true;
  }

  /** Whether it is for a rolling restart that the slot gets another process now. */
  goesOn(slot: SlotId, command: Command): boolean {
    const roll = this.#of.get(entryOf(slot));
    const moments = ["timeUp", "exited", "cleared", "proven", "notified", "followed", "reload"];
    if (roll === undefined || !moments.includes(command.kind) || roll.pending !== null) return false;
    const standIn = [...this.#runs.values()].find((run) => run.slot === roll.extra);
    const stands = standIn !== undefined && standIn.startedAt !== null && (standIn.readyBy === null || standIn.wasReady);
    assert(roll.over || (stands && standIn.told === "nothing"), `${slot} is restarted, and nobody stands in for it`);
    roll.pending = slot;
    return true;
  }

  /** Whether the record is the end of one, well or not. */
  isEnd(record: HistoryRecord): boolean {
    const roll = record.entry === null ? undefined : this.#of.get(record.entry);
    if (record.type === "fault" && record.entry !== null && record.slot === null && record.cause === "restarted") {
      assert(roll !== undefined, `the rolling restart of ${record.entry} ends twice`);
      return true;
    }
    if ((record.type !== "stopping" && record.type !== "stopped") || record.entry === null) return false;
    if (record.cause !== "restarted" || record.wanted) return false;
    if (roll?.extra !== slotId(record.entry, record.slot)) return false;
    for (const [id, run] of this.#runs) {
      const isOld = id <= roll.lastRun && run.told === "nothing" && entryOf(run.slot) === record.entry;
      assert(!isOld || run.slot === roll.extra, `run ${id} is as old as before the rolling restart`);
    }
    return true;
  }

  /** It is over. Gives its extra slot. */
  end(name: string): SlotId | null {
    const extra = this.#of.get(name)?.extra ?? null;
    this.#of.delete(name);
    for (const run of this.#runs.values()) if (entryOf(run.slot) === name) run.settling = false;
    return extra;
  }

  check(): void {
    for (const { slot, startedAt, readyBy, told, settling } of this.#runs.values()) {
      const isNew = startedAt !== null && readyBy === null && told === "nothing" && this.#of.get(entryOf(slot))?.pending === slot;
      assert.equal(settling, isNew, `${slot} is waited for, and has no timer, or the other way round`);
    }
    assert(this.#failed === null || !this.#of.has(this.#failed), `the rolling restart of ${this.#failed} goes on after a failure`);
    this.#failed = null;
  }
}

export function entryOf(slot: SlotId): string {
  return slot.slice(0, slot.lastIndexOf(":"));
}
