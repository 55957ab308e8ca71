/**
 * Lines of logs as people read them: with the label that a terminal of Sentry's own has, in the colour of their entry. What a
 * file in JSON holds is shown in that form too; raw lines, and what was printed, are shown as they are.
 */
import { colourOf } from "../colours.ts";

export type Format = "raw" | "prefixed" | "json";

/** `HH:MM:SS entry.pid`, padded to so many columns, or followed by one space. native/label.cc has the same. */
const COLUMN = 25;

const NEWLINE = Buffer.of(10);

/** An object of a file in JSON: what was printed, or word of lines that are missing there (native/format.h). */
interface Logged {
  readonly at: string;
  readonly entry?: string;
  readonly slot?: number | null;
  readonly pid?: number | null;
  /** `sentry`: what the transcript says. */
  readonly stream?: "stdout" | "stderr" | "sentry";
  readonly part?: true;
  readonly text?: string;
  readonly base64?: string;
  readonly lost?: number;
  readonly reason?: string;
}

/** What is shown of a line. @param line with its newline, if it has one */
export function shownOf(line: Buffer, entry: string, format: Format, isColoured: boolean): Buffer {
  const colour = isColoured ? colourOf(entry) : null;
  switch (format) {
    case "raw": return line;
    case "prefixed": return colour === null ? line : worn(line, colour);
    case "json": {
      const logged = objectIn(line);
      return logged === null ? line : spelled(logged, colour);
    }
  }
}

/** Null: it is none of ours. */
export function objectIn(line: Buffer): Logged | null {
  try {
    const value = JSON.parse(line.toString()) as Logged | null;
    return typeof value === "object" && value !== null && !Number.isNaN(Date.parse(value.at)) ? value : null;
  } catch {
    return null;
  }
}

/** The colour wraps time and label; the padding stays outside it. */
function worn(line: Buffer, colour: string): Buffer {
  const [label] = /^\d\d:\d\d:\d\d \S+(?= )/.exec(line.toString("latin1", 0, 200)) ?? [];
  if (label === undefined) return line;
  return Buffer.concat([Buffer.from(coloured(label, colour), "latin1"), line.subarray(label.length)]);
}

function spelled(logged: Logged, colour: string | null): Buffer {
  const { at, stream, part, text, base64, lost, reason } = logged;
  if (lost !== undefined) {
    const why = reason === "unread" ? "that nobody read." : `(${reason}).`;
    return Buffer.from(`Sentry dropped ${lost} ${lost === 1 ? "line" : "lines"} here ${why}\n`);
  }
  const label = `${clockAt(at)} ${nameOf(logged)}${stream === "stderr" ? "/err" : ""}${part ? "+" : ""}`;
  const start = `${colour === null ? label : coloured(label, colour)}${" ".repeat(Math.max(1, COLUMN - label.length))}`;
  return Buffer.concat([Buffer.from(start), base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64"), NEWLINE]);
}

/** `web.1514`; of a slot without a process `web:0`. */
function nameOf({ entry, slot, pid }: Logged): string {
  if (typeof pid === "number") return `${entry}.${pid}`;
  return typeof slot === "number" ? `${entry}:${slot}` : String(entry);
}

function coloured(label: string, colour: string): string {
  return `\x1b[${colour}m${label}\x1b[0m`;
}

/** Local. */
function clockAt(at: string): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((number) => String(number).padStart(2, "0")).join(":");
}
