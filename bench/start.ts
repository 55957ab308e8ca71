/**
 * How long does it take from the command `sentry start one.ts` to the `main` of the first process? Beside `node -e 0`,
 * below which no program on Node can be. Two steps on the way: the command alone (Node, and reading the words), and
 * `sentry check`, which adds the configuration in its own process: a second Node, and the compiler.
 *
 *   node out/bench/start.js [rounds]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

import { inTurn, median, times } from "./support/figures.ts";
import { cli, compileC, scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

// Node reads these certificates before anything else, which can take twice as long as all the rest of its start: both
// sides of the ratio would be about them.
delete process.env["NODE_EXTRA_CA_CERTS"];

const rounds = Number(process.argv[2] ?? 30);
const folder = scratchFolder();
const config = writeConfig(folder, [compileC("fixtures/moment.c", folder)], "1h", 1);

const took = await inTurn(rounds, {
  node: () => untilExit("-e", "0"),
  version: () => untilExit(cli, "--version"),
  check: () => untilExit(cli, "check", config),
  start: untilMain,
});
const node = median(took.node);
const { version, check, start } = { version: median(took.version), check: median(took.check), start: median(took.start) };
console.log(`start: first main after ${start.toFixed(0)} ms, ${times(start, node, "node -e 0")} (${node.toFixed(0)} ms; `
  + `sentry --version ${times(version, node, "it")}, sentry check ${times(check, node, "it")}; medians of ${rounds})`);

async function untilExit(...args: string[]): Promise<number> {
  const began = now();
  const [code] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit") as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(" ")} exited with ${code}`);
  return now() - began;
}

/** The process prints when its main began; Sentry shows it, with a label. */
async function untilMain(): Promise<number> {
  const began = now();
  const sentry = startSentry(config, "pipe");
  let shown = "";
  for await (const text of (sentry.stdout as Readable).setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    shown += String(text);
    const main = /^\S+ moment\.\d+ +(\d+)$/m.exec(shown)?.[1];
    if (main === undefined) continue;
    await stopSentry(sentry);
    return Number(main) / 1e6 - began;
  }
  throw new Error(`nothing was started:\n${shown}`);
}

/** Milliseconds of CLOCK_MONOTONIC. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
