/**
 * How long does `sentry status` take, with 100 processes? Beside `node -e 0`, below which no program on Node can be. Two steps
 * on the way: `sentry --help`, which is Node and reading the words; and the same question by a bare script, which asks for
 * the same answer over the same socket and prints it as it is.
 *
 *   node out/bench/cli.js [rounds]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { packageFolder } from "../src/native/load.ts";
import { inTurn, median, times } from "./support/figures.ts";
import { scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

// Node reads these certificates before anything else: both sides of the ratio would be about them.
delete process.env["NODE_EXTRA_CA_CERTS"];

const rounds = Number(process.argv[2] ?? 40);
const count = 100;
const folder = scratchFolder();
const config = writeConfig(folder, ["sleep", "1000000"], "1h", count);
const { bin } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { bin: { sentry: string } };
const command = join(packageFolder(), bin.sentry);

const bare = join(folder, "bare.cjs");
writeFileSync(bare, `
const socket = require("node:net").connect(${JSON.stringify(join(folder, "one.run/socket"))});
socket.write("GET /processes HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n");
socket.on("data", (part) => process.stdout.write(part));
`);

const sentry = startSentry(config, "ignore");
while (await linesOf(command, "status", config) < count + 1); // the head, and all of them
const took = await inTurn(rounds, {
  node: () => untilExit("-e", "0"),
  help: () => untilExit(command, "--help"),
  bare: () => untilExit(bare),
  status: () => untilExit(command, "status", config),
});
await stopSentry(sentry);
const node = median(took.node);
const { help, bare: asked, status } = { help: median(took.help), bare: median(took.bare), status: median(took.status) };
console.log(`cli: sentry status with ${count} processes in ${status.toFixed(0)} ms, ${times(status, node, "node -e 0")} (${node.toFixed(0)} ms; `
  + `sentry --help ${times(help, node, "it")}, a bare script that asks the same ${times(asked, node, "it")}; medians of ${rounds})`);

async function untilExit(...args: string[]): Promise<number> {
  const began = performance.now();
  const [code] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit") as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(" ")} exited with ${code}`);
  return performance.now() - began;
}

async function linesOf(...args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let lines = 0;
  for await (const text of child.stdout.setEncoding("utf8")) lines += String(text).split("\n").length - 1;
  return lines;
}
