/**
 * For how long does a reload answer nobody? A client asks over the Unix socket without a pause; what counts is the time
 * between the last answer of the old image and the first of the new one, with 1, 100 and 1000 processes. Beside
 * `node -e 0`, below which no program on Node can come back, and beside the whole reload, most of which is the trial and
 * holds nobody up.
 *
 *   node out/bench/reload.js [reloads] [processes …]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";

import { median, times } from "./support/figures.ts";
import { scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

// Node reads these certificates before anything else: both sides of the ratio would be about them.
delete process.env["NODE_EXTRA_CA_CERTS"];

const [reloads = 10, ...counts] = process.argv.slice(2).map(Number);
for (const count of counts.length === 0 ? [1, 100, 1000] : counts) {
  const folder = scratchFolder();
  const config = writeConfig(folder, ["sleep", "1000000"], 1000, count);
  const socket = join(folder, "one.run/socket");
  const sentry = startSentry(config, "ignore");
  while (await running() < count) { /* asked again */ }

  const node: number[] = [];
  const gaps: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < reloads; round++) {
    node.push(await timeOf(async () => {
      await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
    }));
    const { gap, took } = await reload();
    gaps.push(gap);
    whole.push(took);
  }
  await stopSentry(sentry);
  console.log(`reload: with ${count} processes nobody is answered for ${median(gaps).toFixed(0)} ms, ${times(median(gaps), median(node), "node -e 0")}`
    + ` (${median(node).toFixed(0)} ms); the whole reload ${times(median(whole), median(node), "it")}; medians of ${reloads}`);

  async function running(): Promise<number> {
    try {
      const processes = JSON.parse((await ask("GET", "/processes")).body) as { state: string }[];
      return processes.filter(({ state }) => state === "running").length;
    } catch {
      return 0; // it has only just been started
    }
  }

  /** Until the history says that it is done. */
  async function reload(): Promise<{ gap: number; took: number }> {
    const began = now();
    const answers: number[] = [];
    let id = Infinity;
    const asked = ask("POST", "/reload").then(({ body }) => { id = (JSON.parse(body) as { reload: number }).reload; });
    for (let done = false; !done;) {
      const lines = JSON.parse((await ask("GET", "/history?limit=5")).body) as { id: number; type: string }[];
      answers.push(now());
      done = lines.some((line) => line.type === "reloaded" && line.id === id);
    }
    await asked;
    const gap = Math.max(...answers.slice(1).map((at, index) => at - (answers[index] ?? at)));
    return { gap, took: now() - began };
  }

  function ask(method: string, path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath: socket, method, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => { body += text; });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asking.on("error", reject).end();
    });
  }
}

async function timeOf(what: () => Promise<void>): Promise<number> {
  const began = now();
  await what();
  return now() - began;
}

/** Milliseconds of CLOCK_MONOTONIC. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
