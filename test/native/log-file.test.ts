/** Files for output: how their lines look, how they are bounded, and what else is shown of them. */
import assert from "node:assert/strict";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

/** No multiple of what a pipe can be. */
const LONG = 3_333_333;

/** All that it prints is written, to the file and elsewhere. Gives its pid. */
async function print(native: Native, sink: number, script: string): Promise<number> {
  const run = native.spawn("sh", ["-c", script], { stdout: sink, stderr: sink, label: "web", slot: 2, colour: "36" });
  await native.of("spawned", run);
  native.addon.say(native.sink, 0, null, null, "opens", run, null);
  const { pid } = await native.of("exit", run);
  native.addon.say(native.sink, 0, null, null, "closes", null, run);
  const flushes = native.all("flushed").length;
  native.addon.flush(flushes);
  await native.some("flushed", flushes + 1);
  return pid;
}

const read = (native: Native, name: string) => readFileSync(join(native.folder, name), "utf8");
const linesOf = (text: string) => text.split("\n").slice(0, -1);
const objectsOf = (text: string) => linesOf(text).map((line) => JSON.parse(line) as Record<string, unknown>);
const size = (native: Native, name: string) => statSync(join(native.folder, name)).size;

/** The file and those that it was before, the oldest first. */
function files(native: Native, name: string): string[] {
  const age = (file: string) => Number(file.slice(name.length + 1).split(".")[0]);
  return readdirSync(native.folder).filter((file) => file === name || /^\d+$/.test(file.slice(name.length + 1)))
    .sort((a, b) => age(b) - age(a));
}

test("a prefixed file has a label before each line, and says which are of stderr, without colours", async (t) => {
  const native = new Native(t);
  const pid = await print(native, native.openFile("log"), "echo one; echo two >&2; printf half");
  const plain = linesOf(read(native, "log")).map((line) => line.replace(/^\d\d:\d\d:\d\d /, "")).sort();
  assert.deepEqual(plain.map((line) => line.split(/ +/)), [
    [`web.${pid}`, "half"], [`web.${pid}`, "one"], [`web.${pid}/err`, "two"]]);
});

test("in a JSON file each line is an object, and bytes that are not UTF-8 are base64", async (t) => {
  const native = new Native(t);
  const before = Date.now();
  const script = String.raw`printf 'caf\303\251\n\377\000\n"q"\\ \000\033[0m\r\n\n'; printf half; echo two >&2`;
  const pid = await print(native, native.openFile("log", { format: "json" }), script);
  const objects = objectsOf(read(native, "log"));
  for (const { at, entry, slot, pid: of } of objects) {
    assert.match(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(Date.parse(String(at)) >= before && Date.parse(String(at)) <= Date.now());
    assert.deepEqual([entry, slot, of], ["web", 2, pid]);
  }
  const of = (stream: string) => objects.filter((one) => one["stream"] === stream)
    .map(({ at: _at, entry: _entry, slot: _slot, pid: _pid, stream: _stream, ...rest }) => rest);
  assert.deepEqual(of("stdout"), [
    { text: "café" }, { base64: Buffer.from([255, 0]).toString("base64") }, { text: '"q"\\ \0\u001B[0m\r' }, { text: "" }, { text: "half" }]);
  assert.deepEqual(of("stderr"), [{ text: "two" }]);
});

test("a line that is longer than a pipe comes in pieces, which are marked", async (t) => {
  const native = new Native(t);
  const script = `head -c ${LONG} /dev/zero | tr '\\0' x; echo; echo next`;
  const json = native.openFile("json", { format: "json" });
  await print(native, json, script);
  await print(native, native.openFile("prefixed"), script);
  const objects = objectsOf(read(native, "json"));
  const parts = objects.filter(({ part }) => part === true);
  assert.ok(parts.length >= 2);
  assert.deepEqual(objects.slice(parts.length).map(({ part }) => part), [undefined, undefined]);
  const texts = objects.map(({ text }) => String(text));
  assert.deepEqual(texts.map((text) => text.replaceAll(/x+/g, "x")), [...parts.map(() => "x"), "x", "next"]);
  assert.equal(texts.join("").length, LONG + "next".length);
  const labels = linesOf(read(native, "prefixed")).map((line) => line.split(/ +/)[1]?.replace(/\d+/, ""));
  assert.deepEqual(labels, [...labels.slice(0, -2).map(() => "web.+"), "web.", "web."]);
});

for (const format of ["raw", "prefixed", "json"] as const) {
  test(`a ${format} file stays within its bounds, and each line is in exactly one of those that it was`, async (t) => {
    const native = new Native(t);
    const sink = native.openFile("log", { format, maxSize: 10_000, keep: 100 });
    await print(native, sink, "seq 5000");
    const names = files(native, "log");
    assert.ok(names.length > 2);
    for (const name of names) assert.ok(size(native, name) <= 10_000 && size(native, name) > 0, `${name} has ${size(native, name)}`);
    const numbers = names.flatMap((name) => {
      const text = read(native, name);
      assert.ok(text.endsWith("\n"), name);
      return format === "json" ? objectsOf(text).map((one) => String(one["text"])) : linesOf(text).map((line) => line.split(/ +/).at(-1));
    });
    const wrong = numbers.findIndex((number, n) => number !== `${n + 1}`);
    assert.equal(wrong, -1, `after ${numbers[wrong - 1] ?? ""} comes ${numbers[wrong] ?? ""}, in ${names.join(" ")}`);
    assert.equal(numbers.length, 5000);
    assert.deepEqual(native.all("rotated"), names.slice(1).map(() => ({ kind: "rotated", sink, fault: null })));
  });
}

test("no more rotated files stay than are to be kept, and the newest do", async (t) => {
  const native = new Native(t);
  await print(native, native.openFile("log", { format: "raw", maxSize: 1000, keep: 2 }), "seq 1000");
  const names = files(native, "log");
  assert.deepEqual(names, ["log.2", "log.1", "log"]);
  const numbers = names.flatMap((name) => linesOf(read(native, name)).map(Number));
  assert.equal(numbers.join(" "), numbers.map((_, n) => 1001 - numbers.length + n).join(" "));
});

test("one line that is longer than a file may be stands alone in one", async (t) => {
  const native = new Native(t);
  const long = "x".repeat(300);
  await print(native, native.openFile("log", { format: "raw", maxSize: 100, keep: 9 }), `echo one; echo ${long}; echo two`);
  assert.deepEqual(files(native, "log").map((name) => read(native, name)), ["one\n", `${long}\n`, "two\n"]);
});

test("a rotated file that was compressed stands where that one was, wherever that is by now", async (t) => {
  const native = new Native(t);
  const sink = native.openFile("log", { format: "raw", maxSize: 1000, keep: 3 });
  const packed = async (original: number): Promise<void> => {
    writeFileSync(join(native.folder, "packing"), gzipSync(readFileSync(original)));
    const before = native.all("packed").length;
    native.addon.packed(sink, original, join(native.folder, "packing"));
    closeSync(original);
    assert.deepEqual((await native.some("packed", before + 1)).at(-1), { kind: "packed", sink });
    assert.equal(existsSync(join(native.folder, "packing")), false);
  };
  const logs = () => readdirSync(native.folder).filter((name) => name.startsWith("log")).sort();

  await print(native, sink, "seq -f %09.0f 100; echo over");
  const first = read(native, "log.1");
  utimesSync(join(native.folder, "log.1"), 1000, 1000);
  await packed(openSync(join(native.folder, "log.1"), "r"));
  assert.deepEqual(logs(), ["log", "log.1.gz"]);
  assert.equal(gunzipSync(readFileSync(join(native.folder, "log.1.gz"))).toString(), first);
  assert.equal(statSync(join(native.folder, "log.1.gz")).mtimeMs, 1_000_000);

  await print(native, sink, "seq -f %09.0f 100");
  assert.deepEqual(logs(), ["log", "log.1", "log.2.gz"]);
  const [second, fd] = [read(native, "log.1"), openSync(join(native.folder, "log.1"), "r")];
  await print(native, sink, "seq -f %09.0f 100");
  await packed(fd);
  assert.deepEqual(logs(), ["log", "log.1", "log.2.gz", "log.3.gz"]);
  assert.equal(gunzipSync(readFileSync(join(native.folder, "log.2.gz"))).toString(), second);

  const gone = openSync(join(native.folder, "log.1"), "r");
  await print(native, sink, "seq -f %09.0f 1000");
  await packed(gone);
  assert.deepEqual(logs(), ["log", "log.1", "log.2", "log.3"]);
});

test("what is packed must be open", (t) => {
  const native = new Native(t);
  assert.throws(() => native.addon.packed(native.sink, 9999, `${native.folder}/packing`), { code: "EBADF" });
});

test("a file that cannot be rotated grows on, which is told once, and is rotated when that can be done", async (t) => {
  const native = new Native(t);
  const sink = native.openFile("log", { format: "raw", maxSize: 1000, keep: 1 });
  mkdirSync(join(native.folder, "log.1"));
  await print(native, sink, "seq 1000");
  assert.equal(read(native, "log"), Array.from({ length: 1000 }, (_, n) => `${n + 1}\n`).join(""));
  const [{ sink: of, fault } = {}, ...more] = native.all("rotated");
  assert.deepEqual([of, fault?.errno, more], [sink, "EISDIR", []]);
  assert.ok(fault?.subject.includes(join(native.folder, "log")), fault?.subject);
  rmdirSync(join(native.folder, "log.1"));
  await print(native, sink, "seq 1000");
  await until("it is rotated", () => native.all("rotated").at(-1)?.fault === null);
  assert.ok(size(native, "log") <= 1000);
});

test("a full disk keeps nobody from printing, and what is dropped is told with its sink", async (t) => {
  const native = new Native(t);
  const full = native.addon.openFile({ path: "/dev/full", format: "prefixed", maxSize: 0, keep: 0, echo: null });
  const run = native.spawn("sh", ["-c", "seq 1000000"], { stdout: full });
  await native.of("spawned", run);
  native.addon.say(native.sink, 0, null, null, "opens", run, null);
  assert.equal((await native.of("exit", run)).code, 0);
  for (const { what, count, sink } of await native.some("lost", 1)) {
    assert.deepEqual([what, sink], ["output", full]);
    assert.ok(count > 0);
  }
});

for (const format of ["raw", "json"] as const) {
  test(`the terminal shows the lines of a ${format} file too, with labels and colours`, async (t) => {
    const native = new Native(t);
    const fd = openSync(join(native.folder, "terminal"), "a");
    const sink = native.openFile("log", { format, echo: native.addon.openTerminal(fd, false) });
    closeSync(fd);
    const pid = await print(native, sink, "echo one; echo two >&2; echo three");
    const shown = linesOf(read(native, "terminal")).sort();
    assert.deepEqual(shown.map((line) => line.replace(/\d\d:\d\d:\d\d /, "").split(/ +/)), ["one", "three", "two"].map((text) =>
      [`\u001B[36mweb.${pid}\u001B[0m`, text]));
    const lines = linesOf(read(native, "log"));
    assert.deepEqual(lines.map((line) => format === "raw" ? line : objectsOf(`${line}\n`)[0]?.["text"]).sort(), ["one", "three", "two"]);
  });
}

test("a terminal may be given JSON, beside a file and alone", async (t) => {
  const native = new Native(t);
  const fd = openSync(join(native.folder, "terminal"), "a");
  const terminal = native.addon.openTerminal(fd, true);
  closeSync(fd);
  await print(native, native.openFile("log", { format: "raw", echo: terminal }), "echo one");
  await print(native, terminal, "echo two >&2");
  const shown = objectsOf(read(native, "terminal"));
  assert.deepEqual(shown.map(({ entry, slot, stream, text }) => [entry, slot, stream, text]), [["web", 2, "stdout", "one"], ["web", 2, "stderr", "two"]]);
});

test("the slot of a run goes over a detach", async (t) => {
  const native = new Native(t);
  const log = native.openFile("log", { format: "json" });
  const run = native.spawn("sh", ["-c", "until [ -e go ]; do sleep 0.01; done; echo late"], { slot: 7, stdout: log, stderr: log });
  await native.of("spawned", run);
  native.addon.say(native.sink, 0, null, null, "opens", run, null);
  const left = await native.detach();
  assert.deepEqual(left.outputs.map(({ slot }) => slot), [7, 7]);
  native.resume({ ...left, outputs: [] });
  const sink = native.openFile("log", { format: "json" });
  for (const output of left.outputs) native.addon.adoptOutput({ ...output, sink });
  writeFileSync(join(native.folder, "go"), "");
  await until("the line is written", () => objectsOf(read(native, "log")).some(({ text, slot }) => text === "late" && slot === 7));
});
