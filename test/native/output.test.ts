/** What processes print, and what is said between, in the order that `say` gives it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readFileSync, readSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

const WALL = Date.UTC(2026, 10, 22, 12) * 1000;

async function written(native: Native): Promise<string[]> {
  native.addon.flush(1);
  await native.some("flushed", 1);
  return readFileSync(native.printed, "utf8").split("\n").slice(0, -1).map((line) => line.replace(/^\d\d:\d\d:\d\d x(\.\d+)?(\/err)? +/, ""));
}

test("a run's lines come after the line that opens it and before the line that closes it", async (t) => {
  const native = new Native(t);
  const say = (text: string, opens: number | null, closes: number | null) =>
    native.addon.say(native.sink, WALL, null, null, text, opens, closes);
  const run = native.spawn("sh", ["-c", "seq 20000; echo last >&2"]);
  // It prints more than a pipe holds, so it can only end once it was opened.
  await native.of("spawned", run);
  say("before", null, null);
  say("opens", run, null);
  await native.of("exit", run);
  say("closes", null, run);
  say("after", null, null);
  const lines = await written(native);
  assert.deepEqual([lines[0], lines[1], lines.at(-2), lines.at(-1)], ["before", "opens", "closes", "after"]);
  const printed = lines.slice(2, -2);
  assert.deepEqual(printed.filter((line) => line !== "last"), Array.from({ length: 20000 }, (_, n) => `${n + 1}`));
  assert.equal(printed.length, 20001);
});

test("on a terminal a run's lines carry its label and PID, and others what they are given", async (t) => {
  const native = new Native(t);
  const path = `${native.folder}/terminal`;
  const fd = openSync(path, "a");
  const terminal = native.addon.openTerminal(fd, false);
  closeSync(fd);
  const run = native.spawn("echo", ["hello"], { label: "web", colour: "36", stdout: terminal, stderr: terminal });
  await native.of("spawned", run);
  native.addon.say(terminal, WALL, null, null, "opens", run, null);
  const { pid } = await native.of("exit", run);
  native.addon.say(terminal, WALL, `web.${pid}`, "36", "closes", null, run);
  native.addon.say(terminal, WALL, "web:0", null, "plain", null, null);
  await written(native);
  const [, hello = "", closes = "", plain = ""] = readFileSync(path, "utf8").split("\n");
  const coloured = String.raw`^\x1b\[36m\d\d:\d\d:\d\d web\.${pid}\x1b\[0m +`;
  assert.match(hello, new RegExp(`${coloured}hello$`));
  assert.match(closes, new RegExp(`${coloured}closes$`));
  assert.match(plain, /^\d\d:\d\d:\d\d web:0 {11}plain$/);
});

test("a raw file gets the bytes as they are", async (t) => {
  const native = new Native(t);
  const path = `${native.folder}/raw`;
  const sink = native.openFile("raw", { format: "raw" });
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n * 7 % 256));
  writeFileSync(`${native.folder}/bytes`, bytes);
  const run = native.spawn("cat", ["bytes"], { stdout: sink, stderr: sink });
  await native.of("spawned", run);
  native.addon.say(native.sink, WALL, null, null, "opens", run, null);
  await native.of("exit", run);
  native.addon.say(native.sink, WALL, null, null, "closes", null, run);
  native.addon.say(sink, WALL, null, null, "", null, run);
  await written(native);
  assert.equal(Buffer.compare(readFileSync(path).subarray(0, bytes.length), bytes), 0);
});

test("openFile makes a file for its owner only, and follows no symbolic link", (t) => {
  const native = new Native(t);
  assert.equal(statSync(native.printed).mode & 0o777, 0o600);
  writeFileSync(`${native.folder}/precious`, "kept");
  symlinkSync(`${native.folder}/precious`, `${native.folder}/link`);
  assert.throws(() => native.openFile("link"), { code: "ELOOP" });
  mkdirSync(`${native.folder}/folder`);
  assert.throws(() => native.openFile("folder"), { code: "EISDIR" });
  assert.throws(() => native.openFile("not/there"), { code: "ENOENT", message: /\/not\/there/ });
  assert.equal(readFileSync(`${native.folder}/precious`, "utf8"), "kept");
});

test("flushes are answered in their order, also for a descriptor that is closed", async (t) => {
  const native = new Native(t);
  const closed = native.addon.openTerminal(9999, false);
  native.addon.say(closed, WALL, null, null, "nobody sees this", null, null);
  for (const token of [3, 1, 2]) native.addon.flush(token);
  assert.deepEqual((await native.some("flushed", 3)).map(({ token }) => token), [3, 1, 2]);
});

test("what goes nowhere can be told, and holds nobody up", async (t) => {
  const native = new Native(t);
  const nowhere = native.addon.openNowhere();
  const script = "echo ready; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo last >&2";
  const run = native.spawn("sh", ["-c", script], { stdout: nowhere, stderr: nowhere, tellLines: true });
  const { outPipe } = await native.of("spawned", run);
  assert.notEqual(outPipe, 0);
  native.addon.say(nowhere, WALL, null, null, "opens", run, null);
  assert.deepEqual(await native.of("lines", run), { kind: "lines", run, stream: 0, text: "ready\n" });
  native.addon.hush(run);
  assert.equal((await native.of("exit", run)).code, 0);
  assert.deepEqual(await written(native), []);
});

test("what a terminal has still to take goes over a detach byte by byte, wherever it was cut", async (t) => {
  const native = new Native(t);
  execFileSync("mkfifo", [`${native.folder}/terminal`]);
  const fd = openSync(`${native.folder}/terminal`, constants.O_RDWR | constants.O_NONBLOCK);
  // Two bytes each, behind one: the pipe is full in the middle of a character.
  const line = `x${"é".repeat(50_000)}`;
  native.addon.say(native.addon.openTerminal(fd, false), WALL, null, null, line, null, null);
  const left = await native.detach();
  const [owed] = left.owed;
  assert.equal(owed?.text.length, line.length + 50_000 + 1 - 65_536);
  native.resume({ ...left, owed: [] });
  const terminal = native.addon.openTerminal(fd, false);
  native.addon.owe(terminal, owed.text);
  native.addon.say(terminal, WALL, null, null, "next", null, null);
  let taken = Buffer.alloc(0);
  await until("all is taken", () => {
    taken = Buffer.concat([taken, ...drained(fd)]);
    return taken.toString("latin1").endsWith("next\n");
  });
  assert.equal(taken.toString(), `${line}\nnext\n`);
  closeSync(fd);
});

/** All that a pipe has. */
function drained(fd: number): Buffer[] {
  const parts: Buffer[] = [];
  try {
    for (;;) {
      const part = Buffer.alloc(65_536);
      parts.push(part.subarray(0, readSync(fd, part)));
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
  }
  return parts;
}
