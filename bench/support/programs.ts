/** The programs that take part: Sentry, its peers, and what they are to start. */
import { execFile, execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { packageFolder } from "../../src/native/load.ts";

const root = packageFolder();

export const cli = join(root, "dist/cli.cjs");

/** A folder that is gone when the process ends, and be it by a signal: then what it has started is ended as well. */
export function scratchFolder(): string {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  const folder = mkdtempSync(join(tmpdir(), "sentry-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param source below bench/ */
export function compileC(source: string, folder: string): string {
  const program = join(folder, basename(source, ".c"));
  execFileSync("cc", ["-O2", "-o", program, join(root, "bench", source)]);
  return program;
}

/** @returns the path of a configuration with one entry, named after its program */
export function writeConfig(folder: string, argv: readonly string[], delay: number | string, count: number): string {
  const [command = "", ...args] = argv;
  return writeEntries(join(folder, "one.ts"), [[basename(command), command, args, delay, count]]);
}

/** @param entries the arguments of each one's `entry()`, as far as JSON has words for them */
export function writeEntries(path: string, entries: readonly (readonly unknown[])[], options: object = {}): string {
  const calls = entries.map((args) => `  entry(${args.map((arg) => JSON.stringify(arg)).join(", ")}),\n`).join("");
  writeFileSync(path, `import { entry, sentry } from "sentryd";\nexport default sentry([\n${calls}], ${JSON.stringify(options)});\n`);
  return path;
}

/** `sentry start`, in the foreground; the transcript goes to `stdout`. It never outlives this process, nor fails unseen. */
export function startSentry(config: string, stdout: "pipe" | "ignore" | number): ChildProcess {
  const sentry = spawn(process.execPath, [cli, "start", config], { stdio: ["ignore", stdout, "inherit"] });
  const end = () => sentry.kill("SIGTERM");
  process.once("exit", end);
  sentry.once("exit", (code) => {
    process.off("exit", end);
    if (code !== 0) throw new Error(`Sentry exited with ${code}`);
  });
  return sentry;
}

/** An orderly stop. */
export async function stopSentry(sentry: ChildProcess): Promise<void> {
  const ended = once(sentry, "exit");
  sentry.kill("SIGTERM");
  await ended;
}

/** One of bench/peers, with what is to be started: how many in all, and how many at a time. */
export interface Peer {
  readonly command: readonly string[];
}

/** What a peer tells, in milliseconds of CLOCK_MONOTONIC. */
export interface Told {
  readonly began: number;
  readonly exits: readonly { readonly seen: number; readonly kernel: number | null }[];
}

export function peers(folder: string): Record<"addon" | "child_process" | "loop", Peer> {
  return {
    addon: { command: [process.execPath, join(root, "out/bench/peers/addon.js")] },
    child_process: { command: [process.execPath, join(root, "bench/peers/child-process.mjs")] },
    loop: { command: [compileC("peers/loop.c", folder)] },
  };
}

/** @param descriptors that the peer has open besides its own */
export async function ask(
  { command: [program = "", ...args] }: Peer, count: number, inFlight: number, descriptors: number, argv: readonly string[],
): Promise<Told> {
  const words = [...args, ...[count, inFlight, descriptors].map(String), ...argv];
  const { stdout } = await promisify(execFile)(program, words, { maxBuffer: Infinity });
  const [[began = NaN] = [], ...exits] = numberLines(stdout);
  return { began, exits: exits.map(([seen = NaN, kernel = null]) => ({ seen, kernel })) };
}

/** Lines of nanoseconds, as milliseconds: precise to a fraction of a microsecond for as long as a machine runs. */
export function numberLines(text: string): number[][] {
  return text.trimEnd().split("\n").map((line) => line.trim().split(" ").map((word) => Number(word) / 1e6));
}
