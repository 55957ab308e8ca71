/**
 * The truth of the table: what a case has really started. Each case, its Sentry and all that comes of it, is in a cgroup
 * that the test has made: nothing gets out of that by itself, and Sentry is not asked. What Sentry makes is below it; where
 * it is to have no cgroups, it does not see the hierarchy.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { until } from "../support/until.ts";

export interface Process {
  readonly pid: number;
  /** Its words, or what it has written in their place. */
  readonly command: string;
  /** As `ps` shows it. */
  readonly name: string;
  /** /proc/PID/status */
  readonly status: string;
}

/** Where a cgroup v2 hierarchy is mounted, and what of it is seen there. proc_pid_mountinfo(5) */
export function hierarchies(): { point: string; root: string }[] {
  return readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter((line) => line.includes(" - cgroup2 "))
    .map((line) => line.split(" ")).map(([, , , root = "", point = ""]) => ({ root, point }));
}

export class Pen {
  readonly #folder: string;

  constructor(name: string) {
    const [hierarchy] = hierarchies();
    const [, own] = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8")) ?? [];
    if (hierarchy === undefined || own === undefined) {
      throw new Error("there is no cgroup v2 hierarchy, and nothing else that knows what is really there");
    }
    this.#folder = join(hierarchy.point, relative(hierarchy.root, own), name);
    mkdirSync(this.#folder);
  }

  put(pid: number): void {
    writeFileSync(join(this.#folder, "cgroup.procs"), String(pid));
  }

  /** All that live in it. */
  processes(): Process[] {
    return foldersFrom(this.#folder).flatMap((folder) => read(join(folder, "cgroup.procs")).split("\n")).flatMap((pid) => {
      const status = pid === "" ? "" : read(`/proc/${pid}/status`);
      if (status === "" || /^State:\s+[ZX]/m.test(status)) return [];
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      return [{ pid: Number(pid), command, name: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? "", status }];
    });
  }

  /** Ends those that are not to be spared, and waits until they are gone. */
  async clear(isSpared: (process: Process) => boolean = () => false): Promise<void> {
    await until("the pen is cleared", () => {
      const left = this.processes().filter((process) => !isSpared(process));
      for (const { pid } of left) tryKill(pid);
      return left.length === 0;
    });
  }

  async remove(): Promise<void> {
    await this.clear();
    // A zombie keeps its cgroup until somebody has reaped it.
    await until("the cgroup is removed", () => {
      try {
        for (const folder of foldersFrom(this.#folder).reverse()) rmdirSync(folder);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
        throw error;
      }
    });
  }
}

/** That one and all below it, each before what is in it. */
function foldersFrom(top: string): string[] {
  const folders = [top];
  for (const folder of folders) {
    try {
      const items = readdirSync(folder, { withFileTypes: true });
      folders.push(...items.filter((item) => item.isDirectory()).map(({ name }) => join(folder, name)));
    } catch {
      // gone meanwhile
    }
  }
  return folders;
}

/** Empty where it is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
