/**
 * The pattern that says from what a process prints that it is ready. A regular expression of somebody else can take for ever
 * over one line, and would stop the loop: node:vm lets V8 interrupt it. That costs a thread for each call, some 40 us; so
 * there is one call for all lines of a batch.
 */
import { createContext, Script } from "node:vm";

import type { Millis } from "../core/types.ts";

const LIMIT: Millis = 100;

/** A pattern that was too slow so often is not tried any more: the loop has other things to do. */
const MOST_SLOW = 3;

/** What terminals make of a line is not part of it: ECMA-48 control sequences, such as colours. */
const CONTROL_SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]/g;

export class Pattern {
  readonly #pattern: RegExp;
  #slow = 0;

  constructor(source: string, flags: string) {
    this.#pattern = new RegExp(source, flags);
  }

  /** `slow`: it took too long for the first time; that is no match. `hopeless`: so often that it is not worth asking again. */
  match(text: string): "match" | "none" | "slow" | "hopeless" {
    try {
      return test(this.#pattern, linesOf(text)) ? "match" : "none";
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      if (++this.#slow === MOST_SLOW) return "hopeless";
      return this.#slow === 1 ? "slow" : "none";
    }
  }

  toString(): string {
    return String(this.#pattern);
  }
}

/** Where patterns are tried; made for the first one. */
let room: { given: { pattern: RegExp | null; lines: string[] }; script: Script } | null = null;

function test(pattern: RegExp, lines: string[]): boolean {
  // With the flags g and y a pattern goes on from where it was.
  room ??= {
    given: createContext({ pattern: null, lines: [] }) as { pattern: RegExp | null; lines: string[] },
    script: new Script("lines.some((line) => { pattern.lastIndex = 0; return pattern.test(line); })"),
  };
  Object.assign(room.given, { pattern, lines });
  try {
    return room.script.runInContext(room.given, { timeout: LIMIT }) as boolean;
  } finally {
    Object.assign(room.given, { pattern: null, lines: [] });
  }
}

function linesOf(text: string): string[] {
  const lines = text.replace(CONTROL_SEQUENCES, "").split("\n");
  if (lines.at(-1) === "") lines.pop(); // it is what comes after the last newline
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
