/**
 * How many requests for GET /processes does Sentry answer in a second, with 1, 100 and 1000 processes? Beside a bare
 * fastify route that sends the same bytes, in turn. Eight clients on connections of their own ask without a pause; they
 * have a core, and whoever answers has the other.
 *
 *   node out/bench/http.js [seconds] [processes …]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { inTurn, median, times } from "./support/figures.ts";
import { scratchFolder, startSentry, stopSentry, writeConfig } from "./support/programs.ts";

const CLIENTS = 8;
const ROUNDS = 5;

const [seconds = 1, ...counts] = process.argv.slice(2).map(Number);
for (const count of counts.length === 0 ? [1, 100, 1000] : counts) {
  const folder = scratchFolder();
  const sentry = startSentry(writeConfig(folder, ["sleep", "1000000"], 1000, count), "ignore");
  const ours = join(folder, "one.run/socket");
  while (await running(ours) < count) { /* asked again */ }

  const theirs = join(folder, "fastify.socket");
  writeFileSync(join(folder, "body"), (await get(ours)).body);
  const program = fileURLToPath(new URL("../../bench/peers/fastify.mjs", import.meta.url));
  const fastify = spawn(process.execPath, [program, theirs, join(folder, "body")], { stdio: ["ignore", "pipe", "inherit"] });
  await once(fastify.stdout, "data");

  const answered = await inTurn(ROUNDS, { sentry: () => load(ours), fastify: () => load(theirs) });
  fastify.kill();
  await stopSentry(sentry);
  const { sentry: we, fastify: they } = { sentry: median(answered.sentry), fastify: median(answered.fastify) };
  console.log(`http: with ${count} processes ${we.toFixed(0)} requests a second, ${times(we, they, "a bare fastify route")} (${they.toFixed(0)});`
    + ` medians of ${ROUNDS} x ${seconds} s`);
}

async function running(socket: string): Promise<number> {
  try {
    return (JSON.parse((await get(socket)).body) as { state: string }[]).filter(({ state }) => state === "running").length;
  } catch {
    return 0; // it has only just been started
  }
}

async function get(socketPath: string): Promise<{ body: string }> {
  const [response] = await once(request({ socketPath, path: "/processes", agent: false }).end(), "response") as [IncomingMessage];
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += String(chunk);
  return { body };
}

/** Answers in a second. */
async function load(path: string): Promise<number> {
  const until = performance.now() + seconds * 1000;
  const counts = await Promise.all(Array.from({ length: CLIENTS }, () => client(path, until)));
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}

/** Reads as little of an answer as it can: how long it is, and then that many bytes. */
async function client(path: string, until: number): Promise<number> {
  const socket = connect(path);
  let count = 0;
  let head = "";
  let left = 0;
  const ask = (): void => { socket.write("GET /processes HTTP/1.1\r\nHost: localhost\r\n\r\n"); };
  socket.on("data", (chunk: Buffer) => {
    if (left === 0) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]) - (head.length - end - 4);
      head = "";
    } else {
      left -= chunk.length;
    }
    if (left > 0) return;
    count++;
    if (performance.now() < until) ask();
    else socket.destroy();
  });
  await once(socket, "connect");
  ask();
  await once(socket, "close");
  return count;
}
