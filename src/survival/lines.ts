/**
 * Lines of a file: newest first from its end, or oldest first from a place on. A chunk at a time, so that whoever has
 * other things to do can do them in between, and never the whole file in memory.
 *
 * What comes after the last newline is no line. Nor is what goes on for longer than any line of ours: it is passed over.
 */
import { readSync } from "node:fs";

import type { HistoryId, HistoryLine } from "../engine/line.ts";

const CHUNK = 64 * 1024;
const LONGEST = 1024 * 1024;
const NEWLINE = 10;

export interface Line {
  readonly text: string;
  /** Where the next one begins. */
  readonly end: number;
}

/** One list per chunk, newest first. */
export function* backwards(fd: number, size: number): Generator<Line[], void, undefined> {
  let rest: Uint8Array = Buffer.alloc(0); // the end of a line that begins further in front
  for (let until = size; until > 0;) {
    const from = Math.max(0, until - CHUNK);
    const bytes = Buffer.concat([readAt(fd, from, until - from), rest]);
    const first = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    const last = bytes.lastIndexOf(NEWLINE) + 1;
    yield [...split(bytes.subarray(first, last), from + first)].reverse();
    rest = first > LONGEST ? Buffer.alloc(0) : bytes.subarray(0, first);
    until = from;
  }
}

/** One list per chunk, oldest first, up to where the file ends when that is reached. */
export function* forwards(fd: number, start: number): Generator<Line[], void, undefined> {
  let rest: Uint8Array = Buffer.alloc(0); // the beginning of a line
  for (let from = start; ;) {
    const chunk = readAt(fd, from, CHUNK);
    if (chunk.length === 0) return;
    const bytes = Buffer.concat([rest, chunk]);
    const last = bytes.lastIndexOf(NEWLINE) + 1;
    from += chunk.length;
    yield [...split(bytes.subarray(0, last), from - bytes.length)];
    rest = bytes.length - last > LONGEST ? Buffer.alloc(0) : bytes.subarray(last);
  }
}

/** Where the last line ends: what comes after it was never finished. */
export function endOfLines(fd: number, size: number): number {
  for (let until = size; until > 0;) {
    const from = Math.max(0, until - CHUNK);
    const newline = readAt(fd, from, until - from).lastIndexOf(NEWLINE);
    if (newline !== -1) return from + newline + 1;
    until = from;
  }
  return 0;
}

/** The first line that begins there or after. */
export function beginOfLine(fd: number, place: number, size: number): number {
  for (let from = place - 1; from >= 0 && from < size; from += CHUNK) {
    const newline = readAt(fd, from, CHUNK).indexOf(NEWLINE);
    if (newline !== -1) return from + newline + 1;
  }
  return place <= 0 ? 0 : size;
}

/** The id alone, at no more cost than that: each line of ours begins with it. Null: it is none. */
export function idOf(text: string): HistoryId | null {
  const [, digits] = /^\{"id":(\d{1,15}),/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** A line as far as all have the same; null: damaged. */
export function readLine(text: string): HistoryLine | null {
  let line: Partial<Record<keyof HistoryLine, unknown>>;
  try {
    line = JSON.parse(text) as typeof line;
  } catch {
    return null;
  }
  const { at, type, entry, slot } = line ?? {};
  const isLine = idOf(text) !== null && typeof at === "string" && typeof type === "string"
    && (entry === null || typeof entry === "string") && (slot === null || typeof slot === "number");
  return isLine ? line as unknown as HistoryLine : null;
}

function* split(bytes: Buffer, offset: number): Generator<Line, void, undefined> {
  for (let begin = 0; begin < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, begin);
    yield { text: bytes.toString("utf8", begin, newline), end: offset + newline + 1 };
    begin = newline + 1;
  }
}

function readAt(fd: number, from: number, most: number): Buffer {
  const bytes = Buffer.allocUnsafe(most);
  let got = 0;
  while (got < most) {
    const read = readSync(fd, bytes, got, most - got, from + got);
    if (read === 0) break;
    got += read;
  }
  return bytes.subarray(0, got);
}
