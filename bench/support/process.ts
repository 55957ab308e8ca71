/** What /proc says of a process that must not grow. */
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

/** Of all its threads: a child is its parent thread's. */
function childrenOf(pid: number): string[] {
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
