/** What /proc says of a process: what must not grow, and what it has cost. */
import { readdirSync, readFileSync } from "node:fs";

export interface Size {
  readonly descriptors: number;
  readonly threads: number;
  readonly zombies: number;
  /** Resident, in KiB. */
  readonly memory: number;
}

export function sizeOf(pid: number): Size {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length, threads: value("Threads"),
    zombies: childrenOf(pid).filter((child) => stateOf(child) === "Z").length, memory: value("VmRSS"),
  };
}

/** Seconds of CPU of each thread. To the nanosecond: proc_pid_stat(5) has them in ticks of 10 ms. */
export function cpuOf(pid: number): ReadonlyMap<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(threads.map((thread) => [thread, Number.parseInt(read(`/proc/${pid}/task/${thread}/schedstat`), 10) / 1e9]));
}

/** What is shared with others in parts, in KiB. proc_pid_smaps(5) */
export function proportionOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

/** Bytes, by write(2) and its like. proc_pid_io(5) */
export function writtenBy(pid: string): number {
  return Number(/^wchar:\s+(\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);
}

/** Of all its threads: a child is its parent thread's. */
export function childrenOf(pid: number): string[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean));
}

/** proc_pid_stat(5): the letter behind the name, which may itself have brackets and blanks in it. */
function stateOf(pid: string): string | undefined {
  return /.*\) (\S)/s.exec(read(`/proc/${pid}/stat`))?.[1];
}

/** Nothing, where it has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
