/** Signals to a process that has loaded the addon: taken over, told with their sender. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { FactOf } from "../support/addon.ts";

const program = join(import.meta.dirname, "tells-signals.js");

interface Told {
  readonly process: ChildProcess;
  readonly pid: number;
  next(): Promise<FactOf<"signal">>;
  complaints(): string;
}

async function tells(t: TestContext, ...args: string[]): Promise<Told> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let complaints = "";
  child.stderr.on("data", (data: Buffer) => { complaints += data.toString(); });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  assert.equal(await line(), "ready");
  return { process: child, pid: child.pid!, next: async () => JSON.parse(await line()) as FactOf<"signal">, complaints: () => complaints };
}

test("what comes between noteSignals() and start() is told after that", async (t) => {
  const told = await tells(t, "early");
  for (const signal of ["SIGHUP", "SIGUSR2"]) {
    const { signal: name, pid } = await told.next();
    assert.deepEqual([name, pid], [signal, told.pid]);
  }
});

test("HUP, INT, TERM, USR1 and USR2 are told with the PID and user of their sender, and do nothing else", async (t) => {
  const told = await tells(t);
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const) {
    process.kill(told.pid, signal);
    const { signal: name, pid, uid, fromKernel, terminalGone } = await told.next();
    assert.deepEqual({ name, pid, uid, fromKernel, terminalGone }, {
      name: signal, pid: process.pid, uid: process.getuid?.(), fromKernel: false, terminalGone: false,
    });
  }
  told.process.stdin?.end();
  assert.deepEqual(await once(told.process, "exit"), [0, null]);
  assert.equal(told.complaints(), "", "Node says so when it opens its debugger");
});

test("signals that come in a burst are all told", async (t) => {
  const told = await tells(t);
  // Of one number the kernel keeps only one pending: so each is sent when the one before it was told.
  for (let n = 0; n < 200; n++) {
    process.kill(told.pid, n % 2 === 0 ? "SIGUSR1" : "SIGHUP");
    assert.equal((await told.next()).signal, n % 2 === 0 ? "SIGUSR1" : "SIGHUP");
  }
  told.process.stdin?.end();
  assert.deepEqual(await once(told.process, "exit"), [0, null]);
});
