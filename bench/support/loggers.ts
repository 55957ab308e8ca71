/**
 * Programs that write down what others print: Sentry, and its peers, of which each is a process for each program that prints.
 * The peers read from a FIFO, which has the room of any pipe, and have both of its ends: so none of them sees the end of it.
 */
import { execFile, execFileSync, spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { cli, startSentry, stopSentry, writeEntries } from "./programs.ts";

/** Sentry's own, where it is told none. */
const BOUNDS = { size: 10 * 1024 * 1024, keep: 5 };

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface Logger {
  /** Whether older lines are removed as newer ones come. */
  readonly bounded: boolean;
  /** Has so many processes of a program print into the folder. */
  start(argv: readonly string[], count: number, folder: string): Promise<Logging>;
}

export interface Logging {
  /** Of what writes it down. */
  readonly pids: readonly number[];
  /** One for each that prints; of several the one that is written to. */
  readonly files: readonly string[];
  stop(): Promise<void>;
}

/** @param followed by a `sentry logs -f` */
export function sentry(format: "raw" | "prefixed" | "json", { bounded = false, followed = false } = {}): Logger {
  const log = { file: "{slot}.log", format, ...(bounded ? {} : { maxSize: "2G" }) };
  return {
    bounded,
    async start([command = "", ...args], count, folder): Promise<Logging> {
      const config = writeEntries(join(folder, "printing.ts"), [["prints", command, args, { count, log }]], { http: false });
      const sentry = startSentry(config, "pipe");
      await startedBy(sentry, count);
      const words = [cli, "logs", "-f", "-c", config];
      const follower = followed ? begin(process.execPath, words, ["ignore", "ignore", "inherit"]) : null;
      return {
        pids: [sentry.pid ?? 0], files: Array.from({ length: count }, (_, slot) => join(folder, `${slot}.log`)),
        async stop(): Promise<void> {
          if (follower !== null && follower.exitCode !== null) throw new Error(`sentry logs -f exited with ${follower.exitCode}`);
          await stopSentry(sentry);
          await killed(follower === null ? [] : [follower]);
        },
      };
    },
  };
}

/** Those that are on this machine, and the names of those that are not. */
export function installed(): { loggers: Record<string, Logger>; missing: string[] } {
  const all: Record<string, Logger> = { "s6-log": s6Log(false), svlogd: svlogd(false), multilog, pm2 };
  return { loggers: thoseHere(all), missing: Object.keys(all).filter((name) => !isHere(name)) };
}

/** With the bounds that Sentry has where it is told none. */
export function installedBounded(): Record<string, Logger> {
  return thoseHere({ "s6-log": s6Log(true), svlogd: svlogd(true), multilog });
}

/** @param program peers/read-write.c */
export function readWrite(program: string): Logger {
  return readerOf((file) => [program, file]);
}

export const cat = readerOf((file) => ["sh", "-c", 'exec cat > "$0"', file]);

/** 256 MiB, less one byte, is the most that it takes. */
function s6Log(bounded: boolean): Logger {
  const words = bounded ? [`n${BOUNDS.keep}`, `s${BOUNDS.size}`] : ["s268435455"];
  return readerOf((folder) => ["s6-log", ...words, folder], "current", bounded);
}

/** By itself it reads 1024 bytes at a time. 0: a file of any size. */
function svlogd(bounded: boolean): Logger {
  return readerOf((folder) => {
    mkdirSync(folder);
    writeFileSync(join(folder, "config"), bounded ? `s${BOUNDS.size}\nn${BOUNDS.keep}\n` : "s0\n");
    return ["svlogd", "-b", "65536", folder];
  }, "current", bounded);
}

/** It knows no file without bounds, and none over 16 MiB. */
const multilog = readerOf((folder) => ["multilog", `n${BOUNDS.keep}`, `s${BOUNDS.size}`, folder], "current", true);

/** The lines pass through the daemon that has started them all. */
const pm2: Logger = {
  bounded: false,
  async start([command = "", ...args], count, folder): Promise<Logging> {
    const env = { ...process.env, PM2_HOME: join(folder, "pm2") };
    const run = (...words: string[]) => promisify(execFile)("pm2", words, { env });
    const files = Array.from({ length: count }, (_, n) => join(folder, `${n}.log`));
    for (const [n, file] of files.entries()) {
      await run("start", command, "--name", String(n), "--interpreter", "none", "--no-autorestart",
        "--output", file, "--error", "/dev/null", "--merge-logs", "--", ...args);
    }
    return {
      pids: [Number(readFileSync(join(folder, "pm2/pm2.pid"), "utf8"))], files,
      async stop(): Promise<void> { await run("kill"); },
    };
  },
};

/**
 * @param words to start one that reads its stdin, and writes to a file, or into a folder, of that name
 * @param file below that name
 */
function readerOf(words: (name: string) => string[], file = "", bounded = false): Logger {
  return {
    bounded,
    async start([command = "", ...args], count, folder): Promise<Logging> {
      const names = Array.from({ length: count }, (_, n) => join(folder, String(n)));
      const pairs = names.map((name) => {
        const pipe = `${name}.pipe`;
        execFileSync("mkfifo", [pipe]);
        // Opened twice: some make their stdin non-blocking, and that goes for all who share its opening.
        const [ours, theirs] = [openSync(pipe, "r+"), openSync(pipe, "w")];
        const [program = "", ...rest] = words(name);
        const reader = begin(program, rest, [ours, "ignore", "inherit"]);
        const printing = begin(command, args, ["ignore", theirs, "inherit"]);
        closeSync(ours);
        closeSync(theirs);
        return { reader, printing };
      });
      return {
        pids: pairs.map(({ reader }) => reader.pid ?? 0), files: names.map((name) => join(name, file)),
        stop: () => killed(pairs.flatMap(({ reader, printing }) => [reader, printing])),
      };
    },
  };
}

/** Until that many processes have been started. */
async function startedBy(sentry: ChildProcess, count: number): Promise<void> {
  let seen = "";
  await new Promise<void>((resolve) => {
    sentry.stdout?.on("data", (text) => {
      seen += String(text);
      if (seen.split("Started at").length > count) resolve();
    });
  });
}

/** It does not outlive this process, however that ends: a reader would wait for ever. */
function begin(program: string, words: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(program, words, { stdio });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function killed(processes: readonly ChildProcess[]): Promise<void> {
  await Promise.all(processes.filter((child) => running.has(child)).map((child) => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    return ended;
  }));
}

function thoseHere(loggers: Record<string, Logger>): Record<string, Logger> {
  return Object.fromEntries(Object.entries(loggers).filter(([name]) => isHere(name)));
}

function isHere(program: string): boolean {
  try {
    execFileSync("sh", ["-c", 'command -v "$0"', program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
