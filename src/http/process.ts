/** A slot as the interface shows it. */
import { startedOf } from "../core/state.ts";
import type { LastExit, Phase, Slot } from "../core/state.ts";
import { slotId, statusOf } from "../core/types.ts";
import type { Cause, ExitStatus, Micros, Millis, SlotId, Stamp } from "../core/types.ts";
import { toMicrosecond } from "../engine/line.ts";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ProcessShown {
  readonly id: SlotId;
  readonly entry: string;
  readonly slot: number;
  readonly pid: number | null;
  readonly state: Phase["kind"];
  readonly ready: boolean;
  readonly command: string;
  readonly args: readonly string[];
  readonly startedAt: string | null;
  readonly uptimeMs: Millis | null;
  readonly restarts: number;
  readonly nextStartAt: string | null;
  /** Not measured in this version. */
  readonly cpuPercent: null;
  readonly memoryBytes: null;
  readonly lastExit: ExitShown | null;
}

export interface ExitShown {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  readonly oomKilled: boolean;
  readonly status: ExitStatus;
  readonly cause: Cause;
  readonly at: string;
  readonly ranMs: Millis;
  readonly maxRssBytes: number | null;
  readonly userMs: Millis;
  readonly systemMs: Millis;
}

export function show(slot: Slot, program: Program, now: Stamp): ProcessShown {
  const { phase } = slot;
  const started = startedOf(phase);
  return {
    id: slotId(slot.entry, slot.number), entry: slot.entry, slot: slot.number, pid: started?.pid ?? null,
    state: phase.kind, ready: phase.kind === "running", command: program.command, args: program.args,
    startedAt: started === null ? null : toMillisecond(started.at.wall),
    uptimeMs: started === null ? null : Math.max(0, Math.round(now.mono - started.at.mono)),
    restarts: Math.max(0, slot.starts - 1),
    // The deadline is monotonic; shown as what the wall clock will say then, if nobody sets it meanwhile.
    nextStartAt: phase.kind === "waiting" ? toMillisecond(now.wall + (phase.restart.at - now.mono) * 1000) : null,
    cpuPercent: null, memoryBytes: null,
    lastExit: slot.lastExit === null ? null : showExit(slot.lastExit),
  };
}

function showExit({ exit, cause, ran }: LastExit): ExitShown {
  const { pid, code, signal, coreDumped, maxRssBytes } = exit;
  return {
    pid, code, signal, coreDumped, oomKilled: false, status: statusOf(exit), cause, at: toMicrosecond(exit.at.wall),
    ranMs: Math.round(ran), maxRssBytes, userMs: Math.round(exit.userMs), systemMs: Math.round(exit.systemMs),
  };
}

/** `2026-11-22T06:35:00.123Z` */
function toMillisecond(wall: Micros): string {
  return new Date(wall / 1000).toISOString();
}
