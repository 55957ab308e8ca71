/**
 * The long run: kills at random, and reloads at random, until something is wrong or all are done. One line for each
 * campaign, and one at the end.
 *
 *   npm run chaos -- --cycles 2000 [--reloads 500] [--seed n] [--ordinary] [--no-process-events]
 */
import { parseArgs } from "node:util";

import { atEachPoint, atRandom, withReloads } from "./campaigns.ts";
import type { Campaign } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import type { Clearing } from "./experiment.ts";

/** A campaign's books are compared as a whole: so there are many of them, and each is small. */
const KILLS = 40;
const RELOADS = 50;

const { values } = parseArgs({
  options: {
    cycles: { type: "string", default: "0" }, reloads: { type: "string", default: "0" },
    seed: { type: "string", default: String(SEED) },
    ordinary: { type: "boolean", default: false }, "no-process-events": { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const how = { ordinary: values.ordinary, processEvents: !values["no-process-events"] };
const total = {
  kills: 0, reloads: 0, faults: 0, lives: 0, unknown: 0, unseen: 0, leftovers: 0, followed: 0, lines: 0, repeated: 0,
  torn: 0, requests: 0,
};
const began = performance.now();
const COUNTED = ["lives", "unknown", "unseen", "leftovers", "followed", "lines", "repeated", "torn"] as const;
let campaigns = 0;
/** A campaign came to no end: nothing is known of what it would have shown. */
let broken = false;

console.log(`chaos: seed ${seed}`);
while (!broken && total.kills < Number(values.cycles)) {
  // The named points come round again and again, each time with other children and at another of their times.
  const cycles = Math.min(KILLS, Number(values.cycles) - total.kills);
  await run((t, own) => (campaigns % 5 === 4 ? atEachPoint(t, own, how) : atRandom(t, own, cycles, how)));
}
while (!broken && total.reloads < Number(values.reloads)) {
  const cycles = Math.min(RELOADS, Number(values.reloads) - total.reloads);
  await run((t, own) => withReloads(t, own, cycles, how));
}
console.log([
  `chaos: seed ${seed}: ${total.kills} kills, ${total.reloads} reloads: ${total.faults} faults;`,
  `${total.lives} lives, of whose ends ${total.unknown} are recorded as unknown and ${total.unseen} not at all;`,
  `${total.leftovers} of them left others behind, and ${total.followed} were daemons that were followed;`,
  `${total.lines} lines, ${total.repeated} batches of them repeated, ${total.torn} torn;`,
  `${total.requests} requests; ${((performance.now() - began) / 1000).toFixed(0)} s`,
].join(" "));
if (total.faults > 0) process.exitCode = 1;

async function run(campaign: (t: Clearing, own: number) => Promise<Campaign>): Promise<void> {
  const clearing: (() => unknown)[] = [];
  const own = seed + campaigns * 1000;
  try {
    const t: Clearing = { after: (clear) => { clearing.push(clear as () => unknown); } };
    const { kills, reloads, requests, faults, counts, story } = await campaign(t, own);
    total.kills += kills;
    total.reloads += reloads;
    total.requests += requests;
    total.faults += faults.length;
    for (const name of COUNTED) total[name] += counts[name];
    console.log(`${kills} kills, ${reloads} reloads, seed ${own}: ${faults.length} faults; ${JSON.stringify(counts)}`);
    if (faults.length > 0) console.log(story());
  } catch (error) {
    console.log(`seed ${own}: ${(error as Error).message}`);
    total.faults++;
    broken = true;
  }
  for (const clear of clearing) await clear();
  campaigns++;
}
