/**
 * Watches the records until each process that is to be started at the beginning has been, or could not be.
 *
 * What is blocked is waited for as long as what it waits for comes along. Once something there has gone wrong, it may take
 * for ever: a fault, or an end after which the slot has not `finished`. Then nobody is kept waiting, also not for what waits
 * for it in turn.
 */
import type { HistoryRecord, SlotRecord } from "../core/record.ts";
import type { State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { Law, SlotId } from "../core/types.ts";

/**
 * Of a state that was left behind, what is at rest and should not be. What waits for its restart may wait for long, and so
 * may what waits for others; and what has a schedule runs when it is due.
 */
export function toBeStarted(state: State | null, laws: readonly Law[]): SlotId[] {
  if (state === null) {
    return laws.filter(({ schedule }) => schedule === null)
      .flatMap(({ name, count }) => Array.from({ length: count }, (_, slot) => slotId(name, slot)));
  }
  return [...state.slots]
    .filter(([, { entry, wanted, phase }]) => phase.kind === "starting" || (wanted && phase.kind === "stopped" && isFree(state, entry)))
    .map(([id]) => id);
}

function isFree({ entries }: State, name: string): boolean {
  const entry = entries.get(name);
  return entry === undefined || entry.opened || entry.law.after.length === 0;
}

export class FirstStarts {
  readonly #awaited: Set<SlotId>;
  readonly #done: () => void;
  /** What is blocked, and which entries it waits for. */
  readonly #blocked = new Map<SlotId, { readonly entry: string; readonly after: readonly string[] }>();
  /** Those that have ended, and of which it is not told yet what comes of it. */
  readonly #ended = new Set<SlotId>();
  /** Entries that may take for ever. */
  readonly #stuck = new Set<string>();

  constructor(awaited: Iterable<SlotId>, done: () => void) {
    this.#awaited = new Set(awaited);
    this.#done = done;
    // Nothing to wait for: done, but not before the caller has what it made.
    if (this.#awaited.size === 0) setImmediate(done);
  }

  record(record: HistoryRecord): void {
    if (record.entry === null || record.slot === null || this.#awaited.size === 0) return;
    if (record.type === "fault" && record.run === null) return; // of a process that there is
    const slot = slotId(record.entry, record.slot);
    if (isAnswer(record)) this.#answered(slot);
    if (record.type === "blocked") this.#blocked.set(slot, record);
    if (this.#hasGoneWrong(slot, record)) this.#stuck.add(record.entry);
    this.#giveUp();
    if (this.#awaited.size === 0) this.#done();
  }

  #answered(slot: SlotId): void {
    this.#awaited.delete(slot);
    this.#blocked.delete(slot);
  }

  /** An end after which it has finished may be just what is waited for. */
  #hasGoneWrong(slot: SlotId, record: SlotRecord): boolean {
    if (record.type === "fault" || record.type === "failed") return true;
    if (record.type === "exited") this.#ended.add(slot);
    if (record.type === "exited" || record.cause === "leftover") return false;
    return this.#ended.delete(slot) && record.type !== "finished";
  }

  /** Whoever waits for what is stuck is stuck as well. */
  #giveUp(): void {
    for (const stuck of this.#stuck) { // it grows while it is gone through
      for (const [slot, { entry, after }] of this.#blocked) {
        if (!after.includes(stuck)) continue;
        this.#answered(slot);
        this.#stuck.add(entry);
      }
    }
  }
}

/** It has been started; or it will not be before something else happens. */
function isAnswer({ type, cause }: SlotRecord): boolean {
  switch (type) {
    case "started": case "fault": case "stopped": case "finished": case "failed": return true;
    case "waiting": return cause === "schedule";
    case "ready": case "exited": case "stopping": case "blocked": case "unhealthy": case "signalled": return false;
  }
}
