/**
 * How many processes are started in a second, of a program that ends at once? Sentry's addon beside Node's
 * child_process and a bare C loop, with no and with 18,000 more descriptors open: a fork copies their table each time.
 *
 *   node out/bench/spawn.js [processes a round] [at a time] [rounds]
 */
import { readFileSync } from "node:fs";

import { inTurn, median, times } from "./support/figures.ts";
import { ask, peers, scratchFolder } from "./support/programs.ts";
import type { Peer } from "./support/programs.ts";

const MANY = 18_000;
/** Descriptors that a peer needs for itself and its children. */
const SPARE = 1000;

const [processes = 500, inFlight = 16, rounds = 5] = process.argv.slice(2).map(Number);
const all = peers(scratchFolder());

for (const descriptors of [0, Math.min(MANY, mostDescriptors() - SPARE)]) {
  const rates = await inTurn(rounds, {
    addon: () => rate(all.addon, descriptors),
    childProcess: () => rate(all.child_process, descriptors),
    loop: () => rate(all.loop, descriptors),
  });
  const addon = median(rates.addon);
  console.log(`spawn: with ${descriptors} descriptors open, ${inFlight} at a time: addon ${addon.toFixed(0)} a second, `
    + `${times(addon, median(rates.childProcess), "child_process")}, ${times(addon, median(rates.loop), "C loop")}`);
}

async function rate(peer: Peer, descriptors: number): Promise<number> {
  const { began, exits } = await ask(peer, processes, inFlight, descriptors, ["/bin/true"]);
  return processes / ((exits.at(-1)?.seen ?? NaN) - began) * 1000;
}

/** The hard limit, to which Node raises its own. */
function mostDescriptors(): number {
  const [, hard = ""] = /^Max open files +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return hard === "unlimited" ? Infinity : Number(hard);
}
