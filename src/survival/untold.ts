/**
 * What a killed Sentry did not get to tell, between a record and the next one of the same step: that a slot has `finished` or
 * `failed`, that what a process has left behind is told to end, and that another process has taken its place. Whoever takes
 * over tells it first of all, for nothing that the law does later would.
 *
 * Where an ended process has left nothing behind, this is not needed: its slot is being cleared up, and the law tells the rest.
 */
import type { FailedRecord, FinishedRecord, ReadyRecord, StoppingRecord } from "../core/record.ts";
import type { Phase, PhaseOf, Slot, Started, State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { Cause, RunId, SlotId, Stamp } from "../core/types.ts";

type Tellable = FailedRecord | FinishedRecord | ReadyRecord | StoppingRecord;

/** In which phase a slot is of which that holds. */
const PHASES: Readonly<Record<Tellable["type"], Phase["kind"]>> = {
  finished: "finished", failed: "failed", ready: "running", stopping: "clearing",
};

export class Untold {
  readonly #records = new Map<SlotId, Tellable>();
  readonly #now: Stamp;

  constructor(now: Stamp) {
    this.#now = now;
  }

  /** `cause`: why the last process has ended; null: there was none. */
  over(slot: Slot, type: "finished" | "failed", cause: Cause | null): void {
    const record = { ...this.#about(slot), cause };
    this.#put(type === "finished" ? { type, ...record } : { type, ...record });
  }

  /** The process has left its place to another. */
  ready(slot: Slot, run: RunId, { pid, at: { mono }, identity }: Started): void {
    this.#put({ ...this.#about(slot), type: "ready", run, pid, mono, identity, cause: null });
  }

  leftover(slot: Slot, { run, grace }: PhaseOf<"clearing">): void {
    const until = grace?.at ?? this.#now.mono;
    this.#put({ ...this.#about(slot), type: "stopping", run, wanted: slot.wanted, until, cause: "leftover", reason: null });
  }

  /** The history goes on, so it was told; or it is not so any more. */
  forget(entry: string, slot: number): void {
    this.#records.delete(slotId(entry, slot));
  }

  clear(): void {
    this.#records.clear();
  }

  /** As far as it holds in that state: what is found of processes may say something else. */
  in({ slots }: State): Tellable[] {
    return [...this.#records].flatMap(([id, record]) => {
      return slots.get(id)?.phase.kind === PHASES[record.type] ? [record] : [];
    });
  }

  #about({ entry, number }: Slot) {
    return { at: this.#now.wall, entry, slot: number, pid: null, by: null };
  }

  #put(record: Tellable): void {
    this.#records.set(slotId(record.entry, record.slot), record);
  }
}
