/** A process that execs itself, with children: what the next image has of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readlinkSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { loadAddon } from "../../src/native/load.ts";
import { until } from "../support/until.ts";

type Line = Record<string, unknown> & { kind?: string };

class Itself {
  readonly folder = mkdtempSync(join(tmpdir(), "sentry-exec-"));
  readonly lines: Line[] = [];
  readonly process: ChildProcess;
  complaints = "";

  constructor(t: TestContext) {
    this.process = spawn(process.execPath, [join(import.meta.dirname, "execs-itself.js"), this.folder], { stdio: "pipe" });
    createInterface({ input: this.process.stdout! }).on("line", (line) => this.lines.push(JSON.parse(line) as Line));
    this.process.stderr!.on("data", (data: Buffer) => { this.complaints += data.toString(); });
    t.after(async () => {
      const gone = once(this.process, "exit");
      this.process.stdin!.end();
      if (this.process.exitCode === null && this.process.signalCode === null) await gone;
      rmSync(this.folder, { recursive: true });
    });
  }

  ask(line: string): void {
    this.process.stdin!.write(`${line}\n`);
  }

  of(kind: string): Line[] {
    return this.lines.filter((line) => line.kind === kind);
  }

  image(number: number): Promise<Line> {
    return until(`image ${number} runs`, () => this.lines.find(({ image }) => image === number), () => this.complaints);
  }

  some(kind: string, count: number): Promise<Line[]> {
    return until(`${count} facts of kind ${kind} are told`, () => this.of(kind).length >= count && this.of(kind), () =>
      JSON.stringify(this.lines) + this.complaints);
  }

  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8").replaceAll(/^\d\d:\d\d:\d\d x\.\d+ +/gm, "");
  }
}

test("processes, output, a lock, a socket and the keeper go over, and an exit in between has its status and time", async (t) => {
  const itself = new Itself(t);
  const first = await itself.image(1);
  itself.ask("run 1 echo one; printf hal; until [ -e go ]; do sleep 0.01; done; echo f; sleep 1000");
  itself.ask("run 2 sleep 0.15; echo last; exit 42");
  const [living, dying] = await itself.some("spawned", 2);
  await until("the first line is written", () => itself.log.includes("one\n"));
  itself.ask("exec");
  const second = await itself.image(2);
  assert.deepEqual([second["pid"], second["preload"]], [itself.process.pid, null]);
  const exit = (await itself.some("exit", 1))[0];
  assert.deepEqual([exit?.["run"], exit?.["pid"], exit?.["code"]], [2, dying?.["pid"], 42]);
  assert.equal(exit?.["kernelTime"], first["eventsFault"] === null);
  writeFileSync(join(itself.folder, "go"), "");
  await until("the half line is a whole one", () => itself.log.includes("half\n"));
  assert.deepEqual(itself.log.split("\n").sort(), ["", "Started", "Started", "half", "last", "one"]);

  assert.equal(loadAddon().lockFile(join(itself.folder, "lock")), itself.process.pid);
  const connection = connect(join(itself.folder, "socket"));
  await once(connection, "connect");
  connection.destroy();
  assert.deepEqual(itself.of("keeperGone"), []);
  const own = `/proc/${Number(living?.["pid"])}/fd`;
  const fds = readdirSync(own).map((fd) => readlinkSync(join(own, fd)));
  assert.equal(fds.length, 3, `a child has ${fds.join(", ")}`);
  process.kill(Number(living?.["pid"]), "SIGKILL");
  assert.equal((await itself.some("exit", 2))[1]?.["signal"], "SIGKILL");
});

test("ten execs in a row hold no more descriptors than one", async (t) => {
  const itself = new Itself(t);
  itself.ask("run 1 sleep 1000");
  const spawned = (await itself.some("spawned", 1))[0];
  const held: number[] = [];
  for (let n = 2; n <= 11; n++) {
    itself.ask("exec");
    await itself.image(n);
    held.push(readdirSync(`/proc/${itself.process.pid}/fd`).length);
  }
  assert.deepEqual(new Set(held).size, 1, `held: ${held.join(", ")}`);
  process.kill(Number(spawned?.["pid"]), "SIGKILL");
  await itself.some("exit", 1);
});

test("signals that come all the time while it execs do not end it, and no debugger is opened", async (t) => {
  const itself = new Itself(t);
  await itself.image(1);
  const storming = ["SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"] as const;
  const storm = setInterval(() => {
    for (const signal of storming) itself.process.kill(signal);
  }, 1);
  t.after(() => clearInterval(storm));
  for (let n = 2; n <= 11; n++) {
    itself.ask("exec");
    await itself.image(n);
  }
  clearInterval(storm);
  assert.deepEqual(new Set(itself.of("signal").map(({ signal }) => signal)), new Set(storming));
  assert.equal(itself.complaints, "");
});

test("one signal that comes while the next image boots is told by it", async (t) => {
  const itself = new Itself(t);
  await itself.image(1);
  for (let n = 2; n <= 6; n++) {
    itself.ask("exec");
    await itself.some("quiet", n - 1);
    // Once it has said so, it execs: later than that by what an image takes to boot, or a part of it.
    const then = performance.now() + 10 * (n - 1);
    while (performance.now() < then) ;
    itself.process.kill("SIGHUP");
    await itself.image(n);
    await itself.some("signal", n - 1);
  }
  assert.deepEqual(itself.of("signal").map(({ signal, pid }) => [signal, pid]), Array(5).fill(["SIGHUP", process.pid]));
});
