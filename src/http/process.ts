/** A slot as the interface shows it. */
import type { Entry, LastExit, Phase, Said, Slot, State } from "../core/state.ts";
import { slotId, statusOf } from "../core/types.ts";
import type { Micros, Millis, Stamp } from "../core/types.ts";
import { toMicrosecond } from "../engine/line.ts";
import { blockedIn } from "./blocked.ts";
import type { BlockedBy } from "./blocked.ts";
import { livingIn } from "./living.ts";
import type { ExitShown, ProcessShown, SaidShown } from "./schema.ts";
import { STATE_OF } from "./state-of.ts";
import type { Used } from "./usage.ts";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

export function show(
  slot: Slot, state: Readonly<State>, program: Program, used: Used | undefined, now: Stamp, blockedBy: BlockedBy = blockedIn(state),
): ProcessShown {
  const { phase } = slot;
  const entry = state.entries.get(slot.entry);
  const started = livingIn(phase);
  return {
    id: slotId(slot.entry, slot.number), entry: slot.entry, slot: slot.number, pid: started?.pid ?? null,
    state: STATE_OF[phase.kind], ready: phase.kind === "running", command: program.command, args: [...program.args],
    startedAt: started === null ? null : toMillisecond(started.at.wall),
    uptimeMs: uptimeOf(phase, now),
    restarts: Math.max(0, slot.starts - 1),
    nextStartAt: nextStart(phase, entry, now),
    cpuPercent: used?.cpuPercent ?? null, memoryBytes: used?.memoryBytes ?? null,
    lastExit: slot.lastExit === null ? null : showExit(slot.lastExit),
    ...phase.kind === "blocked" ? { blockedBy: blockedBy(slot.entry) } : {},
    ...phase.kind === "readying" && phase.finding !== null ? { notReady: phase.finding } : {},
    ...entry !== undefined && entry.law.schedule !== null ? { missedRuns: entry.missed } : {},
    ..."said" in phase && phase.said !== null ? showSaid(phase.said) : {},
  };
}

export function uptimeOf(phase: Phase, now: Stamp): Millis | null {
  const started = livingIn(phase);
  return started === null ? null : Math.max(0, Math.round(now.mono - started.at.mono));
}

/**
 * A restart's moment is monotonic; shown as what the wall clock will say then, if nobody sets it meanwhile. As long as
 * something is still to end, nobody knows when the next start is due.
 */
function nextStart(phase: Phase, entry: Entry | undefined, now: Stamp): string | null {
  if (phase.kind === "waiting") return toMillisecond(now.wall + (phase.restart.at - now.mono) * 1000);
  const due = phase.kind === "scheduled" ? entry?.due ?? null : null;
  return due === null ? null : toMillisecond(due);
}

/** Nothing, where it has said nothing. */
function showSaid({ status, doing, errno }: Said): { notify?: SaidShown } {
  return status === null && doing === null && errno === null ? {} : { notify: { status, doing, errno } };
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
