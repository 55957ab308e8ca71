/** A slot as the interface shows it. */
import type { LastExit, Phase, Slot } from "../core/state.ts";
import { slotId, statusOf } from "../core/types.ts";
import type { Micros, Stamp } from "../core/types.ts";
import { toMicrosecond } from "../engine/line.ts";
import { livingIn } from "./living.ts";
import type { ExitShown, ProcessShown } from "./schema.ts";
import type { Used } from "./usage.ts";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** The contract has fewer words than the law has phases: what is followed is still starting, what is cleared still stopping. */
export const STATE_OF: Readonly<Record<Phase["kind"], ProcessShown["state"]>> = {
  stopped: "stopped", finished: "finished", failed: "failed", starting: "starting", following: "starting", settling: "starting",
  running: "running", stopping: "stopping", clearing: "stopping", waiting: "waiting",
};

export function show(slot: Slot, program: Program, used: Used | undefined, now: Stamp): ProcessShown {
  const { phase } = slot;
  const started = livingIn(phase);
  return {
    id: slotId(slot.entry, slot.number), entry: slot.entry, slot: slot.number, pid: started?.pid ?? null,
    state: STATE_OF[phase.kind], ready: phase.kind === "running", command: program.command, args: [...program.args],
    startedAt: started === null ? null : toMillisecond(started.at.wall),
    uptimeMs: started === null ? null : Math.max(0, Math.round(now.mono - started.at.mono)),
    restarts: Math.max(0, slot.starts - 1),
    // The deadline is monotonic; shown as what the wall clock will say then, if nobody sets it meanwhile. As long as something
    // is still to end, nobody knows when the next start is due.
    nextStartAt: phase.kind === "waiting" ? toMillisecond(now.wall + (phase.restart.at - now.mono) * 1000) : null,
    cpuPercent: used?.cpuPercent ?? null, memoryBytes: used?.memoryBytes ?? null,
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
