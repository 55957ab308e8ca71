/**
 * How fast does what a process prints come to stand in a file, and what does that cost whoever writes it down? A program
 * prints 1,000,000 lines of 100 bytes, each by its own write(2) or in blocks of 64 KiB; ten of them share as many between
 * them. In turn into Sentry's files, into what a C loop of read(2) and write(2) writes, `cat > file`, and the loggers that are
 * installed here.
 *
 * The time is from the first byte to the last one in the file; its CPU time is that of what writes it down, with all its
 * threads, and not that of the program that prints. Rates are in MB of what was printed: labels and JSON come on top of them.
 *
 *   node out/bench/output.js [lines] [rounds]
 */
import { execFileSync } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { inTurn, median } from "./support/figures.ts";
import { cat, installed, installedBounded, readWrite, sentry } from "./support/loggers.ts";
import type { Logger } from "./support/loggers.ts";
import { BLOCK, FILL, LENGTH } from "./support/printing.ts";
import { cpuOf } from "./support/process.ts";
import { compileC, scratchFolder } from "./support/programs.ts";

/** Milliseconds in which a program that has been started comes to rest: what is measured is not the time. */
const REST = 1000;
const BETWEEN_LOOKS = 5;
/** Milliseconds after which a line is not going to come any more. */
const TOO_LONG = 120_000;

interface Measured {
  /** MB a second. */
  readonly rate: number;
  /** Seconds. */
  readonly cpu: number;
  /** What part of that its busiest thread had. */
  readonly busiest: number;
  /** How many there were in the end, of all its processes. */
  readonly threads: number;
}

const [lines = 1_000_000, rounds = 5] = process.argv.slice(2).map(Number);
const folder = scratchFolder();
const program = compileC("fixtures/prints.c", folder);
const loop = readWrite(compileC("peers/read-write.c", folder));
const { loggers, missing } = installed();
if (missing.length > 0) console.log(`output: not on this machine: ${missing.join(", ")}`);

const all = { raw: sentry("raw"), prefixed: sentry("prefixed"), json: sentry("json"), "C loop": loop, cat, ...loggers };
await compare("each line by its own write", LENGTH, 1, all);
await compare("in blocks of 64 KiB", BLOCK, 1, all);
await compare("each line by its own write, the newest 60 MiB kept", LENGTH, 1, { raw: sentry("raw", { bounded: true }), ...installedBounded() });
for (const count of [1, 10]) {
  const raw = await compare(`${count} printing, each line by its own write`, LENGTH, count, {
    raw: sentry("raw"), "with sentry logs -f": sentry("raw", { followed: true }), "C loop": loop,
  });
  console.log(`output: with ${count} printing, Sentry has ${median(raw.map(({ threads }) => threads))} threads, and one of them `
    + `${(median(raw.map(({ busiest }) => busiest)) * 100).toFixed(0)} % of its CPU time`);
}

/** @returns what was measured of the first of them, to which the others are compared */
async function compare(what: string, block: number, count: number, those: Readonly<Record<string, Logger>>): Promise<Measured[]> {
  const asked = Object.entries(those).map(([name, logger]) => [name, () => measure(logger, block, count)] as const);
  const [[name, ours] = ["", []], ...others] = Object.entries(await inTurn(rounds, Object.fromEntries(asked)));
  const of = (measured: readonly Measured[], figure: "rate" | "cpu") => median(measured.map((each) => each[figure]));
  const figures = (measured: readonly Measured[]) => `${of(measured, "rate").toFixed(0)} MB/s for ${of(measured, "cpu").toFixed(3)} s`;
  const ratio = (theirs: readonly Measured[], figure: "rate" | "cpu") => (of(ours, figure) / of(theirs, figure)).toFixed(2);
  const said = others.map(([other, theirs]) => `${other} ${figures(theirs)} (${ratio(theirs, "rate")} x its speed, ${ratio(theirs, "cpu")} x its CPU)`);
  console.log(`output: ${what}: Sentry ${name} ${figures(ours)}; ${said.join("; ")}; medians of ${rounds}`);
  return ours;
}

async function measure(logger: Logger, block: number, count: number): Promise<Measured> {
  const place = join(folder, "place");
  mkdirSync(place);
  const [gate, began] = [join(place, "gate"), join(place, "began")];
  execFileSync("mkfifo", [gate]);
  const each = Math.floor(lines / count);
  const argv = [program, ...[LENGTH, block, FILL, each].map(String), gate, began];
  const { pids, files, stop } = await logger.start(argv, count, place);
  await pause(REST);

  const before = pids.map(cpuOf);
  const opened = openSync(gate, "r+");
  await until(() => files.every((file) => hasLine(file, each - 1)));
  closeSync(opened);
  const after = pids.map(cpuOf);
  const size = files.map((file) => statSync(file).size).reduce((sum, more) => sum + more, 0);
  const ended = files.map((file) => statSync(file, { bigint: true }).mtimeNs).reduce((a, b) => a > b ? a : b);
  const moments = readFileSync(began, "utf8").trimEnd().split("\n").map(BigInt);
  await stop();
  rmSync(place, { recursive: true });

  const printed = each * count * LENGTH;
  if (!logger.bounded && size < printed) throw new Error(`of ${printed} bytes ${size} were written down`);
  const costs = after.flatMap((threads, n) => [...threads].map(([thread, cpu]) => cpu - (before[n]?.get(thread) ?? 0)));
  const cpu = costs.reduce((sum, more) => sum + more, 0);
  const first = moments.reduce((a, b) => a < b ? a : b);
  return { rate: printed * 1e3 / Number(ended - first), cpu, busiest: Math.max(...costs) / cpu, threads: costs.length };
}

/** Whether a file ends with the line of that number, however it is dressed. */
function hasLine(path: string, number: number): boolean {
  const wanted = `${String(number).padStart(9, "0")} x`;
  try {
    const file = openSync(path, "r");
    const end = Buffer.alloc(4 * LENGTH);
    const { size } = fstatSync(file);
    readSync(file, end, 0, end.length, Math.max(0, size - end.length));
    closeSync(file);
    return end.includes(wanted);
  } catch {
    return false; // it is being rotated
  }
}

async function until(holds: () => boolean): Promise<void> {
  const latest = Date.now() + TOO_LONG;
  while (!holds()) {
    if (Date.now() > latest) throw new Error("the last line was never written down");
    await pause(BETWEEN_LOOKS);
  }
}
