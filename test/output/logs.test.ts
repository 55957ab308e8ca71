/** Reading what was printed: its end, and what comes after it. */
import assert from "node:assert/strict";
import { appendFileSync, closeSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Logs } from "../../src/output/logs.ts";
import { until } from "../support/until.ts";
import { followed, newest, numbered } from "./reading.ts";

function inFolder(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "sentry-logs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "web.log");
  const logs = new Logs((entry) => (entry === "nobody" ? [] : [{ kind: "file", path: join(folder, `${entry}.log`), format: "raw", keep: 5 }]), folder);
  return { folder, path, logs };
}

test("the last lines are those at the end, whole and byte for byte", async (t) => {
  const { path, logs } = inFolder(t);
  const odd = Buffer.from([0xff, 0x0d, 0x00, 0x41, 0x0a]);
  writeFileSync(path, Buffer.concat([Buffer.from(numbered(0, 100_000)), odd]));
  assert.deepEqual(await newest(logs, 1), odd);
  assert.deepEqual(await newest(logs, 3), Buffer.concat([Buffer.from(numbered(99_998, 100_000)), odd]));
  assert.deepEqual(await newest(logs, 0), Buffer.alloc(0));
  assert.deepEqual(await newest(logs, 50_001), Buffer.concat([Buffer.from(numbered(50_000, 100_000)), odd]));
  assert.deepEqual(await newest(logs, 1_000_000), Buffer.concat([Buffer.from(numbered(0, 100_000)), odd]));
});

test("the last line has no end where its file has none", async (t) => {
  const { path, logs } = inFolder(t);
  writeFileSync(path, "one\ntwo\nhalf");
  assert.equal((await newest(logs, 2)).toString(), "two\nhalf");
  writeFileSync(path, "only");
  assert.equal((await newest(logs, 1)).toString(), "only");
  const { end, close } = await logs.last("web", 1);
  close();
  assert.deepEqual(end.map(({ offset }) => offset), [4], "who goes on from there gets what comes after it");
});

test("a file that is empty, or is not there has no lines", async (t) => {
  const { folder, path, logs } = inFolder(t);
  for (const entry of ["web", "nobody"]) {
    const { end, modified, close } = await logs.last(entry, 10);
    close();
    assert.deepEqual([end, modified], [[], null]);
  }
  writeFileSync(path, "");
  assert.deepEqual(await newest(logs, 10), Buffer.alloc(0));
  symlinkSync(path, join(folder, "link.log"));
  await assert.rejects(logs.last("link", 10), { code: "ELOOP" });
});

test("long lines come whole, and one beyond two MiB in parts", async (t) => {
  const { path, logs } = inFolder(t);
  const text = `${"a".repeat(1_100_000)}\n${"b".repeat(70_000)}\nc\n`;
  writeFileSync(path, text);
  assert.equal((await newest(logs, 3)).toString(), text);
  writeFileSync(path, `${"d".repeat(5_000_000)}\n`);
  assert.equal((await newest(logs, 1)).length, 5_000_001);
});

test("who follows gets the newest lines and then each new one, half a line only once it is whole", async (t) => {
  const { path, logs } = inFolder(t);
  writeFileSync(path, numbered(0, 100));
  const { text } = followed(t, logs, { lines: 2 });
  await until("the newest are there", () => text() === numbered(98, 100));
  appendFileSync(path, `${numbered(100, 103)}li`);
  await until("the next are there", () => text() === numbered(98, 103));
  appendFileSync(path, "ne 103\n");
  await until("the last is there", () => text() === numbered(98, 104));
});

test("nothing is missed or repeated while somebody prints all the time", async (t) => {
  const { path, logs } = inFolder(t);
  writeFileSync(path, "");
  const { text, seen } = followed(t, logs);
  for (let n = 0; n < 20_000; n += 100) {
    appendFileSync(path, numbered(n, n + 100));
    if (n % 1000 === 0) await new Promise((resolve) => { setImmediate(resolve); });
  }
  await until("all is there", () => text().endsWith(numbered(19_999, 20_000)));
  assert.equal(text(), numbered(0, 20_000));
  assert.equal(seen.dropped, 0);
});

test("who comes again goes on where it was", async (t) => {
  const { path, logs } = inFolder(t);
  writeFileSync(path, numbered(0, 10));
  const first = followed(t, logs, { lines: 5 });
  await until("it has all", () => first.text() === numbered(5, 10));
  await first.end();
  appendFileSync(path, numbered(10, 20));
  const second = followed(t, logs, first.seen.last);
  await until("it has the rest", () => second.text() === numbered(10, 20));
  const last = await logs.last("web", 3);
  last.close();
  const third = followed(t, logs, last.end);
  appendFileSync(path, "more\n");
  await until("it has the new one", () => third.text() === "more\n");
});

test("a file that is moved away and made anew is followed to its last line, and then the new one", async (t) => {
  const { path, logs } = inFolder(t);
  writeFileSync(path, numbered(0, 10));
  const old = openSync(path, "a");
  t.after(() => closeSync(old));
  const { text } = followed(t, logs, { lines: 1000 });
  await until("it has the first", () => text() === numbered(0, 10));
  renameSync(path, `${path}.1`);
  for (const n of [10, 15]) {
    appendFileSync(old, numbered(n, n + 5));
    await until("the moved file is followed", () => text() === numbered(0, n + 5));
  }
  writeFileSync(path, "");
  appendFileSync(old, numbered(20, 30));
  await until("it is until the new one is in use", () => text() === numbered(0, 30));
  appendFileSync(old, numbered(30, 40));
  appendFileSync(path, numbered(40, 50));
  await until("both are there", () => text() === numbered(0, 50));
  appendFileSync(path, numbered(50, 60));
  await until("the new one is followed", () => text() === numbered(0, 60));
});

test("of a file that was replaced while nobody followed, all of the new one is told, and that some may be missing", async (t) => {
  const { folder, path, logs } = inFolder(t);
  writeFileSync(path, numbered(0, 10));
  const last = await logs.last("web", 0);
  last.close();
  renameSync(path, join(folder, "moved away"));
  writeFileSync(path, numbered(10, 30));
  const { text, seen } = followed(t, logs, last.end);
  await until("it has all of it", () => text() === numbered(10, 30));
  assert.equal(seen.isIncomplete, true);
});

test("a file that is cut off is read from its beginning, and one that comes later is waited for", async (t) => {
  const { path, logs } = inFolder(t);
  const { text } = followed(t, logs);
  appendFileSync(path, numbered(0, 100));
  await until("it was waited for", () => text() === numbered(0, 100));
  truncateSync(path);
  appendFileSync(path, "after\n");
  await until("it begins anew", () => text() === `${numbered(0, 100)}after\n`);
});

test("an end leaves no descriptor behind, whoever else prints and follows", async (t) => {
  const { folder, path, logs } = inFolder(t);
  writeFileSync(path, "one\n");
  const first = followed(t, logs, { lines: 1 });
  await until("it follows", () => first.text() === "one\n"); // inotify's own descriptor is there from now on
  const before = readdirSync("/proc/self/fd").length;
  const second = followed(t, logs, { lines: 1 });
  await until("the second follows too", () => second.text() === "one\n");
  writeFileSync(join(folder, "other.log"), "noise\n");
  await second.end();
  await until("its file is closed", () => readdirSync("/proc/self/fd").length === before);
});
