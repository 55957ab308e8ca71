/**
 * The journal as a transcript: each record that has a line is said where the output of its entry goes, in order with
 * that output. The pump puts "Started" before a run's first line, and "Exited" after its last.
 */
import type { HistoryRecord } from "../core/record.ts";
import type { RunId, Micros } from "../core/types.ts";
import type { Clock, Journal } from "../engine/ports.ts";
import { toMicrosecond } from "../engine/line.ts";
import { printableText } from "../printable.ts";
import { colourOf } from "../colours.ts";
import { lineOf } from "./transcript.ts";

/** As the pump takes a line: `say` of the addon. */
export type Say = (
  sink: number, wall: Micros, label: string | null, colour: string | null, text: string,
  opens: RunId | null, closes: RunId | null,
) => void;

/** Of what a terminal shows: lines with labels, or an object a line, as lines of output have it (native/format.h). */
export type LogFormat = "text" | "json";

export interface Sinks {
  /** Where Sentry's own lines go. */
  readonly own: number;
  of(entry: string): number;
  /** Whether what is said about entries is for a terminal that shows colours. */
  readonly coloured: boolean;
}

export class Transcript implements Journal {
  readonly #say: Say;
  readonly #sinks: Sinks;
  readonly #clock: Clock;
  readonly #format: LogFormat;

  constructor(say: Say, sinks: Sinks, clock: Clock, format: LogFormat = "text") {
    this.#say = say;
    this.#sinks = sinks;
    this.#clock = clock;
    this.#format = format;
  }

  record(record: HistoryRecord): void {
    const line = lineOf(record);
    if (line === null) return;
    const entry = line.label === null ? null : record.entry;
    const sink = entry === null ? this.#sinks.own : this.#sinks.of(entry);
    if (this.#format === "json") {
      const { type, slot, pid } = record;
      return this.#say(sink, line.wall, null, null, objectOf(line.wall, { type, entry: record.entry, slot, pid }, line.text), line.opens, line.closes);
    }
    const colour = entry !== null && this.#sinks.coloured ? colourOf(entry) : null;
    this.#say(sink, line.wall, line.label, colour, line.text, line.opens, line.closes);
  }

  bug(error: unknown, what: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const told = `Sentry has a bug; it runs on. When ${what}: ${text}`;
    this.tell(told);
  }

  /** A line of Sentry's own, such as `Bye.`, without a label; or several. */
  tell(text: string): void {
    const { wall } = this.#clock.now();
    for (const line of printableText(text).split("\n")) {
      this.#say(this.#sinks.own, wall, null, null, this.#format === "json" ? objectOf(wall, NOBODY, line) : line, null, null);
    }
  }
}

interface About {
  readonly type: string | null;
  readonly entry: string | null;
  readonly slot: number | null;
  readonly pid: number | null;
}

const NOBODY: About = { type: null, entry: null, slot: null, pid: null };

function objectOf(wall: Micros, { type, entry, slot, pid }: About, text: string): string {
  return JSON.stringify({ at: toMicrosecond(wall), entry, slot, pid, stream: "sentry", type, text });
}
