/**
 * The runs of programs that are started to look at others. They are started, ended and reaped like all runs, but the law
 * never hears of them: their numbers lie above any that it will ever give.
 */
import { randomInt } from "node:crypto";
import type { RunId } from "../core/types.ts";

const FIRST: RunId = 2 ** 40;

/**
 * What is left of an earlier image's runs must not be taken for one of ours, so each image begins somewhere else: at the
 * beginning of one of 2^32 stretches of a million numbers. The last one is still a safe integer.
 */
const STRETCHES = 2 ** 32;
const STRETCH = 2 ** 20;

let next: RunId = FIRST + randomInt(STRETCHES) * STRETCH;

export function nextProbeRun(): RunId {
  return next++;
}

export function isProbe(run: RunId): boolean {
  return run >= FIRST;
}
