/** The history as one who knows nothing of Sentry reads it: one JSON object a line. And what must be true of any history. */
import { existsSync, readFileSync } from "node:fs";

import type { HistoryLine } from "../../../src/engine/line.ts";

export interface History {
  readonly lines: readonly HistoryLine[];
  /** What is no record. */
  readonly strange: readonly string[];
}

export function historyIn(path: string): History {
  return existsSync(path) ? historyOf(readFileSync(path, "utf8")) : { lines: [], strange: [] };
}

/** What has no newline yet is being written. */
export function historyOf(text: string): History {
  const strange: string[] = [];
  const lines = text.split("\n").slice(0, -1).flatMap((line) => {
    try {
      return [JSON.parse(line) as HistoryLine];
    } catch {
      strange.push(line);
      return [];
    }
  });
  return { lines, strange };
}

/** The runs of one slot, each from `started` to `exited`. */
export interface Recorded {
  readonly mark: string;
  readonly started: HistoryLine;
  /** The process that a daemon has left, from when it is the slot's. */
  ready: HistoryLine | null;
  exited: HistoryLine | null;
  /** Somebody told it to end. */
  stopping: HistoryLine | null;
}

/** Ids that grow by one, no faults, and in each slot one run after the other, counted without a gap. */
export function faultsOfHistory({ lines, strange }: History): string[] {
  return [
    ...strange.map((line) => `the history has a line that is no record: ${line.slice(0, 200)}`),
    ...faultsOfIds(lines),
    ...lines.filter((line) => line.type === "fault" && !isAstray(line) && !isCalledOff(line) && !isMissed(line))
      .map((line) => `a fault: ${JSON.stringify(line)}`),
    ...[...slotsOf(lines).values()].flatMap((own) => faultsOfSlot(own, lines[0]?.id === 1)),
  ];
}

export function faultsOfIds(lines: readonly HistoryLine[]): string[] {
  return lines.flatMap((line, n) => {
    const expected = (lines[n - 1]?.id ?? line.id - 1) + 1;
    return line.id === expected ? [] : [`after id ${expected - 1} the history goes on with ${line.id} (${line.type})`];
  });
}

/** All runs that the history knows of. */
export function recordedIn(lines: readonly HistoryLine[]): Recorded[] {
  const runs: Recorded[] = [];
  // A run's number goes on over crashes; only where all was lost does it begin anew, with another instance.
  const open = new Map<unknown, Recorded>();
  /** A stop may overtake a start: then it is told before that. */
  const overtaken = new Map<unknown, HistoryLine>();
  for (const line of lines) {
    const run = open.get(line["run"]);
    if (line.type === "started") {
      const stopping = overtaken.get(line["run"]) ?? null;
      const recorded = { mark: String(line["mark"]), started: line, ready: null, exited: null, stopping };
      overtaken.delete(line["run"]);
      runs.push(recorded);
      open.set(line["run"], recorded);
    } else if (line.type === "ready" && run?.exited === null) {
      run.ready = line;
    } else if (line.type === "stopping" && line.cause !== "leftover") {
      if (run === undefined || run.exited !== null) overtaken.set(line["run"], line);
      else run.stopping ??= line;
    } else if (line.type === "exited" && run?.exited === null) {
      run.exited = line;
    }
  }
  return runs;
}

/** The records of each slot, and among them those about its entry or all of Sentry. */
export function slotsOf(lines: readonly HistoryLine[]): Map<string, HistoryLine[]> {
  const slots = new Map<string, HistoryLine[]>();
  for (const { entry, slot } of lines) {
    if (entry !== null && slot !== null) slots.set(`${entry}:${slot}`, []);
  }
  for (const [name, own] of slots) {
    const entry = name.slice(0, name.lastIndexOf(":"));
    own.push(...lines.filter((line) => [name, `${entry}:null`, "null:null"].includes(`${line.entry}:${line.slot}`)));
  }
  return slots;
}

/** @param whole the history is there from its beginning */
function faultsOfSlot(lines: readonly HistoryLine[], whole: boolean): string[] {
  const faults: string[] = [];
  let living: HistoryLine | null = null;
  let ready: HistoryLine | null = null;
  let starts = whole ? 0 : null;
  // A slot that was scaled away and comes back may be taken for a new one.
  let anew = false;
  for (const line of lines) {
    const told = `${line.entry}:${line.slot}, id ${line.id}:`;
    if (line.type === "removed" || line.type === "scaled" || line.type === "stopped") anew = true;
    if (line.type === "started") {
      if (living !== null) faults.push(`${told} started while ${nameOf(living)} (id ${living.id}) has not exited`);
      const restarts = Number(line["restarts"]);
      if (starts !== null && restarts !== starts && !(anew && restarts === 0)) {
        faults.push(`${told} ${restarts} restarts, and it should be ${starts}`);
      }
      starts = restarts + 1;
      anew = false;
      living = line;
      ready = null;
    }
    if (line.type === "ready") {
      if (ready !== null || living?.["run"] !== line["run"]) faults.push(`${told} ${nameOf(line)} is ready, and it cannot be`);
      ready = line;
    }
    if (line.type === "exited") {
      if (living === null) faults.push(`${told} exited, and none was started`);
      else if (living["run"] !== line["run"]) {
        faults.push(`${told} ${nameOf(line)} exited, and what was started is ${nameOf(living)}`);
      }
      living = null;
    }
  }
  if (living !== null) faults.push(`${living.entry}:${living.slot}: ${nameOf(living)} (id ${living.id}) never exited`);
  return faults;
}

/** A daemon that could not be followed. Whether it could have been, the lives say. */
export function isAstray({ type, step }: HistoryLine): boolean {
  return type === "fault" && step === "follow";
}

/** A start that a stop has overtaken. */
function isCalledOff({ errno, cause }: HistoryLine): boolean {
  return errno === "ECANCELED" && cause !== null;
}

/** It was due while its last run had not ended, or while there was no Sentry. */
function isMissed({ step, cause }: HistoryLine): boolean {
  return step === "schedule" && cause === "schedule";
}

export function nameOf({ run, pid }: HistoryLine): string {
  return `run ${String(run)} with pid ${pid}`;
}
