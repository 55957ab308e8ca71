/** Lines of several logs, in the order of their clocks. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Dating, newestOf } from "../src/merging.ts";

const BERLIN = 3600;

interface Dated { readonly line: string; readonly time: number }

/** Lines of which each begins with its time; the last was printed then, in a zone so many seconds ahead. */
async function* log(lines: readonly string[], printedAt: string, zone = 0): AsyncGenerator<Dated[]> {
  const dating = new Dating(Date.parse(printedAt) / 1000 - zone);
  const all = lines.toReversed().map((line) => ({ line, time: dating.timeOf(line) }));
  for (const [from, to] of [[0, 1], [1, 1], [1, 3], [3, 100]]) yield all.slice(from, to);
}

/** Oldest first. */
async function newest(logs: AsyncGenerator<Dated[]>[], wanted = 100): Promise<string[]> {
  const lines: string[] = [];
  for await (const { line } of newestOf(logs, wanted)) lines.unshift(line);
  return lines;
}

const web = () => log(["10:00:00 web a", "10:00:02 web b", "10:00:04 web c"], "2026-11-22T10:00:04Z");
const db = () => log(["10:00:01 db a", "10:00:03 db b"], "2026-11-22T10:00:03Z");

test("lines come in the order of their clocks, and the newest are kept", async () => {
  const all = ["10:00:00 web a", "10:00:01 db a", "10:00:02 web b", "10:00:03 db b", "10:00:04 web c"];
  assert.deepEqual(await newest([web(), db()]), all);
  assert.deepEqual(await newest([web(), db()], 2), all.slice(-2));
  assert.deepEqual(await newest([web(), db()], 0), []);
  assert.deepEqual(await newest([log([], "2026-11-22T10:00:00Z")]), []);
});

test("no more is read of a log than is needed", async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Dated[]> {
    for (;;) yield [{ line: `${read++}`, time: 0 }];
  }
  assert.equal((await newest([endless(), web()], 10)).length, 10);
  assert.equal(read, 7);
});

test("an entry that was silent since yesterday comes first, whatever its clock shows", async () => {
  const old = log(["23:00:00 old"], "2026-11-21T23:00:00Z");
  const one = log(["23:59:59 web a", "00:00:01 web b"], "2026-11-22T00:00:01Z");
  const other = log(["23:59:58 db a", "00:00:02 db b"], "2026-11-22T00:00:02Z");
  assert.deepEqual(await newest([one, old, other]), ["23:00:00 old", "23:59:58 db a", "23:59:59 web a", "00:00:01 web b", "00:00:02 db b"]);
});

test("clocks of another zone are the same clocks", async () => {
  const one = log(["11:00:00 web"], "2026-11-22T11:00:05Z", BERLIN);
  const other = log(["11:00:01 db"], "2026-11-22T11:00:01Z", BERLIN);
  assert.deepEqual(await newest([other, one]), ["11:00:00 web", "11:00:01 db"]);
});

test("lines of one entry stay in their order, also where they have none or have overtaken each other", async () => {
  const one = log(["10:00:00 a", "raw", "10:00:05 b", "10:00:04 c", "raw too"], "2026-11-22T10:00:05Z");
  const all = await newest([one, log(["10:00:03 d"], "2026-11-22T10:00:03Z")]);
  assert.deepEqual(all.filter((line) => !line.endsWith("d")), ["10:00:00 a", "raw", "10:00:05 b", "10:00:04 c", "raw too"]);
  assert.equal(all.indexOf("10:00:03 d"), 1);
});

test("a file's time may be a tick behind the line's own", async () => {
  const one = log(["10:00:01 web"], "2026-11-22T10:00:00Z");
  assert.deepEqual(await newest([one, log(["09:59:59 db"], "2026-11-22T09:59:59Z")]), ["09:59:59 db", "10:00:01 web"]);
});

test("objects say when they were printed, to the microsecond", async () => {
  const json = (at: string): string => `{"at":"2026-11-22T10:00:0${at}Z","entry":"web"}`;
  const one = log([json("1.000001"), json("2.000003"), "torn"], "2026-11-25T00:00:00Z");
  const other = log([json("1.000002"), json("2.000002")], "2026-11-25T00:00:00Z");
  assert.deepEqual(await newest([one, other]), [json("1.000001"), json("1.000002"), json("2.000002"), json("2.000003"), "torn"].sort(
    (a, b) => Number(a === "torn") - Number(b === "torn")));
});

test("a line of Sentry's own that says when it was written dates those before it, however long it was silent", async () => {
  const epoch = Date.parse("2026-11-19T10:00:00Z") / 1000;
  const web3 = log(["09:59:00 web", `10:00:00 web.17      Started at ${epoch}.`, "11:00:00 web"], "2026-11-22T11:00:00Z");
  const db2 = log(["09:30:00 db"], "2026-11-20T09:30:00Z");
  assert.deepEqual((await newest([web3, db2])).map((line) => line.slice(0, 12)), ["09:59:00 web", "10:00:00 web", "09:30:00 db", "11:00:00 web"]);
  // One that a process has printed is believed only as far as its label agrees.
  const fake = new Dating(epoch);
  fake.timeOf("10:00:00 web x");
  assert.equal(fake.timeOf("09:59:59 web.17      Started at 1334081871."), epoch - 1);
});
