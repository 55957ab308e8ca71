import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { someone } from "../support/world.ts";

interface Held {
  readonly fastify: boolean;
  /** All that are set, and how many of them are set for ever. */
  readonly timers: number;
  readonly periodic: number;
  readonly by: unknown;
}

/**
 * A process that is given a listening socket and serves it. The socket is made here, moved (so that Node does not
 * remove it with its own server) and let go of, once the process has it.
 */
async function server(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "sentry-http-"));
  const path = join(folder, "socket");
  const made = createServer().listen(join(folder, "made"));
  await once(made, "listening");
  renameSync(join(folder, "made"), path);
  const { fd } = (made as unknown as { _handle: { fd: number } })._handle;
  const serve = fileURLToPath(new URL("./serve.js", import.meta.url));
  const child = spawn(process.execPath, [serve], { stdio: ["pipe", "pipe", "inherit", fd] });
  made.close();
  t.after(async () => {
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true });
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

test("nothing is loaded before the first connection, and then it is answered", async (t) => {
  const { path, tell } = await server(t);
  assert.equal((await tell("look")).fastify, false);
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

test("a closed listener takes no new connection, keeps those it has, and leaves the socket in its place", async (t) => {
  const { path, tell } = await server(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const { socket } = await ask(path, "GET", "/health", agent);
  await tell("close");
  await assert.rejects(ask(path, "GET", "/health"), { code: "ECONNREFUSED" });
  assert.equal((await ask(path, "GET", "/health", agent)).socket, socket);
  assert(existsSync(path));
});
