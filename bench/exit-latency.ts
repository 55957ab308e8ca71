/**
 * How long does it take from an exit to knowing of it, and to the `main` of the next process? The first is asked of
 * Sentry's addon, the second of the whole `sentry start` with a delay of 0; both beside Node's child_process and a bare
 * C loop, with one process at a time.
 *
 * Only Sentry has the kernel's own stamp of the exit. To all of them an exit is measured from the last thing that the
 * process did itself: so the time in which the kernel takes it down is part of it, for each the same.
 *
 *   node out/bench/exit-latency.js [restarts a round] [rounds]
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { inTurn, median, quantile, times } from "./support/figures.ts";
import {
  ask, compileC, numberLines, peers, scratchFolder, startSentry, stopSentry, writeConfig,
} from "./support/programs.ts";
import type { Peer } from "./support/programs.ts";

/** What is slower because it is first is another question. */
const WARM_UP = 50;

const [restarts = 500, rounds = 5] = process.argv.slice(2).map(Number);
const folder = scratchFolder();
const lives = join(folder, "lives");
const argv = [compileC("fixtures/moment.c", folder), lives];
const config = writeConfig(folder, argv, 0, 1);
const { addon, child_process: childProcess, loop } = peers(folder);

interface Measured {
  /** From the kernel's stamp of an exit to JavaScript. */
  readonly told: readonly number[];
  /** From the last moment of a process to knowing of its exit … */
  readonly known: readonly number[];
  /** … and to the main of the next one. */
  readonly next: readonly number[];
}

const measured = await inTurn(rounds, {
  sentry: measureSentry, addon: () => measure(addon), childProcess: () => measure(childProcess), loop: () => measure(loop),
});
const told = measured.addon.flatMap((one) => one.told);
const ofKnowing = (name: "addon" | "childProcess" | "loop") => measured[name].flatMap((one) => one.known);
const ofNext = (name: keyof typeof measured) => measured[name].flatMap((one) => one.next);

console.log(`exit-latency: kernel's stamp to JavaScript: ${told.length === 0 ? "no stamps here" : figures(told)}`);
const known = beside("addon", ofKnowing("addon"), ofKnowing("childProcess"), ofKnowing("loop"));
console.log(`exit-latency: last breath to known: ${known}`);
const next = beside("sentry start", ofNext("sentry"), ofNext("childProcess"), ofNext("loop"));
console.log(`exit-latency: last breath to next main: ${next}, addon alone ${figures(ofNext("addon"))}`);

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

async function measureSentry(): Promise<Measured> {
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

function figures(values: readonly number[]): string {
  return `p50 ${micros(median(values))}, p99 ${micros(quantile(values, 0.99))}`;
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
