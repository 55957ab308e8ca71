/** What a look at /proc finds: the living processes of an experiment, and the keepers that hold something for them. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Found {
  /** As this process sees it: in a pid namespace its own number is another. */
  readonly pid: number;
  readonly mark: string;
  readonly entry: string;
  readonly slot: number;
}

/** @param folder where the books are, which is the first argument of each process that counts */
export function sweep(folder: string): Found[] {
  return processes().flatMap((pid) => {
    if (textOf(pid, "cmdline").split("\0")[1] !== folder) return [];
    const env = new Map(textOf(pid, "environ").split("\0").map((one) => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)] as const;
    }));
    const [mark, entry, slot] = [env.get("SENTRY_RUN"), env.get("SENTRY_ENTRY"), env.get("SENTRY_SLOT")];
    return mark === undefined || entry === undefined ? [] : [{ pid, mark, entry, slot: Number(slot) }];
  });
}

/** The keepers that hold a pipe which one of these processes prints into, or that one of them has started. */
export function keepersOf(pids: readonly number[]): number[] {
  const pipes = new Set(pids.flatMap((pid) => pipesOf(pid)));
  const parents = new Set(pids);
  return processes().filter((pid) => textOf(pid, "comm") === "sentry-keeper\n"
    && (parents.has(parentOf(pid)) || pipesOf(pid).some((pipe) => pipes.has(pipe))));
}

export function childrenOf(pid: number): number[] {
  return textOf(pid, `task/${pid}/children`).trim().split(" ").filter((word) => word !== "").map(Number);
}

/** Field 22 of /proc/PID/stat, which makes a pid mean one process; null: it is gone, or is waited for and no more. */
export function startOf(pid: number): string | null {
  const fields = textOf(pid, "stat").replace(/^.*\) /s, "").split(" ");
  return fields.length < 20 || fields[0] === "Z" || fields[0] === "X" ? null : fields[19] ?? null;
}

export function isAlive(pid: number): boolean {
  return startOf(pid) !== null;
}

/** A signal for a process that may have ended just before. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function parentOf(pid: number): number {
  return Number(textOf(pid, "stat").replace(/^.*\) /s, "").split(" ")[1]);
}

function processes(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

function pipesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ""; // closed meanwhile
      }
    }).filter((link) => link.startsWith("pipe:"));
  } catch {
    return [];
  }
}
