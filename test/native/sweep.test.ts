/** What whole trees of processes use, from one pass over /proc, through the addon. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { Consumption } from "../../src/native/addon.ts";
import { loadAddon, packageFolder } from "../../src/native/load.ts";
import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

const addon = loadAddon();
const MEGABYTE = 2 ** 20;

/** A program below a shell: what is looked at is the tree. The shell is there until the test is over. */
class Tree {
  readonly shell: ChildProcessWithoutNullStreams;
  #said = "";

  /** @param told what it does when it is told to */
  constructor(t: TestContext, told: string) {
    const program = `process.stdin.on("data", () => { ${told}; console.log("done"); }); console.log("up")`;
    this.shell = spawn("sh", ["-c", '"$0" -e "$1"; echo ended; read _', process.execPath, program]);
    this.shell.stdout.on("data", (chunk: Buffer) => { this.#said += chunk.toString(); });
    t.after(() => this.shell.stdin.end());
  }

  says(word: string): Promise<true> {
    return until(`it says that it is ${word}`, () => this.#said.includes(word));
  }

  tell(): void {
    this.shell.stdin.write("\n");
  }

  sweep(): Promise<Consumption> {
    return sweep(this.shell.pid);
  }
}

async function sweep(pid: number | undefined): Promise<Consumption> {
  const [found] = await addon.sweep([{ pid: pid ?? 0, startTicks: 0 }]);
  assert(found !== null && found !== undefined);
  return found;
}

test("the memory of a tree grows by what a process in it takes", async (t) => {
  const tree = new Tree(t, "globalThis.kept = Buffer.alloc(50 * 2 ** 20, 1)");
  await tree.says("up");
  const before = await tree.sweep();
  tree.tell();
  await tree.says("done");
  const grown = (await tree.sweep()).memoryBytes - before.memoryBytes;
  assert.ok(grown > 45 * MEGABYTE && grown < 80 * MEGABYTE, `${grown / MEGABYTE} MB`);
});

test("the CPU time of a tree grows for as long as a process in it is busy, and stays when that has ended", async (t) => {
  const busy = "let used; do { used = process.cpuUsage(); } while (used.user + used.system < 400_000)";
  const tree = new Tree(t, `${busy}; setImmediate(() => process.exit())`);
  await tree.says("up");
  const before = await tree.sweep();
  tree.tell();
  await until("it has used more", async () => (await tree.sweep()).cpu >= before.cpu + 50);
  await tree.says("ended");
  // Each number of the kernel's is cut to whole ticks.
  assert.ok((await tree.sweep()).cpu >= 360);
});

test("a process is known by its start time as well, and one that is gone is null", async () => {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const self = { pid: process.pid, startTicks: Number(/.*\)(?: \S+){19} (\d+)/s.exec(stat)?.[1]) };
  const gone = spawn("true");
  await once(gone, "exit");
  const [known, another, none] = await addon.sweep([
    self, { ...self, startTicks: self.startTicks + 1 }, { pid: gone.pid ?? 0, startTicks: 0 },
  ]);
  assert.ok(known !== null && known !== undefined && known.cpu > 0 && known.memoryBytes > 10 * MEGABYTE);
  assert.deepEqual([another, none], [null, null]);
  assert.deepEqual(await addon.sweep([]), []);
});

test("what the addon has started is found by what it told of it", async (t) => {
  const native = new Native(t);
  const runs = [native.spawn("sleep", ["1000"]), native.spawn("sh", ["-c", "sleep 1000 & wait"])];
  const roots = await Promise.all(runs.map((run) => native.of("spawned", run)));
  const [one, two] = await until("both sleep, one of them below a shell", async () => {
    const found = await addon.sweep(roots);
    return found.every((each) => each !== null) && found[1]!.memoryBytes > found[0]!.memoryBytes && found;
  });
  assert.ok(one!.memoryBytes > 0 && two!.memoryBytes < 50 * MEGABYTE);
  for (const run of runs) native.addon.end(run, "SIGKILL", "group");
  await native.some("exit", 2);
  await until("they are gone", async () => (await addon.sweep(roots)).every((each) => each === null));
});

test("several sweeps at once are each answered", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => addon.sweep([{ pid: process.pid, startTicks: 0 }])));
  assert.ok(answers.every(([found]) => found !== null));
});

test("a sweep for which there is no descriptor left is refused with a code", () => {
  const script = `
    const addon = require("node-gyp-build")(process.argv[1]);
    const { openSync } = require("node:fs");
    try { for (;;) openSync("/dev/null"); } catch {}
    addon.sweep([{ pid: process.pid, startTicks: 0 }]).catch((error) => process.exit(error.code === "EMFILE" ? 0 : 9));`;
  const limited = 'ulimit -n 100; exec "$0" -e "$1" "$2"';
  const { status, stderr } = spawnSync("sh", ["-c", limited, process.execPath, script, packageFolder()], {
    cwd: packageFolder(), encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
