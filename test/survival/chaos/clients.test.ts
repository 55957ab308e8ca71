/** The clients of the experiment, shown servers that fail them. A client that never fails would prove nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { until } from "../../support/until.ts";
import { byHand, connectingAnew, halfHearted, keepingAlive } from "./clients.ts";
import { Dice } from "./dice.ts";
import { Stream } from "./stream.ts";

const ALL = { keepingAlive, connectingAnew, byHand, halfHearted };
const GOOD = JSON.stringify([{ id: "x:0", pid: 1 }, { id: "x:1", pid: null }]);

type Answer = (response: ServerResponse, n: number, request: IncomingMessage) => void;

/** A server at a path; it counts the requests from 1. */
async function served(t: TestContext, answer: Answer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "clients-"));
  let n = 0;
  const server = createServer((request, response) => answer(response, ++n, request)).listen(join(folder, "socket"));
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return join(folder, "socket");
}

const say = (response: ServerResponse, text = GOOD, status = 200): void => {
  response.writeHead(status, { "Content-Length": text.length }).end(text);
};

/** Each client's failures after some requests. */
async function failures(t: TestContext, answer: Answer): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, make] of Object.entries(ALL)) {
    const client = make(await served(t, answer), new Dice(1));
    await until("it has asked ten times", () => client.asked >= 10);
    await client.end();
    found[name] = client.failures;
  }
  return found;
}

suite("the clients of the experiment", { concurrency: 4 }, () => {
  test("are content with good answers, also where each is the last on its connection", async (t) => {
    const none = { keepingAlive: [], connectingAnew: [], byHand: [], halfHearted: [] };
    assert.deepEqual(await failures(t, (response) => say(response)), none);
    assert.deepEqual(await failures(t, (response) => say(response.setHeader("Connection", "close"))), none);
  });

  const bad: Record<string, Answer> = {
    "a connection that is cut": (response, n) => (n % 4 === 0 ? response.destroy() : say(response)),
    "an answer that is cut": (response, n) => {
      if (n % 4 !== 0) return say(response);
      response.writeHead(200, { "Content-Length": GOOD.length }).write(GOOD.slice(5), () => response.destroy());
    },
    "another status": (response, n) => say(response, GOOD, n % 4 === 0 ? 503 : 200),
    "a process that is shown twice": (response) => say(response, JSON.stringify([{ id: "x:0", pid: 1 }, { id: "x:1", pid: 1 }])),
    "a slot that is shown twice": (response) => say(response, JSON.stringify([{ id: "x:0", pid: 1 }, { id: "x:0", pid: 2 }])),
  };
  for (const [what, answer] of Object.entries(bad)) {
    test(`each tell ${what}`, async (t) => {
      for (const [name, told] of Object.entries(await failures(t, answer))) assert.notDeepEqual(told, [], `${name} was content`);
    });
  }

  test("tell a server that is not there", async () => {
    const client = connectingAnew("/nowhere/at/all", new Dice(1));
    await until("it has asked", () => client.asked > 0);
    await client.end();
    assert.match(client.failures[0] ?? "", /ENOENT/);
  });
});

/** Events of a stream: each connection gets some more of them. */
const event = (id: number, of = id): string =>
  `id: ${id}\nevent: started\ndata: ${JSON.stringify({ id: of, type: "started" })}\n\n`;

async function streamOf(t: TestContext, parts: (after: number) => string, cut = false): Promise<Stream> {
  const stream = new Stream(await served(t, (response, _, request) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(parts(Number(request.headers["last-event-id"])), () => (cut ? response.destroy() : response.end()));
  }));
  await until("it has come back three times", () => stream.connections > 3);
  await stream.end();
  return stream;
}

suite("the reader of the event stream", { concurrency: 4 }, () => {
  test("is content with one that ends and goes on where it was, and drops half an event at its end", async (t) => {
    const half = (id: number): string => event(id).slice(0, -5);
    const stream = await streamOf(t, (after) => `: hello\n\n${event(after + 1)}${event(after + 2)}${half(after + 3)}`);
    assert.deepEqual(stream.failures, []);
    assert.deepEqual([...stream.seen.keys()].slice(0, 6), [1, 2, 3, 4, 5, 6]);
  });

  test("tells an id that is missing, one that comes twice, and an event that is not what it says", async (t) => {
    const told = async (parts: (after: number) => string): Promise<string> => (await streamOf(t, parts)).failures[0] ?? "";
    assert.match(await told((after) => event(after + 1) + event(after + 3)), /after the event 1 comes 3 \(started\)/);
    assert.match(await told((after) => event(after + 1) + event(after + 1)), /after the event 1 comes 1/);
    assert.match(await told((after) => event(after + 1, after + 2)), /not what it says/);
  });

  test("tells a stream that is cut and not ended", async (t) => {
    assert.notDeepEqual((await streamOf(t, (after) => event(after + 1), true)).failures, []);
  });
});
