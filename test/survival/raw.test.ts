/** Raw log files over SIGKILLs: of what the children print, the files have every line exactly once. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
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

/** What the host does when SIGKILL comes: at a random moment, at most so many ms after that has begun. */
const LONGEST = { boots: 150, runs: 60, execs: 150, hasExeced: 60 };
type Doing = keyof typeof LONGEST;
const DOINGS = Object.keys(LONGEST) as Doing[];

/** What the keeper holds, or the image before has left, of two children that live. */
const ALL_TAKEN_UP = /^image 1: 2 processes, 4 pipes$/;
const ALL_INHERITED = /^image 2: 2 processes, 4 pipes$/;

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

  /** Sees that its file has all lines that it has printed, and nothing else. How many bytes that is. */
  compare(kind: Kind): number {
    const [own, other] = STREAM[kind] === 0 ? ["out", "err"] : ["err", "out"];
    assert.equal(statSync(this.site.path(`${kind}.${other}`)).size, 0, "it prints nothing there");
    const found = readFileSync(this.site.path(`${kind}.${own}`));
    const printed = this.printed(kind);
    let at = 0;
    for (let number = 1; number <= printed; number++) {
      const line = lineOf(kind, this.#seed, number);
      const isThere = found.subarray(at, at + line.length).equals(line);
      assert(isThere, `${kind}: at byte ${at} should be line ${number}, and there is ${found.toString("latin1", at, at + 60)}`);
      at += line.length;
    }
    assert.equal(found.toString("latin1", at, at + 60), "", `${kind}: this stands behind its last line`);
    return at;
  }

  /** Whether it still holds a pipe: what a pipe had is written before the keeper is told to let go of it. */
  holdsPipe(keeper: number): boolean {
    const folder = `/proc/${keeper}/fd`;
    return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)).startsWith("pipe:"));
  }
}

async function killThere(host: Sentry, doing: Doing, dice: Dice): Promise<void> {
  if (doing !== "boots") await host.line(ALL_TAKEN_UP);
  if (doing === "execs" || doing === "hasExeced") host.kill("SIGHUP");
  if (doing === "hasExeced") await host.line(ALL_INHERITED);
  await pause(dice.whole(0, LONGEST[doing]));
  await kill(host);
}

async function kill(host: Sentry): Promise<void> {
  host.kill("SIGKILL");
  assert.deepEqual(await host.ended, { code: null, signal: "SIGKILL" }, host.stderr);
}

suite("raw log files", () => {
  test(`have every line exactly once, in order, after ${KILLS} SIGKILLs with execs in between`, async (t) => {
    t.diagnostic(`CHAOS_SEED=${SEED}`);
    const dice = new Dice(SEED);
    const raw = new Raw(t, SEED);
    const { site } = raw;

    let host = raw.start();
    const pids = await Promise.all(KINDS.map(async (kind) => Number((await host.line(new RegExp(`^${kind} (\\d+)$`)))[1])));
    await kill(host);
    for (let kills = 1; kills < KILLS - 1; kills++) {
      host = raw.start();
      await killThere(host, DOINGS[kills % DOINGS.length] ?? "runs", dice);
    }

    // Their last words are printed while there may be nobody but the keeper.
    host = raw.start();
    await host.line(ALL_TAKEN_UP);
    for (const pid of pids) process.kill(pid, "SIGTERM");
    await pause(dice.whole(0, 5));
    await kill(host);
    host = raw.start();
    await until("the children are gone", () => site.alive().every((pid) => !pids.includes(pid)));
    const [keeper = 0, ...others] = site.keepers();
    assert.deepEqual(others, []);
    await until("all output is written", () => !raw.holdsPipe(keeper));
    await host.stop();
    for (const kind of KINDS) t.diagnostic(`${kind}: ${raw.printed(kind)} lines, ${raw.compare(kind)} bytes`);
  });
});
