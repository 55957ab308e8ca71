/** What the children themselves say of their lives: the books that test/fixtures/life.c keeps. Here is the truth. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

import { packageFolder } from "../../../src/native/load.ts";

/** What a child said of its end before it brought it about. */
export type Ending = { readonly code: number } | { readonly signal: string };

export interface Life {
  readonly entry: string;
  readonly slot: number;
  /** Its SENTRY_RUN. */
  readonly mark: string;
  readonly pid: number;
  /** Who was started for it, and who was in between: others, where it has forked itself away. */
  readonly steps: readonly [first: number, between: number];
  /** When it began, something of an earlier life of its slot was still there. */
  readonly beside: boolean;
  /** Milliseconds of CLOCK_MONOTONIC: its beginning, and when it was last surely alive. */
  readonly born: number;
  readonly seen: number;
  /** The number of the line that it had begun to print, and of the last one that was printed as a whole. */
  readonly begun: number;
  readonly printed: number;
  /** Null: it did not end by its own will, or has not ended. */
  readonly ending: Ending | null;
}

/** As one reads a clock: on the same time line as the books. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** It has forked itself away. */
export function isDaemon({ pid, steps }: Life): boolean {
  return pid !== steps[0];
}

/** Makes the program. */
export function compileLife(program: string): void {
  execFileSync("cc", ["-O2", "-o", program, join(packageFolder(), "test/fixtures/life.c")]);
}

/** All lives that have begun, the oldest first. */
export function livesIn(folder: string): Life[] {
  const lives = readdirSync(folder).map((name) => lifeOf(name, readFileSync(join(folder, name))));
  return lives.filter((life) => life !== null).sort((one, other) => one.born - other.born);
}

/** Null: it was killed before it had written its name, or it is none of the books, but a lock or a PID file. */
function lifeOf(name: string, book: Buffer): Life | null {
  const [, entry = "", slot, mark = ""] = /^(\S+):(\d+) (\S+) \d+$/.exec(name) ?? [];
  if (book.length < 72) return null;
  const [pid = 0, born = 0, seen = 0, begun = 0, printed = 0, ending = 0, first = 0, between = 0, beside = 0] =
    [0, 8, 16, 24, 32, 40, 48, 56, 64].map((offset) => Number(book.readBigInt64LE(offset)));
  return {
    entry, slot: Number(slot), mark, pid, steps: [first, between], beside: beside !== 0,
    born: born / 1e6, seen: seen / 1e6, begun, printed, ending: endingOf(ending),
  };
}

function endingOf(written: number): Ending | null {
  if (written < 0) return null;
  if (written < 256) return { code: written };
  const found = Object.entries(constants.signals).find(([, number]) => number === written - 256);
  return { signal: found?.[0] ?? `signal ${written - 256}` };
}
