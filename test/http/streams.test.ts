/** Server-sent events, over a real connection: what a reader gets, at its own pace. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { HistoryLine } from "../../src/engine/line.ts";
import { limitsOf } from "../../src/http/limits.ts";
import type { Limits } from "../../src/http/limits.ts";
import { until } from "../support/until.ts";
import { PATIENCE } from "./images.ts";
import { openSocket as server } from "./opened.ts";
import { Wire } from "./wire.ts";

const EVENTS = "GET /events HTTP/1.1\r\nhost: x\r\n\r\n";

interface Event { readonly id: number; readonly event: string; readonly data: HistoryLine }

class Reader {
  readonly response: IncomingMessage;
  readonly #events: AsyncGenerator<Event>;

  constructor(response: IncomingMessage) {
    this.response = response;
    this.#events = parsed(response);
  }

  static async open(t: TestContext, path: string, lastEventId?: string): Promise<Reader> {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const asked = request({ socketPath: path, path: "/events", headers, agent: false }).end();
    t.after(() => asked.destroy());
    const [response] = await once(asked, "response") as [IncomingMessage];
    response.on("error", () => {}); // it is cut at the end
    return new Reader(response);
  }

  async next(): Promise<Event> {
    const { value, done } = await this.#events.next();
    assert(!done, "the stream has ended");
    return value as Event;
  }

  async ids(count: number): Promise<number[]> {
    const ids = [];
    while (ids.length < count) ids.push((await this.next()).id);
    return ids;
  }
}

async function* parsed(response: IncomingMessage): AsyncGenerator<Event> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += String(chunk);
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const [id, event, data, ...more] = text.slice(0, end).split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      assert.deepEqual(more, []);
      yield { id: Number(id), event: event ?? "", data: JSON.parse(data ?? "") as HistoryLine };
      text = text.slice(end + 2);
    }
  }
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

test("an event is told with its id, its type and all of its line", async (t) => {
  const { path, past } = await server(t);
  past.happen("before");
  const reader = await Reader.open(t, path);
  assert.equal(reader.response.headers["content-type"], "text/event-stream");
  past.happen("web\nx", 3);
  const { id, event, data } = await reader.next();
  assert.deepEqual([id, event], [2, "scaled"]);
  assert.deepEqual(data, past.lines[1]);
});

test("who says what it had last gets what has happened since, and then what happens", async (t) => {
  const { path, past } = await server(t);
  for (let n = 0; n < 100; n++) past.happen();
  const reader = await Reader.open(t, path, "40");
  past.happen();
  assert.deepEqual(await reader.ids(61), upTo(101, 41));
  past.happen();
  assert.deepEqual(await reader.ids(1), [102]);
});

test("a reader that is slower than what happens misses nothing, and nothing is kept for it", async (t) => {
  const { path, past } = await server(t);
  const reader = await Reader.open(t, path);
  const padding = "x".repeat(1000);
  for (let n = 1; n <= 5000; n++) {
    past.happen(padding);
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert(past.given < 1000, `${past.given} lines, more than the sockets between them hold, were read for one who takes none`);
  assert.deepEqual(await reader.ids(5000), upTo(5000));
  assert(past.given > 4000, `only ${past.given} lines were read from the history: the others were kept in memory`);
  past.happen();
  assert.deepEqual(await reader.ids(1), [5001]);
});

test("one that comes while something happens gets nothing twice, and nor do those who are there", async (t) => {
  const { path, past } = await server(t);
  const readers = [await Reader.open(t, path)];
  for (let n = 0; n < 20; n++) {
    past.happen();
    const coming = Reader.open(t, path, String(past.lastId - 1));
    past.happen();
    readers.push(await coming);
    past.happen();
  }
  for (const [n, reader] of readers.entries()) {
    const first = Math.max(1, 3 * n - 2);
    assert.deepEqual(await reader.ids(60 - first + 1), upTo(60, first));
  }
});

test("what the history has lost meanwhile is left out, and the ids say so", async (t) => {
  const { path, past } = await server(t);
  for (let n = 0; n < 20; n++) past.happen();
  past.lines.splice(5, 15);
  const reader = await Reader.open(t, path, "2");
  assert.deepEqual(await reader.ids(3), [3, 4, 5]);
  past.happen();
  assert.deepEqual(await reader.ids(1), [21]);
});

test("who had more than there is, because the history began anew, gets what happens from now on", async (t) => {
  const { path, past } = await server(t);
  past.happen();
  const reader = await Reader.open(t, path, "1000");
  past.happen();
  assert.deepEqual(await reader.ids(1), [2]);
});

test("a reader that goes is forgotten", async (t) => {
  const { path, past } = await server(t);
  const { response } = await Reader.open(t, path);
  assert.equal(past.listeners, 1);
  response.destroy();
  while (past.listeners > 0) await new Promise((resolve) => setImmediate(resolve));
  past.happen();
});

test("one stream too many is refused, until another ends", async (t) => {
  const { path } = await server(t);
  const readers = await Promise.all(Array.from({ length: limitsOf("socket").events }, () => Reader.open(t, path)));
  assert.deepEqual(new Set(readers.map(({ response }) => response.statusCode)), new Set([200]));
  assert.equal((await Reader.open(t, path)).response.statusCode, 429);
  readers[0]!.response.destroy();
  await until("another may come", async () => (await Reader.open(t, path)).response.statusCode === 200);
});

test("a last event that is no id is the client's mistake", async (t) => {
  const { path } = await server(t);
  assert.equal((await Reader.open(t, path, "seven")).response.statusCode, 400);
});

/** One that has taken nothing until it was dropped. */
async function asleep(t: TestContext, limits: Partial<Limits>) {
  const { path, past, told, listener } = await server(t, { events: 1, untaken: 50, ...limits });
  const wire = new Wire(t, path).write(EVENTS);
  await wire.answers(1);
  wire.socket.pause();
  while (told.length === 0) {
    past.happen("x".repeat(1000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(past.listeners, 0);
  return { path, past, told, listener, wire };
}

test("a reader that takes nothing of what is there for it is dropped; when it wakes up it reads up to there, and why", async (t) => {
  const { path, told, wire } = await asleep(t, {});
  assert.match(told.join("\n"), /^A stream over HTTP was dropped: its reader has taken nothing for 0\.05 s\.$/);
  const other = new Wire(t, path).write(EVENTS);
  await other.answers(1); // the one that sleeps does not count
  wire.socket.resume();
  await wire.says(/\n: dropped: nothing was taken for 0\.05 s\n\n\r\n0\r\n\r\n$/);
});

test("one that sleeps on is cut", async (t) => {
  const { path, wire } = await asleep(t, { connections: 1, farewell: 20 });
  await until("its connection is gone", async () => {
    const other = new Wire(t, path).write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    await Promise.race([other.closed, other.answers(1).catch(() => {})]);
    return other.got !== "";
  });
  wire.socket.resume();
  await wire.closed;
  assert.doesNotMatch(wire.got, /0\r\n\r\n$/, "the stream has ended as if it were whole");
});

test("when the listener leaves, those that sleep are not waited for", async (t) => {
  const { listener, wire } = await asleep(t, {});
  await listener.drain(PATIENCE); // no connection is left then
  wire.socket.resume();
  await wire.closed;
  assert.doesNotMatch(wire.got, /0\r\n\r\n$/, "the stream has ended as if it were whole");
});

test("a reader that takes what there is, however late that comes, is not dropped", async (t) => {
  const { path, past, told } = await server(t, { untaken: 1 });
  const reader = await Reader.open(t, path);
  await new Promise((resolve) => setTimeout(resolve, 20));
  past.happen();
  assert.deepEqual(await reader.ids(1), [1]);
  assert.deepEqual(told, []);
});
