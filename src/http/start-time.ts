/** When a process was started, by what the kernel says of it. */
import { readFileSync } from "node:fs";

/** The kernel's USER_HZ, in which field 22 of /proc/PID/stat counts: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * In seconds since the epoch, to about a second: when the machine was booted (proc_stat(5)), and how long after that.
 * @param ticks field 22 of /proc/PID/stat (proc_pid_stat(5))
 */
export function startTimeOf(ticks: number): number {
  const [, booted] = /^btime (\d+)/m.exec(readFileSync("/proc/stat", "utf8")) ?? [];
  return Number(booted) + ticks / TICKS_PER_SECOND;
}
