/**
 * How long does it take from an exit to knowing of it, and to the `main` of the next process? The first is asked of
 * Sentry's addon, the second of the whole `sentry start` with a delay of 0; both beside Node's child_process and a bare
 * C loop, with one process at a time.
 *
 * Only Sentry has the kernel's own stamp of the exit. To all of them an exit is measured from the last thing that the
 * process did itself: so the time in which the kernel takes it down is part of it, for each the same.
 *
 * With `--printing N` the question is another: does it take longer while N processes print as fast as they can into files?
 * Sentry's p50 and p99 with them beside those without. What comes of the machine being busy shows in the C loop, beside
 * which N processes print into as many of `cat > file`.
 *
 *   node out/bench/exit-latency.js [--printing N] [restarts a round] [rounds]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { inTurn, median, quantile, times } from "./support/figures.ts";
import { cat } from "./support/loggers.ts";
import { printingForEver } from "./support/printing.ts";
import {
  ask, compileC, numberLines, peers, scratchFolder, startSentry, stopSentry, writeConfig, writeEntries,
} from "./support/programs.ts";
import type { Peer } from "./support/programs.ts";

/** What is slower because it is first is another question. */
const WARM_UP = 50;

const { values, positionals } = parseArgs({ options: { printing: { type: "string", default: "0" } }, allowPositionals: true });
const printing = Number(values.printing);
const [restarts = 500, rounds = 5] = positionals.map(Number);
const folder = scratchFolder();
const lives = join(folder, "lives");
const logs = join(folder, "logs");
const argv = [compileC("fixtures/moment.c", folder), lives];
const { addon, child_process: childProcess, loop } = peers(folder);

interface Measured {
  /** From the kernel's stamp of an exit to JavaScript. */
  readonly told: readonly number[];
  /** From the last moment of a process to knowing of its exit … */
  readonly known: readonly number[];
  /** … and to the main of the next one. */
  readonly next: readonly number[];
}

await (printing === 0 ? besideOthers() : whileOthersPrint());

async function besideOthers(): Promise<void> {
  const config = writeConfig(folder, argv, 0, 1);
  const measured = await inTurn(rounds, {
    sentry: () => measureSentry(config), addon: () => measure(addon), childProcess: () => measure(childProcess), loop: () => measure(loop),
  });
  const told = all(measured.addon, "told");
  const known = (name: "addon" | "childProcess" | "loop") => all(measured[name], "known");
  const next = (name: keyof typeof measured) => all(measured[name], "next");

  console.log(`exit-latency: kernel's stamp to JavaScript: ${figures(told)}`);
  console.log(`exit-latency: last breath to known: ${beside("addon", known("addon"), known("childProcess"), known("loop"))}`);
  const ofSentry = beside("sentry start", next("sentry"), next("childProcess"), next("loop"));
  console.log(`exit-latency: last breath to next main: ${ofSentry}, addon alone ${figures(next("addon"))}`);
}

async function whileOthersPrint(): Promise<void> {
  const program = compileC("fixtures/prints.c", folder);
  const [command, ...args] = printingForEver(program);
  const quietConfig = writeConfig(folder, argv, 0, 1);
  const busyConfig = writeEntries(join(folder, "busy.ts"), [
    ["prints", command, args, { count: printing, log: { file: "logs/{slot}.log" } }],
    [basename(argv[0] ?? ""), argv[0], argv.slice(1), 0, 1],
  ]);
  const busyAddon = { command: [...addon.command, "--printing", String(printing), program, logs] };
  const { quiet, busy, quietAlone, busyAlone, quietLoop, busyLoop } = await inTurn(rounds, {
    quiet: () => measureSentry(quietConfig), busy: () => withLogs(() => measureSentry(busyConfig)),
    quietAlone: () => measure(addon), busyAlone: () => withLogs(() => measure(busyAddon)),
    quietLoop: () => measure(loop), busyLoop: () => withLogs(measureLoopBesideCats),
  });
  const compared = (name: keyof Measured, without: readonly Measured[], within: readonly Measured[]) => {
    const [before, after] = [all(without, name), all(within, name)];
    const ratios = [0.5, 0.99].map((part) => (quantile(after, part) / quantile(before, part)).toFixed(2));
    return `${figures(before)}; while ${printing} print ${figures(after)} (${ratios.join(" and ")} x that)`;
  };

  console.log(`exit-latency: kernel's stamp to JavaScript: ${compared("told", quietAlone, busyAlone)}`);
  console.log(`exit-latency: last breath to known: addon ${compared("known", quietAlone, busyAlone)}; C loop ${compared("known", quietLoop, busyLoop)}`);
  console.log(`exit-latency: last breath to next main: sentry start ${compared("next", quiet, busy)}; C loop ${compared("next", quietLoop, busyLoop)}`);

  async function measureLoopBesideCats(): Promise<Measured> {
    const cats = await cat.start(printingForEver(program), printing, logs);
    const answer = await measure(loop);
    await cats.stop();
    return answer;
  }
}

/** In a folder of its own, in which each of them must have printed. */
async function withLogs(what: () => Promise<Measured>): Promise<Measured> {
  mkdirSync(logs);
  const measured = await what();
  const files = readdirSync(logs).filter((name) => statSync(join(logs, name)).size > 0);
  if (files.length < printing) throw new Error(`${files.length} of ${printing} processes have printed anything`);
  rmSync(logs, { recursive: true });
  return measured;
}

async function measure(peer: Peer): Promise<Measured> {
  rmSync(lives, { force: true });
  const { exits } = await ask(peer, WARM_UP + restarts, 1, 0, argv);
  const ends = livesSoFar().map(({ ended }) => ended).slice(WARM_UP);
  const counted = exits.slice(WARM_UP);
  return {
    told: counted.flatMap(({ seen, kernel }) => (kernel === null ? [] : [seen - kernel])),
    known: counted.map(({ seen }, n) => seen - (ends[n] ?? NaN)),
    next: gaps(),
  };
}

async function measureSentry(config: string): Promise<Measured> {
  rmSync(lives, { force: true });
  const sentry = startSentry(config, "ignore");
  while (livesSoFar().length < WARM_UP + restarts) await pause(20);
  await stopSentry(sentry);
  return { told: [], known: [], next: gaps() };
}

/** One after the other: a line of the file is a life. */
function livesSoFar(): { began: number; ended: number }[] {
  if (!existsSync(lives)) return [];
  return numberLines(readFileSync(lives, "utf8")).map(([began = NaN, ended = NaN]) => ({ began, ended }));
}

function gaps(): number[] {
  const all = livesSoFar().slice(WARM_UP, WARM_UP + restarts);
  return all.slice(1).map(({ began }, n) => began - (all[n]?.ended ?? NaN));
}

function all(measured: readonly Measured[], name: keyof Measured): number[] {
  return measured.flatMap((one) => one[name]);
}

function figures(millis: readonly number[]): string {
  return millis.length === 0 ? "not told by this kernel" : `p50 ${micros(median(millis))}, p99 ${micros(quantile(millis, 0.99))}`;
}

function beside(name: string, ours: readonly number[], node: readonly number[], c: readonly number[]): string {
  const ratios = (part: number) => [
    times(quantile(ours, part), quantile(node, part), "child_process"),
    times(quantile(ours, part), quantile(c, part), "C loop"),
  ].join(", ");
  return `${name} ${figures(ours)}; p50 ${ratios(0.5)}; p99 ${ratios(0.99)}`;
}

function micros(millis: number): string {
  return `${(millis * 1000).toFixed(0)} us`;
}
