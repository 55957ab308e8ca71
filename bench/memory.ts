/**
 * How much memory does Sentry take with one process: before anybody has asked it anything, and after? PSS: what is shared
 * with other processes (most of Node's own text) counts in parts. Beside a Node that does nothing, in turn, so
 * that the sharing is the same for both. The keeper, a process of its own, is counted with Sentry.
 *
 *   node out/bench/memory.js [rounds]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";

import { inTurn, median, times } from "./support/figures.ts";
import { scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

// Node reads these certificates before anything else: both sides of the ratio would be about them.
delete process.env["NODE_EXTRA_CA_CERTS"];

/** Milliseconds in which a program that has nothing to do comes to rest: what is measured is not the time. */
const REST = 1500;

interface Sizes { readonly before: number; readonly after: number; readonly used: number; readonly keeper: number }

const [rounds = 5] = process.argv.slice(2).map(Number);
const folder = scratchFolder();
const config = writeConfig(folder, ["sleep", "1000000"], 1000, 1);
const socket = join(folder, "one.run/socket");

const { node, sentry } = await inTurn(rounds, {
  async node(): Promise<Sizes> {
    const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "ignore" });
    await once(bare, "spawn");
    await rest();
    const pss = pssOf(bare.pid ?? 0);
    bare.kill();
    await once(bare, "exit");
    return { before: pss, after: pss, used: pss, keeper: 0 };
  },
  async sentry(): Promise<Sizes> {
    const sentry = startSentry(config, "pipe");
    await new Promise<void>((started) => {
      sentry.stdout?.on("data", (text) => { if (String(text).includes("Started at")) started(); });
    });
    await rest();
    const pid = sentry.pid ?? 0;
    const before = pssOf(pid);
    await get("/processes");
    await rest();
    const after = pssOf(pid);
    for (let n = 0; n < 1000; n++) await get("/processes");
    await get("/metrics");
    await rest();
    const used = pssOf(pid);
    const keeper = pssOf(keeperOf(pid));
    await stopSentry(sentry);
    return { before, after, used, keeper };
  },
});

const bare = median(node.map(({ before }) => before));
const of = (name: keyof Sizes) => median(sentry.map((each) => each[name]));
console.log(`memory: PSS with one process ${mega(of("before") + of("keeper"))} MB before the first request, ${times(of("before") + of("keeper"), bare, "an idle node")}`
  + ` (${mega(bare)} MB); ${times(of("after") + of("keeper"), bare, "it")} after it; ${times(of("used") + of("keeper"), bare, "it")} after 1000 and a look at /metrics;`
  + ` of that the keeper ${mega(of("keeper"))} MB; medians of ${rounds}`);

function rest(): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, REST); });
}

async function get(path: string): Promise<void> {
  const [response] = await once(request({ socketPath: socket, path, agent: false }).end(), "response") as [IncomingMessage];
  await response.resume().toArray();
}

/** KiB. proc_pid_smaps(5) */
function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

/** A child of Sentry; by its name, which stands in brackets. proc_pid_stat(5) */
function keeperOf(sentry: number): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.find((pid) => statOf(pid).includes(`(sentry-keeper) S ${sentry} `)) ?? NaN;
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

function mega(kibibytes: number): string {
  return (kibibytes / 1024).toFixed(1);
}
