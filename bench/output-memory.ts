/**
 * Does Sentry's memory stay what it is, whatever its processes print? Ten of them print as fast as they can, for ten minutes:
 * into bounded files of each format, and into compressed ones; to a terminal that nobody reads; with somebody who follows, and
 * hardly reads; onto a disk that is full; lines of 3 MiB, and bytes that are no UTF-8.
 *
 * Its resident memory is looked at once a second. What counts is how the last tenth of the time (by default a minute) differs
 * from the first one. The full disk is a small tmpfs that only Sentry sees; where this user may not mount one, it is left out.
 *
 *   node out/bench/output-memory.js [--seconds 600]
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { median } from "./support/figures.ts";
import { FILL, LENGTH, printingForEver } from "./support/printing.ts";
import { childrenOf, proportionOf, sizeOf, writtenBy } from "./support/process.ts";
import { cli, compileC, scratchFolder, writeEntries } from "./support/programs.ts";

const BETWEEN_SAMPLES = 1000;
/** Bytes that the follower reads in that time. */
const SIP = 16_384;
const LONG = 3 * 1024 * 1024;
/** In Latin-1 an é. */
const NO_UTF8 = 0xe9;

/** What the disk of the one that finds it full has room for. */
const MOUNT = 'mount -t tmpfs -o size=4m tmpfs "$FULL"';
const START = 'exec "$NODE" "$CLI" start "$CONFIG"';

interface Sample { readonly rss: number; readonly pss: number }

const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);
const folder = scratchFolder();
const program = compileC("fixtures/prints.c", folder);
const full = join(folder, "full");
mkdirSync(full);
const mayMount = canMount();

const entries = [
  printing("raw", { format: "raw" }),
  printing("prefixed", { format: "prefixed" }),
  printing("json", { format: "json" }),
  printing("raw-packed", { format: "raw", compress: true }),
  printing("json-packed", { format: "json", compress: true }),
  printing("unread", null),
  printing("followed", { format: "raw" }),
  printing("long", { format: "json" }, LONG),
  printing("bytes", { format: "json" }, LENGTH, NO_UTF8),
  ...(mayMount ? [printing("full", { format: "prefixed", file: "full/full.log" })] : []),
];
const config = writeEntries(join(folder, "all.ts"), entries, { http: false });
const terminal = startInTerminal();
const follower = await follow(join(folder, "all.run/socket"), "followed");
const [sentry = NaN] = childrenOf(terminal.pid ?? 0).map(Number);

const samples: Sample[] = [];
for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
  await pause(BETWEEN_SAMPLES);
  follower.read(SIP);
  samples.push({ rss: sizeOf(sentry).memory, pss: proportionOf(sentry) });
}
const children = childrenOf(sentry);
const printed = children.map(writtenBy).reduce((sum, more) => sum + more, 0);
const followed = !follower.destroyed;
await stop();

console.log(`output-memory: ${entries.length} printing for ${seconds} s, ${(printed / 1e9).toFixed(1)} GB in all: RSS ${growth("rss")}; PSS ${growth("pss")}`
  + `${mayMount ? "" : "; without a full disk, which takes root"}${followed ? "" : "; the follower was sent away"}`);

/** @returns the arguments of its `entry()`; null: what has no file is shown */
function printing(name: string, log: object | null, length = LENGTH, fill = FILL): unknown[] {
  const [command, ...args] = printingForEver(program, length, fill);
  return [name, command, args, log === null ? {} : { log: { file: `${name}.log`, ...log } }];
}

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "sh", "-c", MOUNT], { env: { ...process.env, FULL: full }, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** `script` makes the terminal, and stops reading it when it gets rid of nothing more itself. */
function startInTerminal(): ChildProcess {
  const words = mayMount ? `exec unshare -m sh -c '${MOUNT} && ${START}'` : START;
  const env = { ...process.env, SHELL: "/bin/sh", FULL: full, NODE: process.execPath, CLI: cli, CONFIG: config };
  const script = spawn("script", ["-qfec", words, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
  // Sentry stops where its terminal is gone.
  process.once("exit", () => script.kill());
  return script;
}

async function follow(socketPath: string, entry: string): Promise<IncomingMessage> {
  for (;;) {
    const asking = request({ socketPath, path: `/entries/${entry}/logs?follow=true`, agent: false }).end();
    try {
      const [response] = await once(asking, "response") as [IncomingMessage];
      if (response.statusCode === 200) return response;
    } catch {
      // Sentry is only just starting.
    }
    await pause(20);
  }
}

async function stop(): Promise<void> {
  const ended = once(terminal, "exit");
  follower.destroy();
  terminal.stdout?.resume();
  process.kill(sentry, "SIGTERM");
  await ended;
}

function growth(of: keyof Sample): string {
  const tenth = Math.ceil(samples.length / 10);
  const mega = (part: readonly Sample[]) => median(part.map((sample) => sample[of])) / 1024;
  const [first, last] = [mega(samples.slice(0, tenth)), mega(samples.slice(-tenth))];
  const most = Math.max(...samples.map((sample) => sample[of])) / 1024;
  return `${first.toFixed(1)} MB in the first tenth of it, in the last ${(last / first).toFixed(2)} x that (${(last - first).toFixed(1)} MB more), at most ${most.toFixed(1)} MB`;
}
