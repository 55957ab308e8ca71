import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { loadAddon } from "../../src/native/load.ts";
import { someone } from "../support/world.ts";
import { listeningAtPath } from "./socket.ts";

interface Held {
  readonly fastify: boolean;
  /** All that are set, and how many of them are set for ever. */
  readonly timers: number;
  readonly periodic: number;
  readonly by: unknown;
}

/** A process that is given a listening socket and serves it. */
async function server(t: TestContext) {
  const { path, fd } = await listeningAtPath(t);
  const serve = fileURLToPath(new URL("./serve.js", import.meta.url));
  const child = spawn(process.execPath, [serve], { stdio: ["pipe", "pipe", "inherit", fd] });
  loadAddon().close(fd);
  const gone = once(child, "close"); // from the beginning: it may be gone before the test is over
  t.after(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const tell = async (line: string): Promise<Held> => {
    child.stdin!.write(`${line}\n`);
    return JSON.parse((await lines.next()).value as string) as Held;
  };
  await tell("are you there?");
  return { path, child, tell };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
}

async function ask(path: string, method: string, url: string, agent?: Agent): Promise<Answer> {
  const asked = request({ socketPath: path, method, path: url, ...(agent && { agent }) }).end();
  const [answer] = await once(asked, "response") as [IncomingMessage];
  const { statusCode, headers, socket } = answer.resume();
  await once(answer, "end");
  return { status: statusCode ?? 0, headers, socket };
}

/** Until what the other process holds is as it should be: it learns of a closed connection in its own time. */
async function until(tell: (line: string) => Promise<Held>, holds: (held: Held) => boolean): Promise<void> {
  while (!holds(await tell("look")));
}

test("nothing is loaded, and no timer set, before somebody asks; then it is answered", async (t) => {
  const { path, tell } = await server(t);
  const silent = connect(path);
  t.after(() => silent.destroy());
  await once(silent, "connect");
  const { fastify, timers } = await tell("look");
  assert.deepEqual([fastify, timers], [false, 0]);
  assert.equal((await ask(path, "GET", "/health")).status, 200);
  assert.equal((await tell("look")).fastify, true);
});

test("while nobody is connected no timer is set; while somebody is, time-outs are looked after", async (t) => {
  const { path, tell } = await server(t);
  assert.equal((await tell("look")).timers, 0);
  for (let n = 0; n < 2; n++) {
    const agent = new Agent({ keepAlive: true });
    await ask(path, "GET", "/health", agent);
    assert.equal((await tell("look")).periodic, 1);
    agent.destroy();
    await until(tell, ({ timers }) => timers === 0); // Node keeps the text of its Date header for up to a second
  }
});

test("the connection of a stop stays open until the process is gone", async (t) => {
  const { path, child } = await server(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const { status, socket, headers } = await ask(path, "POST", "/stop", agent);
  assert.equal(status, 202);
  assert.equal(headers["keep-alive"], undefined, "the connection is to be closed after a time");
  assert.equal((await ask(path, "GET", "/health", agent)).socket, socket);
  const closed = once(socket, "close");
  child.stdin!.end();
  await closed;
});

test("a connection of the socket that is idle is looked after by nobody, and may stay", async (t) => {
  const { path, tell } = await server(t);
  const silent = connect(path);
  t.after(() => silent.destroy());
  await once(silent, "connect");
  await ask(path, "GET", "/health", new Agent());
  await until(tell, ({ timers }) => timers === 0);
});

test("who is at the other end of a connection is told with what it asked for", async (t) => {
  const { path, tell } = await server(t);
  await ask(path, "POST", "/stop");
  assert.deepEqual((await tell("look")).by, someone);
});

test("many who connect at the same time, before anything is loaded, are all answered", async (t) => {
  const { path } = await server(t);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(path, "GET", "/processes")));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test("a client that is gone before it is answered does no harm", async (t) => {
  const { path } = await server(t);
  const rude = connect(path);
  await once(rude, "connect");
  rude.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
  rude.destroy();
  assert.equal((await ask(path, "GET", "/health")).status, 200);
});

test("one who connects and goes without a word has nothing loaded", async (t) => {
  const { path, tell } = await server(t);
  const probe = connect(path).resume();
  await once(probe, "connect");
  const closed = once(probe, "close");
  probe.end();
  await closed;
  assert.equal((await tell("look")).fastify, false);
});

test("a listener that has left takes no new connection, and leaves the socket in its place", async (t) => {
  const { path, tell } = await server(t);
  await tell("drain");
  await assert.rejects(ask(path, "GET", "/health"), { code: "ECONNREFUSED" });
  assert(existsSync(path));
});
