/**
 * What Sentry itself costs, by the names that all clients of Prometheus give it. It is looked at only when somebody asks:
 * an idle Sentry has no timer for it.
 */
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

import { counter, gauge, of, single } from "./exposition.ts";
import type { Metric } from "./exposition.ts";
import { startTimeOf } from "./start-time.ts";

export async function ownMetrics(version: string): Promise<Metric[]> {
  const lag = await turnOfTheLoop();
  const mostDescriptors = await limitOfDescriptors();
  const descriptors = await openDescriptors();
  const { user, system } = process.cpuUsage();
  return [
    gauge("sentry_build_info", "1. The label says which version runs.", [of({ version }, 1)]),
    gauge("sentry_loop_lag_seconds", "How long one turn of the event loop took, during this very request.", single(lag / 1000)),
    counter("sentry_loop_busy_seconds_total", "Time in which the event loop did not wait for something to happen.",
      single(performance.eventLoopUtilization().active / 1000)),
    counter("process_cpu_seconds_total", "CPU time of Sentry itself.", single((user + system) / 1e6)),
    gauge("process_resident_memory_bytes", "Resident memory of Sentry itself.", single(process.memoryUsage.rss())),
    gauge("process_start_time_seconds", "When Sentry's process was started, since the epoch. A reload does not change it.", single(startTime())),
    gauge("process_open_fds", "How many descriptors Sentry has open.", single(descriptors)),
    gauge("process_max_fds", "How many descriptors Sentry may have open.", single(mostDescriptors)),
  ];
}

function turnOfTheLoop(): Promise<number> {
  const begin = performance.now();
  return new Promise((resolve) => { setImmediate(() => resolve(performance.now() - begin)); });
}

/** Without the one that it takes to look. */
async function openDescriptors(): Promise<number> {
  return (await readdir("/proc/self/fd")).length - 1;
}

/** proc_pid_limits(5): the soft one. */
async function limitOfDescriptors(): Promise<number> {
  const [, soft] = /^Max open files +(\S+)/m.exec(await readFile("/proc/self/limits", "utf8")) ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}

let started: number | null = null;

/** An exec leaves it as it is. */
function startTime(): number {
  if (started !== null) return started;
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The name of the program is in brackets, and may have brackets and spaces in it: fields count from behind it, from 3.
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[22 - 3];
  return started = startTimeOf(Number(ticks));
}
