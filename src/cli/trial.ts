/**
 * Before a reload, the program on disk is tried in a process of its own: whether it starts, loads its addon, reads our
 * state, and can use the configuration. It may be a newer version than this one, with a newer Node. What it answers is
 * what runs: the configuration as it understands it travels on as data, unread by this image.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

import type { Change } from "../config/changes.ts";
import type { HttpConfiguration, Listen } from "../config/configuration.ts";
import type { Millis } from "../core/types.ts";
import { statOf } from "../survival/proc.ts";
import { TRIAL } from "./verbs.ts";

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
  /** The address of HTTP over TCP. */
  readonly http: HttpConfiguration | null;
  /** Every file that `log` names. An older version gives none. */
  readonly logFiles?: readonly string[];
  /** The entries that have a `log`, of whatever kind. The same. */
  readonly logged?: readonly string[];
}

export type Verdict = Usable | { readonly kind: "unusable"; readonly message: string };

export interface Trial {
  /** What the configuration printed while it was evaluated. */
  readonly printed: () => string;
  readonly verdict: Promise<Verdict>;
  /** Its process is gone, and nothing of it is ours to reap any more. */
  readonly over: Promise<void>;
  /** Nobody wants to know any more. */
  abort(): void;
}

/** The configuration itself has 10 s; the rest is two starts of Node on a busy machine. */
const LONGEST: Millis = 30_000;

const MOST_PRINTED = 64 * 1024;

/**
 * In a process group of its own, which ends as a whole: with an answer, or when nobody waits for one any more. What the
 * configuration may have started besides can hold its pipes open for as long as it likes, so nobody waits for their end.
 */
export function runTrial(question: Question): Trial {
  const [, program = ""] = process.argv;
  const trial = spawn(process.execPath, [...process.execArgv, program, TRIAL], { stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true });
  let printed = "";
  let answer = "";
  let over: () => void;
  const isOver = new Promise<void>((resolve) => { over = resolve; });
  const verdict = new Promise<Verdict>((resolve) => {
    const unusable = (message: string): void => resolve({ kind: "unusable", message });
    trial.on("error", (error) => {
      unusable(`cannot try ${program}: ${error.message}`);
      over();
    });
    // Where there were no descriptors for them, the streams are not there; "error" says so.
    const answers = trial.stdio[ANSWER] as Readable | null | undefined;
    answers?.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
      if (!text.endsWith("\n")) return;
      resolve(parse(answer) ?? { kind: "unusable", message: `${program} gave an answer that is none` });
    });
    trial.on("exit", (code, signal) => {
      if (signal !== null) endSession(trial.pid ?? 0);
      over();
      const end = (): void =>
        unusable(`${program}, tried with ${process.execPath}, ended ${signal === null ? `with exit code ${code}` : `by ${signal}`} without an answer`);
      // Nobody else has that pipe: what was written before is read first.
      if (answers === null || answers === undefined || answers.closed) end();
      else answers.once("close", end);
    });
  });
  for (const stream of [trial.stdout, trial.stderr] as (Readable | null | undefined)[]) {
    stream?.setEncoding("utf8").on("data", (text: string) => { printed = (printed + text).slice(0, MOST_PRINTED); });
  }
  const stdin = trial.stdin as Writable | null | undefined;
  stdin?.on("error", () => {}); // it ended without reading: told by its end
  stdin?.end(JSON.stringify(question));

  const abort = (): void => {
    clearTimeout(timer);
    for (const stream of trial.stdio) stream?.destroy();
    try {
      if (trial.pid !== undefined && trial.exitCode === null && trial.signalCode === null) process.kill(-trial.pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  const timer = setTimeout(abort, LONGEST);
  const wait = verdict.finally(abort);
  return { printed: () => printed, verdict: wait, over: isOver, abort };
}

/**
 * The trial was killed, and could not end the evaluation that it had under way. Its number is nobody else's for as long as
 * somebody is in its session (credentials(7)), so that is looked for first.
 */
function endSession(session: number): void {
  const isLeft = readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && statOf(Number(pid))?.session === session);
  try {
    if (isLeft) process.kill(-session, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

function parse(answer: string): Verdict | null {
  try {
    const verdict = JSON.parse(answer) as Verdict;
    return verdict.kind === "usable" || verdict.kind === "unusable" ? verdict : null;
  } catch {
    return null;
  }
}
