/** Raw log files over SIGKILLs: of what the children print, the files have every line exactly once. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { Dice, SEED } from "../chaos/dice.ts";
import type { Sentry } from "../support/sentry.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";
import { lineOf, STREAM } from "./raw-prints.ts";
import type { Kind } from "./raw-prints.ts";

const KILLS = 40;
const KINDS: readonly Kind[] = ["ticker", "torrent"];
const OUTPUTS = ["out", "err"] as const;

/** What it is at when SIGKILL comes: some random time after that has begun, in ms. */
const MOMENTS = { booting: 150, running: 60, execing: 150, execed: 60 } as const;

class Raw {
  readonly site: Site;
  readonly #seed: number;

  constructor(t: TestContext, seed: number) {
    this.site = new Site(t);
    this.#seed = seed;
  }

  start(): Sentry {
    return this.site.open(process.execPath, [join(import.meta.dirname, "raw-host.js"), this.site.folder, String(this.#seed)]);
  }

  /** How many lines it has printed; it says so at its end. */
  printed(kind: Kind): number {
    return Number(readFileSync(this.site.path(`${kind}.printed`), "utf8"));
  }

  /** The lines that a file has, all of which must be those of its child; the other file of that child must be empty. */
  bytes(kind: Kind): number {
    const path = this.site.path(`${kind}.${OUTPUTS[STREAM[kind]]}`);
    assert.equal(statSync(this.site.path(`${kind}.${OUTPUTS[1 - STREAM[kind]]}`)).size, 0);
    const found = readFileSync(path);
    let at = 0;
    for (let number = 1; number <= this.printed(kind); number++) {
      const line = lineOf(kind, this.#seed, number);
      if (line.compare(found, at, at + line.length) !== 0) {
        assert.fail(`${kind}: line ${number} at byte ${at} is not as printed: ${found.toString("latin1", at, at + 100)}`);
      }
      at += line.length;
    }
    assert.equal(found.length, at, `${kind}: after the last line there is ${found.toString("latin1", at, at + 100)}`);
    return at;
  }

  size(): number {
    return KINDS.reduce((sum, kind) => sum + statSync(this.site.path(`${kind}.${OUTPUTS[STREAM[kind]]}`)).size, 0);
  }
}

/** Kills it there, and waits until nothing of it runs any more. */
async function killed(host: Sentry, moment: keyof typeof MOMENTS, dice: Dice): Promise<void> {
  if (moment !== "booting") await host.line(/^image 1: 2 processes, 4 pipes$/);
  if (moment.startsWith("exec")) host.kill("SIGHUP");
  if (moment === "execed") await host.line(/^image 2: 2 processes, 4 pipes$/);
  await pause(dice.whole(0, MOMENTS[moment]));
  host.kill("SIGKILL");
  assert.deepEqual(await host.ended, { code: null, signal: "SIGKILL" }, host.stderr);
}

suite("raw log files", () => {
  test(`have every line exactly once and in order after ${KILLS} SIGKILLs, with execs in between`, async (t) => {
    t.diagnostic(`CHAOS_SEED=${SEED}`);
    const dice = new Dice(SEED);
    const raw = new Raw(t, SEED);
    const { site } = raw;
    const moments = Object.keys(MOMENTS) as (keyof typeof MOMENTS)[];

    let host = raw.start();
    const pids = await Promise.all(KINDS.map(async (kind) => Number((await host.line(new RegExp(`^${kind} (\\d+)$`)))[1])));
    host.kill("SIGKILL");
    await host.ended;
    for (let kills = 1; kills < KILLS - 1; kills++) {
      host = raw.start();
      await killed(host, moments[kills % moments.length] ?? "running", dice);
    }

    // Their last words are printed while there may be nobody but the keeper.
    host = raw.start();
    await host.line(/^image 1: 2 processes/);
    for (const pid of pids) process.kill(pid, "SIGTERM");
    await pause(dice.whole(0, 5));
    host.kill("SIGKILL");
    await host.ended;
    host = raw.start();
    await until("the children are gone", () => !pids.some((pid) => site.alive().includes(pid)));
    const sizes = KINDS.map((kind) => existsSync(site.path(`${kind}.printed`)) && raw.printed(kind) > 0);
    assert.deepEqual(sizes, [true, true]);
    assert.deepEqual(site.alive().toSorted(), [host.pid, ...site.keepers()].toSorted());
    let before = -1;
    await until("nothing more is written", async () => {
      const unchanged = raw.size() === before;
      before = raw.size();
      await pause(50);
      return unchanged;
    });
    await host.stop();
    const [ticker, torrent] = KINDS.map((kind) => raw.bytes(kind));
    t.diagnostic(`${raw.printed("ticker")} lines of ${ticker} bytes, ${raw.printed("torrent")} lines of ${torrent} bytes`);
  });
});
