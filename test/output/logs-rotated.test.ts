/** Reading what was printed while its files are rotated, and compressed. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";

import { identityOf, markOf } from "../../src/output/identity.ts";
import { Logs } from "../../src/output/logs.ts";
import { until } from "../support/until.ts";
import { followed, newest, numbered } from "./reading.ts";

/** A log, and its rotation as the output thread does it (native/rotation.cc). */
function rotating(t: TestContext, keep = 5) {
  const folder = mkdtempSync(join(tmpdir(), "sentry-logs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "web.log");
  const logs = new Logs(() => [{ kind: "file", path, format: "raw", keep }], folder);
  const ids = new Set<string>();
  const move = (from: string, to: string): void => { if (existsSync(from)) renameSync(from, to); };
  function rotate(): void {
    for (const end of ["", ".gz"]) rmSync(`${path}.${keep}${end}`, { force: true });
    for (let at = keep - 1; at > 0; at--) for (const end of ["", ".gz"]) move(`${path}.${at}${end}`, `${path}.${at + 1}${end}`);
    if (keep === 0) unlinkSync(path);
    else renameSync(path, `${path}.1`);
    begin();
  }
  /** In one tick of the file system's clock an inode can come again, which no real rotation is fast enough for. */
  function begin(): void {
    let id = "";
    for (let isNew = false; !isNew; isNew = !ids.has(id)) {
      rmSync(path, { force: true });
      writeFileSync(path, "");
      id = identityOf(statSync(path, { bigint: true }));
    }
    ids.add(id);
  }
  /** @param isOurs it says which file it was */
  function pack(at: number, isOurs = true): void {
    const original = `${path}.${at}`;
    const mark = isOurs ? markOf(identityOf(statSync(original, { bigint: true }))) : Buffer.alloc(0);
    const { atime, mtime } = statSync(original);
    writeFileSync(join(folder, "packing"), Buffer.concat([mark, gzipSync(readFileSync(original))]));
    utimesSync(join(folder, "packing"), atime, mtime);
    renameSync(join(folder, "packing"), `${original}.gz`);
    unlinkSync(original);
  }
  /** Of `size` lines each, `count` in all; the last is FILE. */
  function fill(count: number, size: number, after: (n: number) => void = () => {}): void {
    for (let n = 0; n < count; n++) {
      if (n > 0) rotate();
      appendFileSync(path, numbered(n * size, (n + 1) * size));
      after(n);
    }
  }
  return { folder, path, logs, rotate, pack, fill };
}

/** Somebody who takes nothing more until he is woken; by the end at the latest. */
function sleeper(t: TestContext) {
  let wake = (): void => {};
  const woken = new Promise<void>((resolve) => { wake = resolve; });
  t.after(wake);
  return { pause: () => woken, wake };
}

test("the newest lines come from as many files as it takes, compressed or not", async (t) => {
  const { folder, logs, pack, fill } = rotating(t);
  fill(5, 100);
  for (const at of [2, 3, 4]) pack(at, at !== 4);
  for (const count of [0, 1, 99, 100, 101, 250, 500, 10_000]) {
    assert.equal((await newest(logs, count)).toString(), numbered(Math.max(0, 500 - count), 500), `${count}`);
  }
  assert.deepEqual(readdirSync(folder).sort(), ["web.log", "web.log.1", "web.log.2.gz", "web.log.3.gz", "web.log.4.gz"]);
  assert.equal(gunzipSync(readFileSync(join(folder, "web.log.2.gz"))).toString(), numbered(200, 300));
});

test("a gap in the numbers hides nothing, nor does a compressed one that is damaged what is newer", async (t) => {
  const { path, logs, rotate, pack, fill } = rotating(t);
  fill(3, 10);
  renameSync(`${path}.2`, `${path}.4`);
  assert.equal((await newest(logs, 100)).toString(), numbered(0, 30));
  renameSync(`${path}.4`, `${path}.2`);
  pack(2);
  writeFileSync(`${path}.2.gz`, readFileSync(`${path}.2.gz`).subarray(0, -10));
  assert.equal((await newest(logs, 100)).toString(), numbered(10, 30));
  rotate();
  assert.equal((await newest(logs, 100)).toString(), numbered(10, 30));
});

test("files that are rotated and compressed while they are read are read once each", async (t) => {
  const { folder, path, logs, rotate, pack } = rotating(t, 15);
  let printed = 0;
  let isOver = false;
  const print = (): void => { appendFileSync(path, numbered(printed, printed += 5)); };
  print();
  const printing = (async () => {
    for (let n = 0; n < 40; n++) {
      rotate();
      print();
      for (let turn = 0; turn < 60; turn++) { // as long as a few looks take
        if (turn === 20 && n % 3 === 0) pack(1);
        await stat(folder);
      }
    }
    isOver = true;
  })();
  let looks = 0;
  for (; !isOver; looks++) {
    const text = (await newest(logs, 40)).toString();
    const [, first] = /^line (\d+)\n/.exec(text) ?? [];
    assert.ok(first !== undefined);
    const count = text.split("\n").length - 1;
    assert.equal(text, numbered(Number(first), Number(first) + count));
    assert.ok(count === 40 || first === "0", `${count}`);
  }
  await printing;
  assert.ok(looks > 3);
});

test("who follows fast or slowly gets each line once, over rotations and compression", async (t) => {
  const { path, logs, rotate, pack } = rotating(t, 40);
  writeFileSync(path, numbered(0, 10));
  const { pause, wake } = sleeper(t);
  const fast = followed(t, logs);
  const slow = followed(t, logs, { lines: 5 }, pause);
  await until("both have begun", () => fast.text() === numbered(0, 10) && slow.text() === numbered(5, 10));
  for (let n = 10; n < 310; n += 10) {
    rotate();
    appendFileSync(path, numbered(n, n + 10));
    if (n % 30 === 0) pack(1);
    if (n % 50 === 0) await setImmediate();
  }
  await until("the fast one has all", () => fast.text() === numbered(0, 310));
  wake();
  await until("the slow one has all", () => slow.text() === numbered(5, 310));
  assert.deepEqual([fast.seen.isIncomplete, slow.seen.isIncomplete], [false, false]);
});

test("what is gone before it was read is told as missing", async (t) => {
  const { path, logs, rotate, fill } = rotating(t, 2);
  const { pause, wake } = sleeper(t);
  fill(1, 10);
  const slow = followed(t, logs, { lines: 1 }, pause);
  await until("it has begun", () => slow.text() === numbered(9, 10));
  for (let n = 10; n < 60; n += 10) {
    rotate();
    appendFileSync(path, numbered(n, n + 10));
  }
  assert.equal(slow.seen.isIncomplete, false);
  wake();
  await until("it has what is left", () => slow.text() === numbered(9, 10) + numbered(30, 60));
  assert.equal(slow.seen.isIncomplete, true);
});

test("where none are kept, each file is followed by the next", async (t) => {
  const { path, logs, rotate, fill } = rotating(t, 0);
  fill(1, 10);
  const fast = followed(t, logs);
  for (let n = 10; n < 60; n += 10) {
    await until("it has all", () => fast.text() === numbered(0, n));
    rotate();
    appendFileSync(path, numbered(n, n + 10));
  }
  await until("it has all", () => fast.text() === numbered(0, 60));
  assert.equal(fast.seen.isIncomplete, false);
});

test("who comes again finds his file among the rotated ones, also where it was compressed meanwhile", async (t) => {
  for (const isPacked of [false, true]) {
    const { logs, rotate, pack, path, fill } = rotating(t);
    fill(1, 10);
    const { end, close } = await logs.last("web", 0);
    close();
    appendFileSync(path, numbered(10, 15));
    for (let n = 15; n < 35; n += 10) {
      rotate();
      if (isPacked) pack(1);
      appendFileSync(path, numbered(n, n + 10));
    }
    const { text, seen } = followed(t, logs, end);
    await until("he has all that came after", () => text() === numbered(10, 35));
    assert.equal(seen.isIncomplete, false);
  }
});

test("the number of an inode may come again with another file, and is not taken for the first", async (t) => {
  const { logs, path, rotate, fill } = rotating(t, 1);
  fill(1, 10);
  const { end, close } = await logs.last("web", 0);
  close();
  await until("the clock of the file system has ticked", () => {
    writeFileSync(`${path}.tick`, "");
    const { birthtimeMs } = statSync(`${path}.tick`);
    unlinkSync(`${path}.tick`);
    return birthtimeMs > statSync(path).birthtimeMs;
  });
  for (let n = 10; n < 50; n += 10) {
    rotate();
    appendFileSync(path, numbered(n, n + 10));
  }
  const { text, seen } = followed(t, logs, end);
  await until("he has what is left", () => text() === numbered(30, 50));
  assert.equal(seen.isIncomplete, true);
});

test("a last line without a newline is told once nothing can follow it", async (t) => {
  const { path, logs, rotate } = rotating(t);
  writeFileSync(path, "one\nhalf");
  const { text } = followed(t, logs);
  await until("the whole line is there", () => text() === "one\n");
  rotate();
  appendFileSync(path, "two\n");
  await until("the half one is there", () => text() === "one\nhalftwo\n");
  assert.equal((await newest(logs, 2)).toString(), "halftwo\n");
});
