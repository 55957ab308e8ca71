/** Lines of several entries, in the order of their clocks. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { newestOf } from "../../src/cli/merging.ts";

const BERLIN = 3600;

/** Lines of which each begins with its time; the last was printed then, in a zone so many seconds ahead. */
function log(lines: readonly string[], printedAt: string, zone = 0) {
  return { lines: lines.map((line) => Buffer.from(`${line}\n`)), printedAt: Date.parse(printedAt) / 1000 - zone };
}

const newest = (logs: Parameters<typeof newestOf>[0], wanted = 100): string[] =>
  newestOf(logs, wanted).map((line) => line.toString().trimEnd());

test("lines come in the order of their clocks, and the newest are kept", () => {
  const web = log(["10:00:00 web a", "10:00:02 web b", "10:00:04 web c"], "2026-11-22T10:00:04Z");
  const db = log(["10:00:01 db a", "10:00:03 db b"], "2026-11-22T10:00:03Z");
  assert.deepEqual(newest([web, db]), ["10:00:00 web a", "10:00:01 db a", "10:00:02 web b", "10:00:03 db b", "10:00:04 web c"]);
  assert.deepEqual(newest([web, db], 2), ["10:00:03 db b", "10:00:04 web c"]);
  assert.deepEqual(newest([web, db], 0), []);
  assert.deepEqual(newest([log([], "2026-11-22T10:00:00Z")]), []);
});

test("an entry that was silent since yesterday comes first, whatever its clock shows", () => {
  const old = log(["23:00:00 old"], "2026-11-21T23:00:00Z");
  const web = log(["23:59:59 web a", "00:00:01 web b"], "2026-11-22T00:00:01Z");
  const db = log(["23:59:58 db a", "00:00:02 db b"], "2026-11-22T00:00:02Z");
  assert.deepEqual(newest([web, old, db]), ["23:00:00 old", "23:59:58 db a", "23:59:59 web a", "00:00:01 web b", "00:00:02 db b"]);
});

test("clocks of another zone are the same clocks", () => {
  const web = log(["11:00:00 web"], "2026-11-22T11:00:05Z", BERLIN);
  const db = log(["11:00:01 db"], "2026-11-22T11:00:01Z", BERLIN);
  assert.deepEqual(newest([db, web]), ["11:00:00 web", "11:00:01 db"]);
});

test("lines of one entry stay in their order, also where they have none or have overtaken each other", () => {
  const web = log(["10:00:00 a", "raw", "10:00:05 b", "10:00:04 c", "raw too"], "2026-11-22T10:00:05Z");
  const db = log(["10:00:03 d"], "2026-11-22T10:00:03Z");
  const all = newest([web, db]);
  assert.deepEqual(all.filter((line) => !line.endsWith("d")), ["10:00:00 a", "raw", "10:00:05 b", "10:00:04 c", "raw too"]);
  assert.equal(all.indexOf("10:00:03 d"), 1);
});

test("a file's time may be a tick behind the line's own", () => {
  const web = log(["10:00:01 web"], "2026-11-22T10:00:00Z");
  const db = log(["09:59:59 db"], "2026-11-22T09:59:59Z");
  assert.deepEqual(newest([web, db]), ["09:59:59 db", "10:00:01 web"]);
});
