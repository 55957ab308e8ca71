/** What the clients of a listener can use up, and that no other listener's have less for it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { Limits } from "../../src/http/limits.ts";
import { until } from "../support/until.ts";
import { PATIENCE } from "./images.ts";
import { openSocket, openTcp, TOKEN } from "./opened.ts";
import { Wire } from "./wire.ts";

const HEALTH = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";

const HISTORY = `GET /history HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;

async function tcpFor(t: TestContext, limits: Partial<Limits>) {
  const { port, past } = await openTcp(t, { limits });
  return { to: port, past };
}

async function socketFor(t: TestContext, limits: Partial<Limits>) {
  const { path, past } = await openSocket(t, limits);
  return { to: path, past };
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

async function connected(t: TestContext, to: string | number, count: number): Promise<Wire[]> {
  const wires = [];
  for (let n = 0; n < count; n++) {
    const wire = new Wire(t, to);
    await once(wire.socket, "connect");
    wires.push(wire);
  }
  return wires;
}

/** Connections that are not silent. */
async function served(t: TestContext, to: string | number, count: number): Promise<Wire[]> {
  const wires = await connected(t, to, count);
  for (const wire of wires) await wire.write(HEALTH).answers(1);
  return wires;
}

test("one connection too many is closed at once; what is open goes on", async (t) => {
  for (const { to, past } of [await tcpFor(t, { connections: 3 }), await socketFor(t, { connections: 3 })]) {
    const read = past.read.bind(past);
    const readings: (() => void)[] = [];
    past.read = async (which) => {
      await new Promise<void>((resolve) => { readings.push(resolve); });
      return read(which);
    };
    const wires = await connected(t, to, 3);
    for (const wire of wires) wire.write(HISTORY);
    await until("all are being served", () => readings.length === 3);
    const more = new Wire(t, to).write(HEALTH);
    await more.closed;
    assert.equal(more.got, "");
    for (const goOn of readings) goOn();
    for (const wire of wires) await wire.write(HEALTH).answers(2);
    wires[0]!.socket.destroy();
    for (let answered = false; !answered;) {
      const again = new Wire(t, to).write(HEALTH);
      await Promise.race([again.answers(1).catch(() => {}), again.closed]);
      answered = again.got !== "";
      again.socket.destroy();
    }
  }
});

test("over TCP the one that has rested for longest makes room; on the socket none does", async (t) => {
  const { to } = await tcpFor(t, { connections: 3 });
  const [first, second, third] = await served(t, to, 3);
  await first!.write(HEALTH).answers(2);
  await new Wire(t, to).write(HEALTH).answers(1);
  await second!.closed;
  for (const wire of [first, third]) await wire!.write(HEALTH).answers(2);
  const { path } = await openSocket(t, { connections: 3 });
  const wires = await served(t, path, 3);
  await new Wire(t, path).write(HEALTH).closed;
  for (const wire of wires) await wire.write(HEALTH).answers(2);
});

test("over TCP the connection of a stop stays, also while others need room, until the process is gone", async (t) => {
  const { to } = await tcpFor(t, { connections: 2, keepAlive: 20 });
  const wire = new Wire(t, to).write(HISTORY.replace("GET /history", "POST /stop"));
  await wire.says(/^HTTP\/1\.1 202 .*"stopping":true/s);
  assert.doesNotMatch(wire.got, /^keep-alive:/im, "the client is told that it closes");
  for (let n = 1; n <= 3; n++) {
    const [other] = await served(t, to, 1);
    await other!.closed; // it rests as long as this one
    await wire.write(HEALTH).answers(n);
  }
  await served(t, to, 1);
  await served(t, to, 1);
  await wire.write(HEALTH).answers(4);
});

test("over TCP the kernel looks whether a silent client's machine is still there", async (t) => {
  const { port } = await openTcp(t);
  const [wire] = await served(t, port, 1);
  const of = `:${hex(port)} 0100007F:${hex(wire!.socket.localPort!)} 01`;
  const line = readFileSync("/proc/self/net/tcp", "latin1").split("\n").find((each) => each.includes(of));
  assert.match(line ?? "", / 02:[0-9A-F]{8} /); // proc_net_tcp.txt: its timer is that of keep-alive
});

test("one that has said nothing makes room for one that comes later", async (t) => {
  const { port } = await openTcp(t, { limits: { connections: 10, silence: null } });
  const [talking] = await served(t, port, 1);
  const silent = await connected(t, port, 9);
  const newcomer = new Wire(t, port).write(HEALTH);
  await Promise.all([newcomer.answers(1), silent[0]!.closed]);
  await connected(t, port, 100);
  await Promise.all(silent.map(({ closed }) => closed));
  await talking!.write(HEALTH).answers(2);
  await newcomer.write(HEALTH).answers(2);
});

test("over TCP a connection on which nothing comes is closed, first or later", async (t) => {
  const { port } = await openTcp(t, { limits: { silence: 20, keepAlive: 40 } });
  const [silent] = await connected(t, port, 1);
  await silent!.closed;
  const [talking] = await served(t, port, 1);
  await talking!.closed;
});

test("where nothing is asked of the socket, its connections stay while those of TCP go", async (t) => {
  const { path } = await openSocket(t);
  const { port } = await openTcp(t, { limits: { silence: 20, keepAlive: 20 } });
  const [silent, talking] = [...await connected(t, path, 1), ...await served(t, path, 1)];
  await Promise.all([...await connected(t, port, 1), ...await served(t, port, 1)].map(({ closed }) => closed));
  await silent!.write(HEALTH).answers(1);
  await talking!.write(HEALTH).answers(2);
});

test("a header that does not end is refused in time, and so is a body", async (t) => {
  const limits = { header: 50, request: 100, look: 20 };
  for (const to of [(await openTcp(t, { limits })).port, (await openSocket(t, limits)).path]) {
    for (const half of [HEALTH.slice(0, 20), "PATCH /entries/dummy HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"]) {
      const wire = new Wire(t, to).write(half);
      await wire.closed;
      assert.match(wire.got, /HTTP\/1\.1 408 .*"code":"E_TIMEOUT"\}$/s);
    }
  }
});

test("the second request on a connection has to come in time as well", async (t) => {
  const { path } = await openSocket(t, { header: 50, request: 50, look: 20 });
  const wire = new Wire(t, path).write(HEALTH);
  await wire.answers(1);
  wire.write("G");
  await wire.closed;
  assert.match(wire.got, /HTTP\/1\.1 408 /);
});

test("bytes that come one by one do not make a header last longer", async (t) => {
  const { port } = await openTcp(t, { limits: { header: 60, request: 60, look: 20 } });
  const wire = new Wire(t, port).write("GET /health HTTP/1.1\r\n");
  const drip = setInterval(() => wire.socket.writable && wire.write("x: y\r\n"), 5);
  await wire.closed;
  clearInterval(drip);
  assert.match(wire.got, /^HTTP\/1\.1 408 /);
});

test("over TCP an answer that nobody takes is cut", async (t) => {
  const { port, past, listener } = await openTcp(t, { limits: { stall: 50 } });
  for (let n = 0; n < 10_000; n++) past.happen("x".repeat(1000));
  const token = `authorization: Bearer ${TOKEN}\r\n`;
  const wire = new Wire(t, port).write(`GET /history?limit=10000 HTTP/1.1\r\nhost: localhost\r\n${token}\r\n`);
  await wire.answers(1);
  wire.socket.pause();
  await listener.drain(PATIENCE); // it waits for answers, so there is none any more
  wire.socket.resume();
  await wire.closed;
  assert.ok(wire.got.length < 10_000_000, "all of it was sent");
});

test("a flood on TCP leaves room for those who come by the socket", async (t) => {
  const { path } = await openSocket(t);
  const { port } = await openTcp(t, { limits: { connections: 8, header: 50, request: 50, look: 20 } });
  const flood = Array.from({ length: 200 }, () => new Wire(t, port).write("GET /"));
  await Promise.all(Array.from({ length: 20 }, async () => { await new Wire(t, path).write(HEALTH).answers(1); }));
  await Promise.all(flood.slice(0, 100).map(({ closed }) => closed));
});
