import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { setImmediate as others } from "node:timers/promises";

import fc from "fast-check";

import type { HistoryLine } from "../../src/engine/line.ts";
import { History, readPast } from "../../src/survival/history.ts";
import type { Writing } from "../../src/survival/history.ts";
import { pathIn } from "./folder.ts";
import { BOOT, INSTANCE, linesOf, record } from "./records.ts";

function open(path: string, more: Partial<Writing> = {}): History {
  return History.open(path, {
    lastId: 0, instance: INSTANCE, boot: BOOT, onTrouble: (message) => assert.fail(message), onGrown: () => {}, ...more,
  });
}

function idsIn(path: string): number[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line) => (JSON.parse(line) as HistoryLine).id);
}

async function all(lines: AsyncIterable<HistoryLine>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of lines) ids.push(id);
  return ids;
}

/** As `prlimit --fsize` has it: no file of this process may grow beyond that. Node ignores SIGXFSZ, so a write fails. */
function limitFiles(bytes: number | "unlimited"): void {
  const { status } = spawnSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]);
  assert.equal(status, 0);
}

test("a record is one line of JSON, in the file before anybody hears of it", (t) => {
  const path = pathIn(t, "history");
  const history = open(path);
  const heard: [HistoryLine, string][] = [];
  const end = history.subscribe((line) => heard.push([line, readFileSync(path, "utf8")]));
  const line = history.append(record.started(7));
  end();
  history.append(record.exited(7));
  assert.equal(heard.length, 1);
  assert.equal(heard[0]?.[0], line);
  assert.equal(heard[0][1], `${JSON.stringify(line)}\n`);
  assert.deepEqual([line.id, line["mark"], line["boot"]], [1, `${INSTANCE}.7`, BOOT]);
  assert.deepEqual(idsIn(path), [1, 2]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  history.close();
});

test("a listener that fails keeps nobody else from hearing", async (t) => {
  const history = open(pathIn(t, "history"));
  const errors: unknown[] = [];
  const catcher = (error: unknown): void => { errors.push(error); };
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", catcher);
  t.after(() => {
    process.off("uncaughtException", catcher);
    for (const listener of listeners) process.on("uncaughtException", listener);
  });
  const heard: number[] = [];
  history.subscribe(() => { throw new Error("deaf"); });
  history.subscribe(({ id }) => heard.push(id));
  history.append(record.started(1));
  await others();
  assert.deepEqual(heard, [1]);
  assert.deepEqual(errors.map((error) => (error as Error).message), ["deaf"]);
  history.close();
});

test("ids go on where the file, or whoever knows more, has left off; half a line at the end is cut off", async (t) => {
  const path = pathIn(t, "history");
  let history = open(path);
  for (const run of [1, 2, 3]) history.append(record.started(run));
  history.close();
  appendFileSync(path, '{"id":4,"at":"2026-1');
  history = open(path);
  assert.equal(history.lastId, 3);
  assert.equal(history.append(record.exited(3)).id, 4);
  history.close();
  assert.deepEqual(idsIn(path), [1, 2, 3, 4]);

  appendFileSync(path, "garbage\n{}\nnull\n7\n");
  assert.equal(open(path, { lastId: 2 }).lastId, 4);
  history = open(path, { lastId: 900 });
  assert.equal(history.append(record.started(5)).id, 901);
  assert.deepEqual((await history.read({ limit: 10 })).map(({ id }) => id), [1, 2, 3, 4, 901]);
  assert.deepEqual(await all(history.since(3)), [4, 901]);
  history.close();
  writeFileSync(path, "x".repeat(200_000));
  history = open(path, { lastId: 5 });
  assert.equal(history.append(record.started(6)).id, 6);
  assert.deepEqual(idsIn(path), [6]);
  history.close();
});

test("the newest are read from the end, of one entry or of all, oldest first", async (t) => {
  const history = open(pathIn(t, "history"));
  for (let run = 1; run <= 3000; run++) history.append(record.started(run, { entry: run % 3 === 0 ? "db" : "web" }));
  const ids = async (query: Parameters<History["read"]>[0]): Promise<number[]> => (await history.read(query)).map(({ id }) => id);
  assert.deepEqual(await ids({ limit: 3 }), [2998, 2999, 3000]);
  assert.deepEqual(await ids({ limit: 2, entry: "db" }), [2997, 3000]);
  assert.deepEqual(await ids({ limit: 2, entry: "nobody" }), []);
  assert.deepEqual(await ids({ limit: 5, after: 2999 }), [3000]);
  assert.deepEqual(await ids({ limit: 0 }), []);
  assert.equal((await ids({ limit: 5000 })).length, 3000);
  assert.deepEqual((await ids({ limit: 5000, entry: "db" })).slice(0, 2), [3, 6]);
  history.close();
});

test("who reads on from an id gets every line after it once, also those written meanwhile", async (t) => {
  const history = open(pathIn(t, "history"));
  for (let run = 1; run <= 1000; run++) history.append(record.started(run));
  const ids: number[] = [];
  for await (const { id } of history.since(10)) {
    ids.push(id);
    if (id % 100 === 0 && id <= 1000) history.append(record.exited(id));
  }
  assert.deepEqual(ids, Array.from({ length: 1000 }, (_, index) => index + 11));
  assert.deepEqual(await all(history.since(1010)), []);
  assert.deepEqual(await all(history.since(99_999)), []);
  history.close();
});

test("on a full disk lines wait in memory, in order, and are written when there is space again", async (t) => {
  const path = pathIn(t, "history");
  const told: string[] = [];
  const history = open(path, { onTrouble: (message) => told.push(message) });
  history.append(record.started(1));
  t.after(() => limitFiles("unlimited"));
  limitFiles(statSync(path).size + 100); // half a line fits
  for (let run = 2; run <= 50; run++) history.append(record.started(run));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /history cannot be written: .*Up to 1 MiB of it waits in memory\.$/);
  assert.deepEqual((await history.read({ limit: 2 })).map(({ id }) => id), [49, 50]);
  assert.deepEqual(await all(history.since(47)), [48, 49, 50]);

  limitFiles("unlimited");
  history.append(record.started(51));
  assert.deepEqual(idsIn(path), Array.from({ length: 51 }, (_, index) => index + 1));
  assert.match(told[1] ?? "", /is written again; nothing was lost\.$/);
  assert.equal(told.length, 2);
  history.close();
});

test("what waits is bounded: the oldest lines are dropped, counted, and missing in the ids", (t) => {
  const path = pathIn(t, "history");
  const told: string[] = [];
  const history = open(path, { onTrouble: (message) => told.push(message) });
  t.after(() => limitFiles("unlimited"));
  limitFiles(10);
  for (let run = 1; run <= 6000; run++) history.append(record.started(run));
  limitFiles("unlimited");
  history.append(record.started(6001));
  const ids = idsIn(path);
  assert.equal(ids.at(-1), 6001);
  assert.deepEqual(ids, ids.map((_, index) => (ids[0] ?? 0) + index));
  assert.match(told.at(-1) ?? "", new RegExp(`; ${6001 - ids.length} lines were lost meanwhile\\.$`));
  assert(statSync(path).size < 1.1 * 1024 * 1024 && statSync(path).size > 0.9 * 1024 * 1024);
  history.close();
});

test("above 64 MiB the oldest lines are dropped, whoever reads goes on reading, and a snapshot is due", async (t) => {
  const path = pathIn(t, "history");
  const line = `${JSON.stringify({ ...linesOf([record.started(1)])[0], more: "x".repeat(64 * 1024) })}\n`;
  const count = Math.floor(64 * 1024 * 1024 / line.length);
  writeFileSync(path, Array.from({ length: count }, (_, index) => line.replace('"id":1,', `"id":${index + 1},`)).join(""));
  let grown = 0;
  const history = open(path, { onGrown: () => grown++ });
  const reading = history.since(count - 2);
  assert.equal((await reading.next()).value?.id, count - 1);
  while (statSync(path).size > 50 * 1024 * 1024) history.append(record.started(history.lastId));
  assert.equal(grown, 0, "it is called from within");
  await others();
  assert.equal(grown, 1);
  history.append(record.started(1));
  const rest = await all(reading);
  assert.deepEqual([rest[0], rest.at(-1), rest.length], [count, history.lastId, history.lastId - count + 1]);
  const ids = idsIn(path);
  assert.equal(ids.at(-1), history.lastId);
  assert.deepEqual(ids, ids.map((_, index) => (ids[0] ?? 0) + index));
  assert.deepEqual(readdirSync(dirname(path)), [basename(path)]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  history.close();
});

test("every 4 MiB a snapshot is due", async (t) => {
  let grown = 0;
  const history = open(pathIn(t, "history"), { onGrown: () => grown++ });
  const long = "x".repeat(64 * 1024);
  for (let n = 0; n < 63; n++) history.append(record.fault(1, { message: long }));
  await others();
  assert.equal(grown, 0);
  for (let n = 0; n < 64; n++) history.append(record.fault(1, { message: long }));
  await others();
  assert.equal(grown, 1);
  history.close();
});

test("a file that somebody deletes is written on, and can be read, as long as it is open", async (t) => {
  const path = pathIn(t, "history");
  const history = open(path);
  history.append(record.started(1));
  rmSync(path);
  history.append(record.exited(1));
  assert.deepEqual(await all(history.since(0)), [1, 2]);
  history.close();
});

test("a link, a folder, or a FIFO in its place is not used", (t) => {
  const path = pathIn(t, "history");
  const target = pathIn(t, "target");
  symlinkSync(target, path);
  assert.throws(() => open(path), { code: "ELOOP" });
  assert.throws(() => readPast(path, 0), { code: "ELOOP" });
  assert.throws(() => lstatSync(target), { code: "ENOENT" });
  rmSync(path);
  mkdirSync(path);
  assert.throws(() => open(path));
  rmSync(path, { recursive: true });
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  assert.throws(() => open(path), /is no plain file/);
  assert.throws(() => readPast(path, 0), /is no plain file/);
});

test("the past is what comes after the snapshot, and no more than since the last whole stop", (t) => {
  const path = pathIn(t, "history");
  assert.deepEqual([...readPast(path, 0)], []);
  const ids = (after: number): (number | null)[] => Array.from(readPast(path, after), (line) => line?.id ?? null);
  const history = open(path);
  for (let run = 1; run <= 2000; run++) history.append(record.started(run));
  history.close();
  assert.equal(ids(0).length, 2000);
  assert.deepEqual(ids(1997), [1998, 1999, 2000]);
  assert.deepEqual(ids(2000), []);
  appendFileSync(path, "garbage\n");
  appendFileSync(path, linesOf([record.left(), record.started(1)], 2001).map((line) => `${JSON.stringify(line)}\n`).join(""));
  appendFileSync(path, '{"id":2003,');
  assert.deepEqual(ids(1999), [2001, 2002]);
  assert.deepEqual(ids(0), [2001, 2002]);
  appendFileSync(path, "\n\0\n");
  assert.deepEqual(ids(0), [2001, 2002, null, null]);
});

test("whatever is broken in a history, it is opened, read and gone on with", async (t) => {
  const path = pathIn(t, "history");
  const good = Buffer.from(linesOf([1, 2, 3, 4, 5].flatMap((run) => [record.started(run), record.exited(run), record.waiting(7000)]))
    .map((line) => `${JSON.stringify(line)}\n`).join(""));
  await fc.assert(fc.asyncProperty(fc.nat(good.length), fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }), async (end, flips) => {
    writeFileSync(path, good);
    truncateSync(path, end);
    const bytes = readFileSync(path);
    for (const [at, value] of flips) if (at < end) bytes[at] = value;
    writeFileSync(path, bytes);
    assert(Array.from(readPast(path, 0)).length <= 20 + flips.length);
    const history = open(path);
    const { id } = history.append(record.started(9));
    assert.equal((await history.read({ limit: 1 }))[0]?.id, id);
    assert.equal((await all(history.since(id - 1)))[0], id);
    history.close();
  }), { numRuns: 300 });
});
