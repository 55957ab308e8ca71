/**
 * Does Sentry see every exit, and stay as it is, over very many restarts? `sentry start` keeps a program in several
 * slots that exits at once, with a delay of 0. Each run of it adds a byte to a file and exits with its pid modulo 3; the
 * transcript must have just as many exits, each with that status. Beside the C loop: how fast.
 *
 *   node out/bench/restarts.js [restarts] [slots]
 *
 * Fails (exit code 1) where the counts differ, or where something is left over at the end.
 */
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { median, times } from "./support/figures.ts";
import { sizeOf } from "./support/process.ts";
import type { Size } from "./support/process.ts";
import { ask, compileC, peers, scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

const BETWEEN_SAMPLES = 250;

const [restarts = 100_000, slots = 4] = process.argv.slice(2).map(Number);
const folder = scratchFolder();
const program = compileC("fixtures/counted.c", folder);
const bytes = join(folder, "bytes");
const transcript = join(folder, "transcript");

const { loop } = peers(folder);
const floorBefore = await timeOfLoop();
const out = openSync(transcript, "w");
const sentry = startSentry(writeConfig(folder, [program, bytes, String(restarts)], 0, slots), out);
closeSync(out);
const sizes: Size[] = [];
while (runs() === 0) await pause(1);
const began = Date.now();
while (runs() < restarts) {
  await pause(BETWEEN_SAMPLES);
  sizes.push(sizeOf(sentry.pid ?? 0));
}
const timeOfOne = (statSync(bytes).mtimeMs - began) / runs();
// Each slot's process waits by now: what is still there is what stays.
await pause(BETWEEN_SAMPLES);
const atRest = sizeOf(sentry.pid ?? 0);
await stopSentry(sentry);

const floor = (floorBefore + await timeOfLoop()) / 2;

const { exits, stopped, wrong } = exitsIn(readFileSync(transcript, "utf8"));
const quarter = Math.ceil(sizes.length / 4);
const grown = (["descriptors", "threads", "zombies", "memory"] as const).map((name) => {
  const of = (part: readonly Size[]) => median(part.map((size) => size[name]));
  const [first, last] = [of(sizes.slice(0, quarter)), of(sizes.slice(-quarter))];
  return `${name} ${first} → ${last}${name === "memory" ? " KiB" : ""}`;
});
console.log(`restarts: ${runs()} runs, ${exits} exits recorded, ${wrong} of them wrong, ${stopped} more by the stop; `
  + `${(1000 / timeOfOne).toFixed(0)} a second, ${times(timeOfOne, floor, "C loop's time")}; `
  + `first to last quarter: ${grown.join(", ")}; at rest ${atRest.zombies} zombies, ${atRest.descriptors} descriptors`);
if (exits !== runs() || wrong > 0 || stopped !== slots || atRest.zombies > 0) process.exitCode = 1;

/** Milliseconds a run. Over a tenth of the runs, before and after: there is nothing in it that could grow. */
async function timeOfLoop(): Promise<number> {
  const few = Math.ceil(restarts / 10);
  const argv = [program, join(folder, "of the loop"), String(restarts)];
  const { began: from, exits: seen } = await ask(loop, few, slots, 0, argv);
  return ((seen.at(-1)?.seen ?? NaN) - from) / few;
}

/** How often the program was run. */
function runs(): number {
  return statSync(bytes, { throwIfNoEntry: false })?.size ?? 0;
}

/** @returns exits of processes that ended by themselves, those that the stop ended, and lines that no run can account for */
function exitsIn(text: string): { exits: number; stopped: number; wrong: number } {
  const count = { exits: 0, stopped: 0, wrong: 0 };
  for (const [, pid, how = ""] of text.matchAll(/^\S+ counted\.(\d+) +Exited at \d+ (.+)\.$/gm)) {
    if (how === "by SIGTERM") {
      count.stopped++;
      continue;
    }
    const code = Number(pid) % 3;
    count.exits++;
    if (how !== (code === 0 ? "with ExitSuccess" : `with ExitFailure ${code}`)) count.wrong++;
  }
  return count;
}
