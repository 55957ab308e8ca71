/**
 * What the history tells, put over what a snapshot says, or over nothing at all. Both come from files, so nothing here
 * believes that they fit together.
 *
 * A start that was not answered leaves no line. So a slot that waits, by its records, may have had a process since; it is
 * for the take-over to look for it.
 */
import type { State } from "../core/state.ts";
import type { ExitWhen, Identity, Law, RunId, Stamp } from "../core/types.ts";
import type { HistoryLine } from "../engine/line.ts";
import type { Known } from "./holder.ts";
import { rebooted } from "./rebooted.ts";
import { Sketch } from "./sketch.ts";
import { SlotPast } from "./slot-past.ts";
import type { ToldOfSlot } from "./slot-past.ts";
import { readTold } from "./told.ts";
import type { Told, ToldOf } from "./told.ts";
import { Untold } from "./untold.ts";

export interface Before {
  /** What a snapshot says, in which life of the machine, and whose it is; null: there is none. */
  readonly base: { readonly state: State; readonly boot: string; readonly instance: string } | null;
  /** What came after it; null is a line that could not be read. */
  readonly lines: Iterable<HistoryLine | null>;
  /** Of the configuration on disk: for entries of which nothing else tells the law. */
  readonly laws: readonly Law[];
  readonly exitWhen: ExitWhen;
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
  /** Who those were that have left something behind, as far as it is told here. */
  readonly left: ReadonlyMap<RunId, Identity>;
  readonly untold: Untold;
  /** A run below this which holds no slot had ended before the records begin. */
  readonly firstRun: RunId;
  /** Whose processes they are. */
  readonly instance: string | null;
  /** How many lines could not be read. */
  readonly damaged: number;
}

export function replay({ base, lines, laws, exitWhen, boot, now }: Before): Replayed {
  const past = new Past(base, new Sketch(laws, exitWhen), now);
  for (const line of lines) past.put(line === null ? null : readTold(line));
  past.turnTo(boot);
  past.sketch.unify();
  return past;
}

class Past implements Replayed {
  readonly sketch: Sketch;
  begun: boolean;
  readonly displaced = new Map<RunId, Known>();
  readonly lost = new Set<RunId>();
  readonly ended = new Map<RunId, number | null>();
  readonly left = new Map<RunId, Identity>();
  readonly untold: Untold;
  firstRun: RunId = 1;
  instance: string | null;
  damaged = 0;
  #boot: string | null;
  readonly #now: Stamp;
  readonly #slots: SlotPast;

  constructor(base: Before["base"], sketch: Sketch, now: Stamp) {
    this.sketch = sketch;
    this.begun = base !== null && base.state.course !== "left";
    this.instance = base?.instance ?? null;
    this.#boot = base?.boot ?? null;
    this.#now = now;
    this.untold = new Untold(now);
    this.#slots = new SlotPast(this, now);
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
      case "scaled": case "added": case "removed": case "missed": return this.#putEntry(told);
      case "started": case "ready": case "exited": case "fault": case "stopping": case "stopped": case "waiting":
      case "scheduled": case "blocked": case "finished": case "failed": return this.#putSlot(told);
    }
  }

  /** In another life of the machine nothing runs that ran in the one before, and its moments mean nothing. */
  turnTo(boot: string): void {
    if (this.#boot !== null && this.#boot !== boot) {
      for (const slot of this.sketch.slots()) {
        const { slot: after, lost } = rebooted(slot, this.sketch, this.#now, this.untold);
        this.sketch.set(after);
        if (lost !== null) this.lost.add(lost);
      }
      for (const run of this.displaced.keys()) this.lost.add(run);
      this.sketch.closeAll();
    }
    this.#boot = boot;
  }

  #putEntry(told: ToldOf<"scaled" | "added" | "removed" | "missed">): void {
    this.begun = true;
    this.sketch.know(told.entry);
    switch (told.kind) {
      case "scaled": return this.sketch.scale(told.entry, told.count);
      case "added": return this.sketch.add(told.entry, told.count);
      case "removed": return this.sketch.remove(told.entry);
      case "missed":
        this.sketch.passed(told.entry, told.at);
        return this.sketch.miss(told.entry, told.missed);
    }
  }

  #putSlot(told: ToldOfSlot): void {
    if (told.kind === "started") this.#turnToInstance(told.mark, told.boot);
    this.begun = true;
    this.#slots.put(told);
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
    for (const all of [this.displaced, this.lost, this.ended, this.left, this.untold]) all.clear();
    this.firstRun = 1;
    this.begun = false;
  }
}
