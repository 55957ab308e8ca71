/** What is kept of output that goes to a terminal, and how it is read. */
import assert from "node:assert/strict";
import { readFileSync, renameSync, mkdirSync, statSync } from "node:fs";
import { test } from "node:test";

import { Logs } from "../../src/output/logs.ts";
import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

const WALL = Date.UTC(2026, 10, 22, 12) * 1000;
const KEPT = 256 * 1024;

function tailed(native: Native) {
  const { addon } = native;
  const fd = addon.openTail();
  const terminal = addon.openTerminal(9999, false); // closed: nobody sees it there
  const sink = addon.openTailed(terminal, fd);
  const logs = new Logs(() => [{ kind: "tail", fd, format: "prefixed" }], native.folder);
  const say = (text: string, opens: number | null = null, closes: number | null = null) =>
    addon.say(sink, WALL, null, "36", text, opens, closes);
  return { fd, sink, logs, say };
}

async function newest(logs: Logs, lines: number): Promise<string> {
  const last = await logs.last("x", lines);
  assert.ok(last);
  const parts: Buffer[] = [];
  for await (const part of last.bytes) parts.push(part);
  last.close();
  return Buffer.concat(parts).toString();
}

const plain = (text: string) => text.replaceAll(/^\d\d:\d\d:\d\d x\.\d+ +/gm, "");

test("the newest lines of a terminal's entry can be had, in order and without colours", async (t) => {
  const native = new Native(t);
  const { sink, logs, say } = tailed(native);
  const run = native.spawn("sh", ["-c", "echo one; echo two >&2; printf half"], { stdout: sink, stderr: sink, colour: "36" });
  await native.of("spawned", run);
  say("Started", run);
  await native.of("exit", run);
  say("Exited", null, run);
  native.addon.flush(1);
  await native.some("flushed", 1);
  const lines = plain(await newest(logs, 100)).split("\n");
  assert.deepEqual(lines.toSorted(), ["", "Exited", "Started", "half", "one", "two"]);
  assert.equal(lines.at(-2), "Exited");
  assert.equal(plain(await newest(logs, 1)), "Exited\n");
});

test("whoever follows a tail misses nothing, and is woken by what is printed", async (t) => {
  const native = new Native(t);
  const { logs, say } = tailed(native);
  const over = new AbortController();
  let text = "";
  const done = (async () => {
    for await (const { bytes, dropped } of logs.follow("x", { lines: 1000 }, over.signal)) {
      assert.equal(dropped, 0);
      text += bytes.toString();
    }
  })();
  let expected = "";
  for (let n = 0; n < 100; n++) {
    say(`line ${n}`);
    expected += `line ${n}\n`;
    if (n % 10 === 0) await until(`line ${n} has come`, () => text === expected);
  }
  await until("all has come", () => text === expected);
  over.abort();
  await done;
});

test("of more than 256 KiB the newest are there, whole; who follows slowly is told how much is gone", async (t) => {
  const native = new Native(t);
  const { fd, logs, say } = tailed(native);
  const over = new AbortController();
  const slow = logs.follow("x", { lines: 1000 }, over.signal);
  say("first");
  const first = await slow.next();
  assert.equal(first.value?.bytes.toString(), "first\n");
  const line = (n: number) => `line ${n} ${"x".repeat(90)}`;
  for (let n = 0; n < 20_000; n++) say(line(n));
  native.addon.flush(1);
  await native.some("flushed", 1);

  const kept = (await newest(logs, 10_000)).split("\n").slice(0, -1);
  assert.ok(kept.length > KEPT / 105 && kept.length < 3 * KEPT / 100, String(kept.length));
  assert.deepEqual(kept, kept.map((_, n) => line(20_000 - kept.length + n)));

  const second = await slow.next();
  assert.ok(second.value && second.value.dropped > 0);
  const { bytes, at, dropped } = second.value;
  assert.match(bytes.toString(), /^line \d+ x+\n/);
  assert.equal(at.offset, "first\n".length + dropped);
  const [, number] = /^line (\d+)/.exec(bytes.toString()) ?? [];
  const before = Array.from({ length: Number(number) }, (_, n) => line(n).length + 1).reduce((a, b) => a + b, 0);
  assert.equal(before, dropped);
  assert.ok(statSync(`/proc/self/fd/${fd}`).blocks * 512 < 2 * KEPT);
  over.abort();
  await slow.return(undefined);
});

test("a tail goes on over a change of the threads", async (t) => {
  const native = new Native(t);
  const { fd, logs, say } = tailed(native);
  say("before");
  const left = await native.detach();
  native.resume(left);
  const sink = native.addon.openTailed(native.addon.openTerminal(9999, false), fd);
  native.addon.say(sink, WALL, null, null, "after", null, null);
  await until("both are there", async () => await newest(logs, 10) === "before\nafter\n");
});

test("a tail that nobody has is an error", (t) => {
  const native = new Native(t);
  assert.throws(() => native.addon.openTailed(native.addon.openTerminal(1, false), 9999), { code: "EBADF" });
});

test("files that were moved away are opened anew, and what cannot be is named", async (t) => {
  const native = new Native(t);
  const { addon, folder, printed, sink } = native;
  const other = native.openFile("other");
  const say = (to: number, text: string) => addon.say(to, WALL, null, null, text, null, null);
  say(sink, "one");
  say(other, "one");
  addon.flush(1);
  await native.some("flushed", 1);
  renameSync(printed, `${folder}/moved`);
  renameSync(`${folder}/other`, `${folder}/other.1`);
  mkdirSync(`${folder}/other`);
  const { files, faults } = addon.reopenFiles();
  assert.equal(files, 1); // those that were opened
  assert.deepEqual(faults.map(({ subject, errno }) => [subject, errno]), [[`${folder}/other`, "EISDIR"]]);
  say(sink, "two");
  say(other, "two");
  addon.flush(2);
  await native.some("flushed", 2);
  assert.equal(readFileSync(`${folder}/moved`, "utf8"), "one\n");
  assert.equal(readFileSync(printed, "utf8"), "two\n");
  assert.equal(readFileSync(`${folder}/other.1`, "utf8"), "one\ntwo\n");
});
