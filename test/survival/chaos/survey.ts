/** What a Sentry shows just after it has taken over, held against what /proc shows, and what was shown before. */
import { readdirSync } from "node:fs";

import type { Found } from "./found.ts";

/** As much of an answer of GET /processes as is looked at. */
export interface Shown {
  readonly id: string;
  readonly pid: number | null;
  readonly state: string;
  readonly startedAt: string | null;
  readonly nextStartAt: string | null;
  readonly restarts: number;
  readonly lastExit: { readonly pid: number } | null;
  /** Of a scheduled entry alone. */
  readonly missedRuns?: number;
}

export interface Survey {
  /** What lived before it was started, and after it was asked. */
  readonly before: readonly Found[];
  readonly after: readonly Found[];
  readonly shown: readonly Shown[];
  /** The folder with the children's books, whose names have their own pids. */
  readonly books: string;
}

/** A moment is shown on the wall clock, which is set now and then, and reckoned on another one. */
const CLOCKS_DIFFER = 20;

/** Each process that lived all the while is shown in its slot, and no slot has two. */
export function compare({ before, after, shown, books }: Survey): string[] {
  const faults: string[] = [];
  const slots = new Map<string, Found>();
  const stayed = new Set(before.map(({ mark }) => mark));
  const pids = new Map(readdirSync(books).map((name) => [name.split(" ")[1] ?? "", Number(name.split(" ")[2])]));
  for (const found of after) {
    const id = `${found.entry}:${found.slot}`;
    const other = slots.get(id);
    // Of one life there may be several, until a daemon has forked itself away.
    if (other !== undefined && other.mark !== found.mark) faults.push(`${id} has two processes: ${other.mark} and ${found.mark}`);
    slots.set(id, found);
    if (!stayed.has(found.mark)) continue;
    const pid = pids.get(found.mark) ?? found.pid;
    const own = shown.find((one) => one.pid === pid) ?? shown.find((one) => one.id === id && one.state === "starting");
    if (own?.id === id) continue;
    faults.push(`${found.mark} lives in ${id} as pid ${pid}, and is shown ${own === undefined ? "nowhere" : `as ${own.id}`}`);
  }
  return faults;
}

/** What must be the same for the same process, and for the same wait, before and after a crash or a reload. */
export function changes(before: readonly Shown[], after: readonly Shown[]): string[] {
  return after.flatMap((one) => {
    const was = before.find(({ id }) => id === one.id);
    // As long as a daemon is followed on, its pid is not recorded, and neither is since when it is there.
    if (was === undefined || was.state === "starting") return [];
    if (was.pid !== null && was.pid === one.pid) {
      const own = `${one.id}, pid ${one.pid},`;
      return [
        ...(was.startedAt === one.startedAt ? [] : [`${own} was started at ${was.startedAt}, and now at ${one.startedAt}`]),
        ...(was.restarts === one.restarts ? [] : [`${own} had ${was.restarts} restarts, and now ${one.restarts}`]),
      ];
    }
    // Its time may have come meanwhile; and whatever it missed is not forgotten.
    if (one.missedRuns !== undefined) {
      return one.missedRuns >= (was.missedRuns ?? 0) ? [] : [`${one.id} had missed ${was.missedRuns} runs, and now ${one.missedRuns}`];
    }
    if (was.nextStartAt === null || one.nextStartAt === null || was.lastExit?.pid !== one.lastExit?.pid) return [];
    const by = Date.parse(one.nextStartAt) - Date.parse(was.nextStartAt);
    return Math.abs(by) <= CLOCKS_DIFFER ? [] : [`${one.id} waited until ${was.nextStartAt}, and now ${by} ms longer`];
  });
}
