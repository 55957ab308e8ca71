/** What entries have printed, as a client gets it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { limitsOf } from "../../src/http/limits.ts";
import { until } from "../support/until.ts";
import { openSocket } from "./opened.ts";

async function served(t: TestContext) {
  const { path, ...rest } = await openSocket(t);
  async function get(query = "", { entry = "dummy", method = "GET", last = "" } = {}): Promise<IncomingMessage> {
    const headers = last === "" ? {} : { "last-event-id": last };
    const asked = request({ socketPath: path, method, path: `/entries/${entry}/logs${query}`, headers, agent: false }).end();
    t.after(() => asked.destroy());
    const [response] = await once(asked, "response") as [IncomingMessage];
    response.on("error", () => {}); // it is cut at the end
    return response;
  }
  /** A stream, as text that grows. */
  async function follow(query: string, last = "") {
    const response = await get(query, { last });
    const seen = { text: "", response };
    response.setEncoding("utf8").on("data", (part: string) => { seen.text += part; });
    return seen;
  }
  return { ...rest, get, follow };
}

test("as text it is the newest lines, byte for byte; what comes next can be asked for", async (t) => {
  const { logs, get } = await served(t);
  const odd = Buffer.from([0xff, 0x0d, 0x41]);
  for (let n = 0; n < 200; n++) logs.print("dummy", `line ${n}`);
  logs.print("dummy", odd);
  const two = await get("?lines=2");
  assert.equal(two.headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(two.headers["log-format"], "json");
  assert.match(String(two.headers["last-event-id"]), /^7\.\d+$/);
  assert.equal(two.headers["last-modified"], "Sun, 22 Nov 2026 12:00:00 GMT");
  assert.deepEqual(await buffer(two), Buffer.concat([Buffer.from("line 199\n"), odd, Buffer.from("\n")]));
  assert.equal((await buffer(await get())).filter((byte) => byte === 10).length, 100);
  assert.equal((await buffer(await get("?lines=0"))).length, 0);
  assert.equal((await buffer(await get("?lines=5&follow=false"))).filter((byte) => byte === 10).length, 5);
  await until("all that was opened is closed", () => logs.open === 0);
});

test("a HEAD is answered as text, whatever is asked for, and holds nothing open", async (t) => {
  const { logs, get } = await served(t);
  logs.print("dummy", "line");
  const head = await get("?follow=true", { method: "HEAD" });
  assert.deepEqual([head.statusCode, await text(head)], [200, ""]);
  await until("all that was opened is closed", () => logs.open === 0);
});

test("an entry that is not there is 404, with the nearest; what cannot be is 400", async (t) => {
  const { get } = await served(t);
  const missing = await get("?follow=true", { entry: "dumy" });
  assert.equal(missing.statusCode, 404);
  const { code, detail } = JSON.parse(await text(missing)) as { code: string; detail: string };
  assert.deepEqual([code, detail], ["E_NO_SUCH_ENTRY", "there is no entry `dumy`; did you mean `dummy`?"]);
  for (const query of ["?lines=-1", "?lines=x", "?lines=1000001", "?follow=perhaps", "?line=1", "?lines=1&lines=2"]) {
    assert.equal((await get(query)).statusCode, 400, query);
  }
  assert.equal((await get("?follow=true", { last: "17" })).statusCode, 400);
  assert.equal((await get("?lines=1000000")).statusCode, 200);
});

test("who follows gets each line as an event, and comes again with its id", async (t) => {
  const { logs, follow } = await served(t);
  for (const line of ["one", "two", "", "data: four"]) logs.print("dummy", line);
  const seen = await follow("?follow=true&lines=3");
  assert.equal(seen.response.headers["content-type"], "text/event-stream");
  const last3 = ": format json\n\nid: 7.8\ndata: two\n\nid: 7.9\ndata: \n\nid: 7.20\ndata: data: four\n\n";
  await until("the last three have come", () => seen.text === last3);
  logs.print("dummy", "five");
  await until("the new one has come", () => seen.text === `${last3}id: 7.25\ndata: five\n\n`);
  const again = await follow("?follow=1&lines=3", "7.9");
  await until("the rest has come", () => again.text === ": format json\n\nid: 7.20\ndata: data: four\n\nid: 7.25\ndata: five\n\n");
});

test("bytes that no text has cannot break the events, and can be had all the same", async (t) => {
  const { logs, follow } = await served(t);
  const seen = await follow("?follow&lines=10");
  const notText = Buffer.from([0x61, 0xff, 0x62]);
  logs.print("dummy", notText);
  logs.print("dummy", "10 %\r\rid: 9");
  await until("both have come", () => seen.text.split("\n\n").length === 4);
  assert.equal(seen.text, `: format json\n\nid: 7.4\n: bytes ${notText.toString("base64")}\ndata: a\ufffdb\n\n`
    + `id: 7.16\n: bytes ${Buffer.from("10 %\r\rid: 9").toString("base64")}\ndata: 10 %\ndata: \ndata: id: 9\n\n`);
});

test("a stream ends when the listener leaves, and they are bounded", async (t) => {
  const { logs, listener, get, follow } = await served(t);
  logs.print("dummy", "line");
  const streams = await Promise.all(Array.from({ length: limitsOf("socket").followers }, () => follow("?follow=true")));
  const refused = await get("?follow=true");
  assert.equal(refused.statusCode, 429);
  assert.equal((await get()).statusCode, 200);
  await listener.drain(1000);
  await until("all have ended", () => streams.every(({ response }) => response.complete));
});

test("an entry of which nothing is kept is 404, and why", async (t) => {
  const { view, get } = await served(t);
  for (const [log, why] of [["none", /is thrown away: its option `log` is "none"/], ["inherit", /goes where that of Sentry goes/]] as const) {
    Object.assign(view, { options: () => ({ log }) });
    for (const query of ["", "?follow=true"]) {
      const refused = await get(query);
      const { code, detail } = JSON.parse(await text(refused)) as { code: string; detail: string };
      assert.deepEqual([refused.statusCode, code], [404, "E_NOT_KEPT"]);
      assert.match(detail, why);
    }
  }
});

test("where an entry has several files, an id is a place in each", async (t) => {
  const { logs, get, follow } = await served(t);
  logs.beside = [{ file: "8-ab", offset: 17 }];
  for (const line of ["one", "two"]) logs.print("dummy", line);
  assert.equal((await get()).headers["last-event-id"], "7.8_8-ab.17");
  const seen = await follow("?follow=true&lines=1");
  await until("it has come", () => seen.text.endsWith("id: 8-ab.17_7.8\ndata: two\n\n"));
  const again = await follow("?follow=true", "8-ab.17_7.4");
  await until("the rest has come", () => again.text.endsWith("id: 8-ab.17_7.8\ndata: two\n\n"));
  assert.doesNotMatch(again.text, /one/);
  assert.equal((await get("?follow=true", { last: "8-ab.17_7" })).statusCode, 400);
});

test("what is missing is told, and how much of it, where that is known", async (t) => {
  const { logs, follow } = await served(t);
  for (const dropped of [7, null]) {
    logs.dropped = dropped;
    logs.print("dummy", "line");
    const seen = await follow("?follow=true&lines=1");
    await until("it says so", () => seen.text.startsWith(`: format json\n\n: dropped ${dropped ?? "some"} bytes\n\nid: `));
  }
});

test("what keeps an entry from being followed is told in the stream, which ends", async (t) => {
  const { logs, follow } = await served(t);
  logs.failure = new Error("EMFILE: too many\nopen files");
  const seen = await follow("?follow=true");
  await until("it says so", () => seen.text === ": format json\n\n: failed: EMFILE: too many open files\n\n");
  await until("it has ended", () => seen.response.complete);
});
