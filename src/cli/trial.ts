/**
 * Before a reload, the program on disk is tried in a process of its own: whether it starts, loads its addon, reads our
 * state, and can use the configuration. It may be a newer version than this one, with a newer Node. What it answers is
 * what runs: the configuration as it understands it travels on as data, unread by this image.
 */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

import type { Change } from "../config/changes.ts";
import type { Listen } from "../config/configuration.ts";
import type { Millis } from "../core/types.ts";

/** In front of all verbs, and not for users. try.ts is the other side. */
export const TRIAL = "--try";

/** The descriptor of the answer. */
export const ANSWER = 3;

/** What the trial needs to know, as JSON on its stdin. */
export interface Question {
  /** The form in which this image hands over: HANDOVER_VERSION. */
  readonly handover: number;
  readonly config: string;
  /** The text of a snapshot, as the state file has it. */
  readonly snapshot: string;
}

export interface Usable {
  readonly kind: "usable";
  /** Of a shape that the next image knows. */
  readonly configuration: unknown;
  readonly changes: readonly Change[];
  /** The file of its addon. */
  readonly addon: string;
  /** Every address that a process is to be given. */
  readonly listen: readonly Listen[];
}

export type Verdict = Usable | { readonly kind: "unusable"; readonly message: string };

export interface Trial {
  /** What the configuration printed while it was evaluated. */
  readonly printed: () => string;
  readonly verdict: Promise<Verdict>;
  /** Nobody wants to know any more. */
  abort(): void;
}

/** The configuration itself has 10 s; the rest is two starts of Node on a busy machine. */
const LONGEST: Millis = 30_000;

const MOST_PRINTED = 64 * 1024;

export function runTrial(question: Question): Trial {
  const [, program = ""] = process.argv;
  const trial = spawn(process.execPath, [...process.execArgv, program, TRIAL], { stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const timer = setTimeout(() => trial.kill("SIGKILL"), LONGEST);
  let printed = "";
  for (const stream of [trial.stdout, trial.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => { printed = (printed + text).slice(0, MOST_PRINTED); });
  }
  let answer = "";
  (trial.stdio[ANSWER] as Readable).setEncoding("utf8").on("data", (text: string) => { answer += text; });
  trial.stdin.on("error", () => {}); // it ended without reading: told by what it answered, or by its end
  trial.stdin.end(JSON.stringify(question));

  const verdict = new Promise<Verdict>((resolve) => {
    const unusable = (message: string): void => resolve({ kind: "unusable", message });
    trial.on("error", (error) => unusable(`cannot try ${program}: ${error.message}`));
    trial.on("close", (code, signal) => {
      clearTimeout(timer);
      const read = parse(answer);
      if (read !== null) resolve(read);
      else unusable(`${program}, tried with ${process.execPath}, ended ${signal === null ? `with exit code ${code}` : `by ${signal}`} without an answer`);
    });
  });
  // By this it takes the evaluation along, whose program may run for ever.
  return { printed: () => printed, verdict, abort: () => void trial.kill("SIGTERM") };
}

function parse(answer: string): Verdict | null {
  try {
    const verdict = JSON.parse(answer) as Verdict;
    return verdict.kind === "usable" || verdict.kind === "unusable" ? verdict : null;
  } catch {
    return null;
  }
}
