/** Reading what several files of one entry hold: one for each slot. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { identityOf } from "../../src/output/identity.ts";
import { Logs } from "../../src/output/logs.ts";
import { until } from "../support/until.ts";
import { followed, newest } from "./reading.ts";

const json = (at: number, text: string): string =>
  `{"at":"2026-11-22T10:00:${String(at).padStart(2, "0")}.000000Z","entry":"web","slot":0,"pid":17,"stream":"stdout","text":"${text}"}\n`;

function slots(t: TestContext, count: number, format: "raw" | "prefixed" | "json" = "json") {
  const folder = mkdtempSync(join(tmpdir(), "sentry-logs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = (slot: number): string => join(folder, `web.${slot}.log`);
  const known = { count };
  const logs = new Logs(() => Array.from({ length: known.count }, (_, slot) => ({ kind: "file", path: path(slot), format, keep: 5 })), folder);
  return { path, logs, known };
}

/** Moves it as the output thread does, where nothing was before. */
function rotate(path: string, at = 1): void {
  renameSync(at === 1 ? path : `${path}.${at - 1}`, `${path}.${at}`);
  if (at === 1) writeFileSync(path, "");
}

const said = (text: string): string[] => text.split("\n").slice(0, -1).map((line) => (JSON.parse(line) as { text: string }).text);

test("the newest lines of all come in one order, whichever file they are in", async (t) => {
  const { path, logs } = slots(t, 3);
  writeFileSync(path(0), json(1, "a") + json(4, "d"));
  rotate(path(0));
  appendFileSync(path(0), json(6, "f"));
  writeFileSync(path(1), json(2, "b") + json(3, "c") + json(5, "e"));
  assert.deepEqual(said((await newest(logs, 100)).toString()), ["a", "b", "c", "d", "e", "f"]);
  assert.deepEqual(said((await newest(logs, 4)).toString()), ["c", "d", "e", "f"]);
  assert.deepEqual(await newest(logs, 0), Buffer.alloc(0));
});

test("raw lines have no time: the file that was written to last comes last", async (t) => {
  const { path, logs } = slots(t, 2, "raw");
  writeFileSync(path(0), "12:00:00 one\n12:00:05 two\n");
  writeFileSync(path(1), "12:00:01 three\n12:00:02 four\n");
  utimesSync(path(0), 1000, 2000);
  utimesSync(path(1), 1000, 1000);
  assert.equal((await newest(logs, 3)).toString(), "12:00:02 four\n12:00:00 one\n12:00:05 two\n");
});

test("half a line in one file is ended where a line of another follows", async (t) => {
  const { path, logs } = slots(t, 2, "raw");
  writeFileSync(path(0), "half");
  writeFileSync(path(1), "one\ntwo");
  utimesSync(path(0), 1000, 1000);
  utimesSync(path(1), 1000, 2000);
  assert.equal((await newest(logs, 3)).toString(), "half\none\ntwo");
});

test("who goes away after any line gets the next when it comes again, also what was read of other files by then, and not told", async (t) => {
  const { path, logs } = slots(t, 2);
  writeFileSync(path(0), json(1, "a") + json(3, "c"));
  writeFileSync(path(1), json(2, "b") + json(4, "d"));
  for await (const { bytes, at, beside } of logs.follow("web", [], new AbortController().signal)) {
    assert.deepEqual(said(bytes.toString()), ["a"]);
    const again = followed(t, logs, [...beside, { file: at.file, offset: at.offset + bytes.length }]);
    await until("the rest is there", () => said(again.text()).join("") === "bcd", () => again.text());
    break;
  }
});

test("who follows gets the newest in order, then each new line of every slot, and comes again without a gap or a repeat", async (t) => {
  const { path, logs } = slots(t, 2);
  writeFileSync(path(0), json(1, "a") + json(3, "c"));
  writeFileSync(path(1), json(2, "b") + json(4, "d"));
  const first = followed(t, logs, { lines: 3 });
  await until("the newest are there", () => said(first.text()).join("") === "bcd");
  appendFileSync(path(1), json(5, "e"));
  await until("a new one is there", () => said(first.text()).join("") === "bcde");
  appendFileSync(path(0), json(6, "f"));
  await until("one of the other as well", () => said(first.text()).join("") === "bcdef");
  await first.end();
  appendFileSync(path(0), json(8, "h"));
  rotate(path(0));
  appendFileSync(path(0), json(10, "j"));
  appendFileSync(path(1), json(7, "g") + json(9, "i"));
  const second = followed(t, logs, first.seen.last);
  await until("the rest is there, in order", () => said(second.text()).join("") === "ghij");
  assert.equal(second.seen.isIncomplete, false);
});

test("an id that is taken from the middle of the newest lines says where to go on in each", async (t) => {
  const { path, logs } = slots(t, 2);
  writeFileSync(path(0), json(1, "a"));
  rotate(path(0));
  appendFileSync(path(0), json(4, "d"));
  writeFileSync(path(1), json(2, "b") + json(3, "c"));
  const over = new AbortController();
  const all: { text: string; last: Parameters<Logs["follow"]>[1] }[] = [];
  for await (const { bytes, at, beside } of logs.follow("web", { lines: 10 }, over.signal)) {
    all.push({ text: said(bytes.toString()).join(""), last: [...beside, { file: at.file, offset: at.offset + bytes.length }] });
    if (all.length === 3) break;
  }
  assert.deepEqual(all.map(({ text }) => text), ["a", "bc", "d"]);
  for (const [index, rest] of ["bcd", "d", ""].entries()) {
    const { text, end } = followed(t, logs, all[index]!.last);
    await until("the rest is there", () => said(text()).join("") === rest);
    await end();
  }
});

test("the file of a slot that is opened later is followed too, but not what it held before", async (t) => {
  const { path, logs, known } = slots(t, 0);
  const { text } = followed(t, logs);
  await until("it is followed", () => {
    known.count = 1;
    writeFileSync(path(0), "");
    logs.opened("web");
    appendFileSync(path(0), json(1, "a"));
    return said(text()).join("").startsWith("a");
  });
  const before = text();
  writeFileSync(path(1), json(1, "old"));
  known.count = 2;
  logs.opened("web");
  logs.opened("web");
  appendFileSync(path(1), json(2, "new"));
  rotate(path(1));
  appendFileSync(path(1), json(3, "newer"));
  await until("it is followed as well", () => said(text().slice(before.length)).join(" ") === "new newer");
});

test("several that print fast are told whole, and each in its order", async (t) => {
  const { path, logs } = slots(t, 4);
  for (let slot = 0; slot < 4; slot++) writeFileSync(path(slot), "");
  const { text, seen } = followed(t, logs);
  for (let n = 0; n < 4000; n++) appendFileSync(path(n % 4), json(Math.floor(n / 100), `${n}`));
  await until("all are there", () => said(text()).length === 4000);
  const numbers = said(text()).map(Number);
  for (let slot = 0; slot < 4; slot++) {
    assert.deepEqual(numbers.filter((number) => number % 4 === slot), Array.from({ length: 1000 }, (_, n) => 4 * n + slot));
  }
  assert.equal(seen.isIncomplete, false);
});

test("an end leaves no file open", async (t) => {
  const { path, logs } = slots(t, 3);
  for (let slot = 0; slot < 3; slot++) writeFileSync(path(slot), json(slot, "a"));
  const first = followed(t, logs, { lines: 1 });
  await until("it follows", () => first.seen.last.length === 3);
  const before = readdirSync("/proc/self/fd").length;
  const second = followed(t, logs, { lines: 1 });
  await until("the second follows too", () => second.seen.last.length === 3);
  await second.end();
  const { close } = await logs.last("web", 10);
  close();
  await until("all is closed", () => readdirSync("/proc/self/fd").length === before);
});

test("where one cannot be read the others are closed again, and that is told", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sentry-logs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "web.log");
  writeFileSync(path, "line\n");
  const logs = new Logs(() => [{ kind: "file", path, format: "raw", keep: 5 }, { kind: "tail", fd: 999_999, format: "prefixed" }], folder);
  const from = [{ file: identityOf(statSync(path, { bigint: true })), offset: 0 }];
  await assert.rejects(logs.follow("web", from, new AbortController().signal).next(), /ENOENT/);
  assert.ok(!readdirSync("/proc/self/fd").some((fd) => isOpenAt(fd, path)));
});

function isOpenAt(fd: string, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === path;
  } catch {
    return false; // that of the look itself
  }
}
