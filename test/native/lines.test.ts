/** Lines that somebody waits for are told before they are written; output without a place goes nowhere. */
import assert from "node:assert/strict";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

const WAITS = "until [ -e go ]; do sleep 0.01; done";

/** A run that is told of, and read from its beginning. */
async function told(native: Native, script: string): Promise<number> {
  const run = native.spawn("sh", ["-c", script], { tellLines: true });
  await native.of("spawned", run);
  native.addon.say(native.sink, 0, null, null, "opens", run, null);
  return run;
}

function printed(native: Native): string[] {
  return readFileSync(native.printed, "latin1").replaceAll(/^\d\d:\d\d:\d\d x\.\d+ +/gm, "").split("\n").slice(0, -1);
}

const texts = (native: Native) => native.all("lines").map(({ stream, text }) => [stream, text]);

test("what a run prints is told before it is written, is written once it was seen, and then the next is told", async (t) => {
  const native = new Native(t);
  const run = await told(native, `echo one; ${WAITS}; echo two; echo error >&2; exec sleep 1000`);
  const first = await native.of("lines", run);
  assert.deepEqual(first, { kind: "lines", run, stream: 0, text: "one\n" });
  native.addon.flush(1);
  await native.some("flushed", 1);
  assert.deepEqual(printed(native), ["opens"]);
  native.addon.seenLines(run, 0);
  await until("it is written", () => printed(native).includes("one"));
  writeFileSync(join(native.folder, "go"), "");
  await native.some("lines", 3);
  assert.deepEqual(texts(native).slice(1).sort(), [[0, "two\n"], [1, "error\n"]]);
});

test("what is not UTF-8 is told with U+FFFD in its place, and written as it is", async (t) => {
  const native = new Native(t);
  const run = await told(native, String.raw`printf 'caf\303\251 \377\000\n'; exec sleep 1000`);
  assert.equal((await native.of("lines", run)).text, "café \uFFFD\0\n");
  native.addon.seenLines(run, 0);
  await until("it is written", () => printed(native)[1] === "caf\xC3\xA9 \xFF\0");
});

test("after hush a run's output is written without being told", async (t) => {
  const native = new Native(t);
  const run = await told(native, `echo one; ${WAITS}; echo two; exec sleep 1000`);
  await native.of("lines", run);
  native.addon.hush(run);
  writeFileSync(join(native.folder, "go"), "");
  await until("all is written", () => printed(native).includes("two"));
  assert.deepEqual(printed(native), ["opens", "one", "two"]);
  assert.deepEqual(texts(native), [[0, "one\n"]]);
});

test("lines that were told and not seen are told once more after a detach", async (t) => {
  const native = new Native(t);
  const run = await told(native, "echo one; exec sleep 1000");
  await native.of("lines", run);
  const left = await native.detach();
  assert.deepEqual(left.outputs.map(({ tell }) => tell), [true, true]);
  assert.deepEqual(left.facts.filter(({ kind }) => kind === "lines"), []);
  native.resume(left);
  await native.some("lines", 2);
  assert.deepEqual(texts(native), [[0, "one\n"], [0, "one\n"]]);
  native.addon.seenLines(run, 0);
  await until("it is written", () => printed(native).includes("one"));
  assert.deepEqual(printed(native), ["opens", "one"]);
});

test("a run that has ended is written to its end, though nobody has looked", async (t) => {
  const native = new Native(t);
  const run = await told(native, "echo one; printf two");
  await native.of("exit", run);
  native.addon.say(native.sink, 0, null, null, "closes", null, run);
  await until("it is closed", () => printed(native).includes("closes"));
  assert.deepEqual(printed(native), ["opens", "one", "two", "closes"]);
});

test("a stream without a sink is /dev/null, and there is no pipe of it", async (t) => {
  const native = new Native(t);
  const silent = native.spawn("sleep", ["1000"], { stdout: null, stderr: null });
  const half = native.spawn("sleep", ["1000"], { stdout: null, tellLines: true });
  const [{ pid, outPipe, errPipe }, other] = [await native.of("spawned", silent), await native.of("spawned", half)];
  assert.deepEqual([outPipe, errPipe], [0, 0]);
  assert.deepEqual([1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)), ["/dev/null", "/dev/null"]);
  assert.deepEqual([other.outPipe, readlinkSync(`/proc/${other.pid}/fd/2`)], [0, `pipe:[${other.errPipe}]`]);
  const left = await native.detach();
  assert.deepEqual(left.outputs.map(({ run, stream }) => [run, stream]), [[half, 1]]);
  assert.deepEqual(left.processes.find(({ run }) => run === silent)?.outPipe, 0);
  native.resume(left);
});
