/**
 * The times of one schedule, by croner: loaded late, and only where an entry has one.
 *
 * They are times of a wall clock, on which some hours do not exist and others come twice. A schedule whose seconds,
 * minutes and hours are one number each means a time of the day, and runs once on each of them: a time that does not exist
 * (Berlin, 2026-03-29, 02:30) runs when the clock has jumped over it, at 03:00; one that comes twice (2026-10-25, 02:30)
 * runs the first time. Every other schedule means an interval: what does not exist is left out, and what comes twice runs
 * twice, so that `0 * * * *` runs once in each hour that passes.
 */
import { Cron } from "croner";

import type { Micros } from "../core/types.ts";
import type { Times } from "./schedules.ts";

const A_MILLISECOND: Micros = 1000;

/**
 * @param cron five fields, or six, the first of which are seconds; or a name like `@daily`
 * @param timezone IANA; null: the machine's
 * @throws where it cannot be understood, or the time zone is not known
 */
export function timesOf(cron: string, timezone: string | null): Times {
  const times = new Cron(cron, { mode: "5-or-6-parts", paused: true, ...(timezone === null ? {} : { timezone }) });
  return {
    after: (time) => wallOf(times.nextRun(dateOf(time))),
    upTo: (time) => wallOf(times.previousRuns(1, dateOf(time + A_MILLISECOND))[0] ?? null), // croner's are before it
  };
}

function dateOf(wall: Micros): Date {
  return new Date(Math.floor(wall / 1000));
}

function wallOf(date: Date | null): Micros | null {
  return date === null ? null : date.getTime() * 1000;
}
