/** Raw log files over SIGKILLs: of what the children print, the files have every line exactly once. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { Dice, SEED } from "./chaos/dice.ts";
import type { Sentry } from "../support/sentry.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";
import { CHILDREN, lineOf } from "./raw-prints.ts";

const KILLS = 40;

/** What the host does when SIGKILL comes: at a random moment, at most so many ms after that has begun. */
const LONGEST = { boots: 120, runs: 6, execs: 100, hasExeced: 6 };
type Doing = keyof typeof LONGEST;
const DOINGS = Object.keys(LONGEST) as Doing[];

/** What the keeper holds, or the image before has left, while all children live. */
const ALL = `${CHILDREN.length} processes, ${2 * CHILDREN.length} pipes$`;
const ALL_TAKEN_UP = new RegExp(`^image 1: ${ALL}`);
const ALL_INHERITED = new RegExp(`^image 2: ${ALL}`);

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

  /** Sees that a child's file has all lines that it has printed (it says how many at its end), and nothing else. */
  compare(child: typeof CHILDREN[number]): string {
    const { name, stream } = child;
    const [own, other] = stream === 0 ? ["out", "err"] : ["err", "out"];
    assert.equal(statSync(this.site.path(`${name}.${other}`)).size, 0, "it prints nothing there");
    const found = readFileSync(this.site.path(`${name}.${own}`));
    const printed = Number(readFileSync(this.site.path(`${name}.printed`), "utf8"));
    let at = 0;
    for (let number = 1; number <= printed; number++) {
      const line = lineOf(child, this.#seed, number);
      const isThere = found.subarray(at, at + line.length).equals(line);
      assert(isThere, `at byte ${at} should be line ${number}, and there is ${found.toString("latin1", at, at + 60)}`);
      at += line.length;
    }
    assert.equal(found.toString("latin1", at, at + 60), "", `this stands behind the last line of ${name}`);
    return `${name}: ${printed} lines, ${at} bytes`;
  }

  /** Whether it still holds a pipe: what a pipe had is written before the keeper is told to let go of it. */
  holdsPipe(keeper: number): boolean {
    const folder = `/proc/${keeper}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(join(folder, fd)).startsWith("pipe:");
      } catch {
        return false; // it has been let go since
      }
    });
  }
}

async function pidOf(host: Sentry, name: string): Promise<number> {
  const found = await host.line(new RegExp(String.raw`^${name} has pid (\d+)$`));
  return Number(found[1]);
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
    const pids = await Promise.all(CHILDREN.map(({ name }) => pidOf(host, name)));
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
    for (const child of CHILDREN) t.diagnostic(raw.compare(child));
  });
});
