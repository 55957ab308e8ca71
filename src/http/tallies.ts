/**
 * What is counted while Sentry runs, for whoever looks at it later: only what the state cannot say. Plain numbers, so that
 * each record costs next to nothing, whether anybody looks or not, and so that an image can leave them to the next one.
 * routes/metrics.ts turns them into metrics.
 */
import type { ExitedRecord, HistoryRecord, LostRecord, StartedRecord } from "../core/record.ts";
import { slotId } from "../core/types.ts";
import type { Exit, Millis, SlotId, Stamp } from "../core/types.ts";
import { Histogram } from "./histogram.ts";
import { FORM, readTallied } from "./tallied.ts";
import type { EntryTally, ExitTally, Tallied } from "./tallied.ts";

/** In seconds. A little above the delays that people like, so that a restart on time is below its bound. */
const EXIT_TO_START = [0.01, 0.055, 0.11, 0.275, 0.55, 1.1, 2.2, 5.5, 11, 33, 66, 330];

/** In seconds. The end is for exits that had to wait for the next image. */
const EXIT_DETECTION = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.1, 1, 10];

class OfEntry {
  startFailures: number;
  readonly #exits = new Map<string, ExitTally>();

  constructor(left: EntryTally | null = null) {
    this.startFailures = left?.startFailures ?? 0;
    for (const exit of left?.exits ?? []) this.#add(exit);
  }

  exited({ code, signal }: Pick<Exit, "code" | "signal">): void {
    this.#add({ code, signal, count: 1 });
  }

  get exits(): ExitTally[] {
    return [...this.#exits.values()];
  }

  #add({ code, signal, count }: ExitTally): void {
    const kind = `${code} ${signal}`;
    this.#exits.set(kind, { code, signal, count: (this.#exits.get(kind)?.count ?? 0) + count });
  }
}

export class Tallies {
  readonly #entries = new Map<string, OfEntry>();
  /** Out of the configuration. Their last exits are still counted, but the next image does not hear of them. */
  readonly #removed = new Set<string>();
  /** Slots that are to be started again. Where nobody waits for a start any more, the time until there is one says nothing. */
  readonly #between: Map<SlotId, Millis>;
  readonly #exitToStart: Histogram;
  readonly #exitDetection: Histogram;
  #reloads: number;
  #lostProcessEvents: number;
  #lostEvents: number;
  #lostOutputLines: number;

  /** @param left what `plain` has given, in an earlier image, perhaps of another version */
  constructor(left: unknown = null) {
    const tallied = readTallied(left);
    for (const entry of tallied?.entries ?? []) this.#entries.set(entry.name, new OfEntry(entry));
    this.#between = new Map(tallied?.between);
    this.#exitToStart = new Histogram(EXIT_TO_START, tallied?.exitToStart);
    this.#exitDetection = new Histogram(EXIT_DETECTION, tallied?.exitDetection);
    this.#reloads = tallied?.reloads ?? 0;
    this.#lostProcessEvents = tallied?.lostProcessEvents ?? 0;
    this.#lostOutputLines = tallied?.lostOutputLines ?? 0;
    this.#lostEvents = tallied?.lostEvents ?? 0;
  }

  /** Each record, as it is told. */
  record(record: HistoryRecord): void {
    switch (record.type) {
      case "started": return this.#started(record);
      case "exited": return this.#exited(record);
      case "fault":
        // Where a start was being ended, the fault may be of our own making; where there is no run, it is none of a start.
        if (record.slot !== null && record.run !== null && record.cause === null) this.#of(record.entry).startFailures++;
        return;
      case "finished": case "failed": this.#between.delete(slotId(record.entry, record.slot)); return;
      case "stopped":
        if (record.slot !== null && !record.wanted) this.#between.delete(slotId(record.entry, record.slot));
        return;
      case "removed": this.#removed.add(record.entry); return;
      case "reloaded": this.#reloads++; return;
      case "lost":
        this.#lost(record);
        return;
      case "blocked": case "unhealthy": case "ready": case "stopping": case "waiting": case "signalled": case "scaled": case "added": case "tookOver": return;
    }
  }

  /** An exit has got here: called before it is recorded. */
  seen(exit: Exit, now: Stamp): void {
    if (exit.kernelTime) this.#exitDetection.observe((now.mono - exit.at.mono) / 1000);
  }

  get tallied(): Tallied {
    return {
      form: FORM,
      entries: [...this.#entries].map(([name, { startFailures, exits }]) => ({ name, startFailures, exits })),
      between: [...this.#between],
      exitToStart: this.#exitToStart.counted,
      exitDetection: this.#exitDetection.counted,
      reloads: this.#reloads,
      lostProcessEvents: this.#lostProcessEvents,
      lostOutputLines: this.#lostOutputLines,
      lostEvents: this.#lostEvents,
    };
  }

  /** JSON: what the next image begins with. */
  plain(): unknown {
    const { entries, ...more } = this.tallied;
    return { ...more, entries: entries.filter(({ name }) => !this.#removed.has(name)) };
  }

  #started({ entry, slot, mono }: StartedRecord): void {
    const exited = this.#between.get(slotId(entry, slot));
    if (exited === undefined) return;
    this.#between.delete(slotId(entry, slot));
    this.#exitToStart.observe((mono - exited) / 1000);
  }

  #exited(record: ExitedRecord): void {
    this.#of(record.entry).exited(record);
    this.#between.set(slotId(record.entry, record.slot), record.mono);
  }

  #lost({ what, count }: LostRecord): void {
    switch (what) {
      case "processEvents": this.#lostProcessEvents += count; return;
      case "output": this.#lostOutputLines += count; return;
      case "events": this.#lostEvents += count; return;
    }
  }

  #of(entry: string): OfEntry {
    let tally = this.#entries.get(entry);
    if (tally === undefined) this.#entries.set(entry, tally = new OfEntry());
    return tally;
  }
}
