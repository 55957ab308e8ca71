/**
 * The journal as a transcript: each record that has a line is said where the output of its entry goes, in order with
 * that output. The pump puts "Started" before a run's first line, and "Exited" after its last.
 */
import type { HistoryRecord } from "../core/record.ts";
import type { RunId, Micros } from "../core/types.ts";
import type { Clock, Journal } from "../engine/ports.ts";
import { printableText } from "../printable.ts";
import { colourOf } from "./colours.ts";
import { lineOf } from "./transcript.ts";

/** As the pump takes a line: `say` of the addon. */
export type Say = (
  sink: number, wall: Micros, label: string | null, colour: string | null, text: string,
  opens: RunId | null, closes: RunId | null,
) => void;

export interface Sinks {
  /** Where Sentry's own lines go. */
  readonly own: number;
  of(entry: string): number;
  /** Whether what is said there is for a terminal that shows colours. */
  coloured(sink: number): boolean;
}

export class Transcript implements Journal {
  readonly #say: Say;
  readonly #sinks: Sinks;
  readonly #clock: Clock;

  constructor(say: Say, sinks: Sinks, clock: Clock) {
    this.#say = say;
    this.#sinks = sinks;
    this.#clock = clock;
  }

  record(record: HistoryRecord): void {
    const line = lineOf(record);
    if (line === null) return;
    const entry = line.label === null ? null : record.entry;
    const sink = entry === null ? this.#sinks.own : this.#sinks.of(entry);
    const colour = entry !== null && this.#sinks.coloured(sink) ? colourOf(entry) : null;
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
    for (const line of printableText(text).split("\n")) this.#say(this.#sinks.own, wall, null, null, line, null, null);
  }
}
