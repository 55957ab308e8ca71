/** What clients notice of it when the listener leaves its connections to the next: nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { Planned, Reloading } from "../../src/http/view.ts";
import { hammering, Images, PATIENCE, SWITCHES, untilTrue } from "./images.ts";
import { listeningAtPath, listeningAtPort } from "./socket.ts";
import { Wire } from "./wire.ts";

const HEALTH = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

async function server(t: TestContext) {
  const { path, fd } = await listeningAtPath(t);
  return { path, images: new Images(t, fd) };
}

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly socket: Socket;
}

/** @param agent false: on a connection of its own */
async function ask(path: string, agent: Agent | false, url = "/processes", method = "GET"): Promise<Answer> {
  const asked = request({ socketPath: path, method, path: url, agent }).end();
  const [answer] = await once(asked, "response") as [IncomingMessage];
  const { statusCode, headers, socket } = answer.resume();
  await once(answer, "end");
  return { status: statusCode ?? 0, connection: headers.connection, socket };
}

function keepingAlive(t: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  return agent;
}

test("clients that keep their connections and ask all the time notice nothing of 20 switches", async (t) => {
  const { path, images } = await server(t);
  const agents = Array.from({ length: 4 }, () => keepingAlive(t));
  const sockets = new Set<Socket>();
  let turn = 0;
  await hammering(images, async () => {
    const { status, socket } = await ask(path, agents[turn++ % agents.length]!);
    assert.equal(status, 200);
    sockets.add(socket);
  }, 4);
  assert.equal(sockets.size, 4, "none of their connections was closed");
  assert.equal(images.handed.at(-1), 4);
});

test("clients that connect anew each time notice nothing of 20 switches", async (t) => {
  const { path, images } = await server(t);
  await hammering(images, async () => { assert.equal((await ask(path, false)).status, 200); }, 4);
});

test("fetch over TCP notices nothing of 20 switches", async (t) => {
  const { url, fd } = await listeningAtPort();
  await hammering(new Images(t, fd, "tcp"), async () => {
    const answer = await fetch(`${url}/processes`);
    assert.equal((await answer.json() as unknown[]).length, 1);
  }, 4);
});

test("a client that sends several requests at once gets all answers, whatever switches meanwhile", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path);
  let sent = 0;
  await hammering(images, async () => {
    wire.write(HEALTH.repeat(5));
    await wire.answers(sent += 5);
  });
  assert.equal(images.handed.at(-1), 1);
});

test("a request whose half has come is waited for; its connection goes over once it is answered", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path).write(HEALTH);
  await wire.answers(1);
  wire.write(HEALTH + HEALTH.slice(0, 20));
  await wire.answers(2);
  const left = images.now.drain(PATIENCE);
  await new Promise((resolve) => setImmediate(resolve));
  wire.write(HEALTH.slice(20));
  await wire.answers(3);
  images.follow(await left);
  assert.deepEqual(images.handed, [1]);
  await wire.write(HEALTH).answers(4);
});

test("a request whose other half does not come is cut when the patience is over", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path).write(HEALTH + HEALTH.slice(0, 20));
  await wire.answers(1);
  await images.switch(50);
  await wire.closed;
  assert.deepEqual(images.handed, [0]);
});

test("a time in which this process is not let run is not all of the patience: what came meanwhile is read", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path).write(HEALTH + HEALTH.slice(0, 20));
  await wire.answers(1);
  const left = images.now.drain(50);
  wire.write(HEALTH.slice(20));
  for (const begun = performance.now(); performance.now() - begun < 100;) continue;
  images.follow(await left);
  assert.deepEqual(images.handed, [1]);
  await wire.write(HEALTH).answers(3);
});

test("one that was answered before all of it had come goes over once the rest has", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path).write("POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n12");
  while (!wire.got.includes("E_METHOD")) await once(wire.socket, "data");
  const left = images.now.drain(PATIENCE);
  await new Promise((resolve) => setImmediate(resolve));
  wire.write("34");
  images.follow(await left);
  assert.deepEqual(images.handed, [1]);
  await wire.write(HEALTH).answers(1);
});

test("a connection on which nothing was asked yet goes over, and then is answered", async (t) => {
  const { path, images } = await server(t);
  const silent = new Wire(t, path);
  await once(silent.socket, "connect");
  await ask(path, false); // by then it has been accepted
  await images.switch();
  await images.switch();
  assert.deepEqual(images.handed, [1, 1]);
  await silent.write(HEALTH).answers(1);
});

test("who asks the first thing of all, for which everything has to be loaded, is answered all the same", async (t) => {
  const { path, images } = await server(t);
  const wire = new Wire(t, path).write(HEALTH);
  await once(wire.socket, "connect");
  await new Promise((resolve) => setImmediate(resolve));
  await images.switch();
  await wire.answers(1);
});

test("what takes its time is answered before the switch, on a connection that stays", async (t) => {
  const { path, images } = await server(t);
  const agent = keepingAlive(t);
  let plan: (planned: Planned) => void = () => {};
  let asked = false;
  images.of.view.plan = () => {
    asked = true;
    return new Promise((resolve) => { plan = resolve; });
  };
  const answer = ask(path, agent, "/plan", "POST");
  await untilTrue(() => asked);
  const switched = images.switch();
  plan({ kind: "plan", changes: [] });
  await switched;
  assert.equal((await answer).status, 200);
  assert.equal((await ask(path, agent)).socket, (await answer).socket);
});

test("an answer that is larger than the sockets hold is sent to its end", async (t) => {
  const { path, images } = await server(t);
  for (let n = 0; n < 10_000; n++) images.of.past.happen("x".repeat(500));
  const wire = new Wire(t, path).write("GET /history?limit=10000 HTTP/1.1\r\nhost: x\r\n\r\n");
  await wire.answers(1);
  wire.socket.pause();
  const switched = images.switch();
  await new Promise((resolve) => setImmediate(resolve));
  wire.socket.resume();
  await switched;
  await wire.write(HEALTH).answers(2);
  assert.equal(wire.got.match(/"id":/g)?.length, 10_000);
});

test("what takes longer than the patience is cut", async (t) => {
  const { path, images } = await server(t);
  let asked = false;
  images.of.view.plan = () => {
    asked = true;
    return new Promise(() => {});
  };
  const cut = assert.rejects(ask(path, keepingAlive(t), "/plan", "POST"), { code: "ECONNRESET" });
  await untilTrue(() => asked);
  await images.switch(20);
  await cut;
});

for (const url of ["/reload", "/%72eload"]) test(`who asked for the reload by ${url} is not waited for, and answered last; then its connection closes`, async (t) => {
  const { path, images } = await server(t);
  let done: (reloading: Reloading) => void = () => {};
  let asked = false;
  images.of.view.reload = () => {
    asked = true;
    return new Promise((resolve) => { done = resolve; });
  };
  const agent = keepingAlive(t);
  const answer = ask(path, agent, url, "POST");
  await untilTrue(() => asked);
  const left = await images.now.drain(PATIENCE);
  assert.deepEqual(left, []);
  const finished = images.now.finish(PATIENCE);
  done({ kind: "done", id: 1 });
  await finished;
  const { status, connection, socket } = await answer;
  assert.deepEqual([status, connection], [202, "close"]);
  images.follow(left);
  assert.notEqual((await ask(path, agent)).socket, socket);
});

test("a reload that is never answered is cut when the patience is over", async (t) => {
  const { path, images } = await server(t);
  let asked = false;
  images.of.view.reload = () => {
    asked = true;
    return new Promise(() => {});
  };
  const cut = assert.rejects(ask(path, keepingAlive(t), "/reload", "POST"), { code: "ECONNRESET" });
  await untilTrue(() => asked);
  await images.now.drain(PATIENCE);
  await images.now.finish(20);
  await cut;
});

test("event streams end with a switch, and those who come again miss nothing and get nothing twice", async (t) => {
  const { path, images } = await server(t);
  const { past } = images.of;
  const agent = keepingAlive(t);
  const seen: number[] = [];
  let over = false;
  const reader = (async () => {
    while (!over) {
      const asked = request({ socketPath: path, path: "/events", agent, headers: { "last-event-id": String(seen.at(-1) ?? 0) } }).end();
      const [stream] = await once(asked, "response") as [IncomingMessage];
      let text = "";
      for await (const chunk of stream.setEncoding("utf8")) {
        text += String(chunk);
        for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
          seen.push(Number(/^id: (\d+)$/m.exec(text.slice(0, end))?.[1]));
          text = text.slice(end + 2);
        }
      }
      assert.equal(text, "", "an event was cut in two");
    }
  })();
  for (let n = 0; n < SWITCHES; n++) {
    for (let k = 0; k < 25; k++) past.happen();
    if (n % 2 === 0) await untilTrue(() => seen.length > n * 20);
    await images.switch();
  }
  await untilTrue(() => seen.length === past.lastId);
  over = true;
  await images.switch();
  await reader;
  assert.deepEqual(seen, past.lines.map(({ id }) => id));
  assert.equal(past.listeners, 0);
});

test("a client that says no more, or is gone, does not hold a switch up", async (t) => {
  const { path, images } = await server(t);
  const done = new Wire(t, path).write(HEALTH);
  await done.answers(1);
  done.socket.end();
  await done.closed;
  const gone = new Wire(t, path).write(HEALTH.slice(0, 20));
  await once(gone.socket, "connect");
  gone.socket.destroy();
  await images.switch();
  await images.switch();
  assert.equal((await ask(path, false)).status, 200);
});
