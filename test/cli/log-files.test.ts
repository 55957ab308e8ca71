/** What processes print is in the file of their `log`, byte by byte and line by line, in each format. docs/output.md. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { allOf, contentOf, counted, once, shell, sizeOf, upTo } from "../support/logged.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const NEWLINE = 10;
const formats = ["raw", "prefixed", "json"] as const;

/** Every byte, what is no UTF-8, NUL, CR, escape sequences, empty lines; and no newline at the end. */
const ODD = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, n) => n)), Buffer.from([NEWLINE, 0xff, 0xfe, NEWLINE, 0, NEWLINE, NEWLINE, NEWLINE]),
  Buffer.from("\r\n\x1b[31mred\x1b[0m\r\nä€😀\u2028\"\\\x7f\n\xc3", "utf8").subarray(0, -1), // half a character
]);

/** A line of 3 MiB between two short ones. */
const LONG = Buffer.from(`before\n${randomBytes(3 << 19).toString("hex")}\nafter\n`);

interface Logged { at: string; entry: string; slot: number; pid: number; stream: string; part?: true; text?: string; base64?: string }

/** What is in the file of an entry that has run once. */
async function written(t: TestContext, script: string, log: object, files: Record<string, Uint8Array> = {}): Promise<Buffer> {
  const site = new Site(t);
  for (const [name, bytes] of Object.entries(files)) site.write(name, bytes);
  site.config(once("x", script, { log: { file: "x.log", ...log } }));
  const sentry = site.start();
  await sentry.line(/Exited at/);
  await sentry.stop();
  assert.deepEqual(sentry.lines.filter((line) => /^\S+ x\.\d+ /.test(line) && !/(Started|Exited) at/.test(line)), [], "it is in the file alone");
  return readFileSync(site.path("x.log"));
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let begin = 0; begin < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, begin);
    lines.push(bytes.subarray(begin, end === -1 ? bytes.length : end));
    begin = end === -1 ? bytes.length : end + 1;
  }
  return lines;
}

/** Label and text of each line. */
function prefixed(bytes: Buffer): { who: string; text: Buffer }[] {
  assert.equal(bytes.at(-1), NEWLINE);
  return linesOf(bytes).map((line) => {
    const [label = "", who = ""] = /^\d\d:\d\d:\d\d (\S+) +/.exec(line.toString("latin1", 0, 25)) ?? [];
    assert.ok(label.length === 25 && who !== "", `no label: ${line.toString("latin1", 0, 40)}`);
    return { who: who.replace(/\d+/, "N"), text: line.subarray(25) };
  });
}

function objects(bytes: Buffer): Logged[] {
  assert.equal(bytes.at(-1), NEWLINE);
  return linesOf(bytes).map((line) => JSON.parse(line.toString("utf8")) as Logged);
}

function textOf({ text, base64 }: Logged): Buffer {
  assert.ok((text === undefined) !== (base64 === undefined));
  return text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
}

suite("the file of an entry's log", { concurrency: 2 }, () => {
  test("has the very bytes in raw, and no newline that was not printed", async (t) => {
    assert.deepEqual(await written(t, "cat odd", {}, { odd: ODD }), ODD);
  });

  test("has the bytes of each line behind its label in prefixed, and a newline at the end", async (t) => {
    const lines = prefixed(await written(t, "cat odd", { format: "prefixed" }, { odd: ODD }));
    assert.deepEqual(lines.map(({ text }) => text), linesOf(ODD));
    assert.deepEqual(new Set(lines.map(({ who }) => who)), new Set(["x.N"]));
  });

  test("has an object for each line in JSON: text where it is UTF-8, and otherwise base64 of all its bytes", async (t) => {
    const lines = objects(await written(t, "cat odd", { format: "json" }, { odd: ODD }));
    assert.deepEqual(lines.map(textOf), linesOf(ODD));
    const valid = linesOf(ODD).map((line) => line.equals(Buffer.from(line.toString("utf8"))));
    assert.deepEqual(lines.map(({ text }) => text !== undefined), valid);
    assert.ok(valid.includes(true) && valid.includes(false));
    const [first, ...rest] = lines;
    assert.deepEqual(Object.keys(first!), ["at", "entry", "slot", "pid", "stream", "text"]);
    assert.deepEqual(Object.keys(lines[1]!), ["at", "entry", "slot", "pid", "stream", "base64"]);
    for (const { at, entry, slot, pid, stream } of [first!, ...rest]) {
      assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.ok(Math.abs(Date.parse(at) - Date.now()) < 3_600_000, "UTC");
      assert.deepEqual([entry, slot, stream, pid], ["x", 0, "stdout", first!.pid]);
    }
  });

  test("has a line of 3 MiB in raw as it was printed", async (t) => {
    assert.equal(Buffer.compare(await written(t, "cat long", {}, { long: LONG }), LONG), 0);
  });

  test("has a line of 3 MiB in pieces in prefixed: each but the last with a + behind its pid", async (t) => {
    const lines = prefixed(await written(t, "cat long; cat long >&2", { format: "prefixed" }, { long: LONG }));
    for (const [whole, piece] of [["x.N", "x.N+"], ["x.N/err", "x.N/err+"]] as const) {
      const its = lines.filter(({ who }) => who === whole || who === piece);
      const shape = its.map(({ who }) => who === piece);
      assert.deepEqual([shape[0], shape.at(-2), shape.at(-1)], [false, false, false]);
      assert.ok(shape.slice(1, -2).length >= 2 && shape.slice(1, -2).every(Boolean), String(shape));
      assert.equal(Buffer.compare(Buffer.concat(its.slice(1, -1).map(({ text }) => text)), linesOf(LONG)[1]!), 0);
    }
  });

  test("has a line of 3 MiB in pieces in JSON: each but the last with part", async (t) => {
    const lines = objects(await written(t, "cat long", { format: "json" }, { long: LONG }));
    assert.deepEqual([lines[0]!.part, lines.at(-2)!.part, lines.at(-1)!.part], [undefined, undefined, undefined]);
    assert.ok(lines.length > 4 && lines.slice(1, -2).every(({ part }) => part === true));
    assert.equal(Buffer.compare(Buffer.concat(lines.slice(1, -1).map(textOf)), linesOf(LONG)[1]!), 0);
  });

  test("tells stdout and stderr apart", async (t) => {
    const script = "echo one; echo two >&2; printf 'no end'; printf 'no end either' >&2";
    const sorted = (lines: string[]) => lines.toSorted();
    const text = (await written(t, script, { format: "prefixed" }));
    assert.deepEqual(sorted(prefixed(text).map((line) => `${line.who} ${line.text.toString()}`)),
      sorted(["x.N one", "x.N no end", "x.N/err two", "x.N/err no end either"]));
    const json = objects(await written(t, script, { format: "json" }));
    assert.deepEqual(sorted(json.map((line) => `${line.stream} ${line.text}`)),
      sorted(["stdout one", "stdout no end", "stderr two", "stderr no end either"]));
  });

  test("is empty where nothing is printed, and of mode 0600", async (t) => {
    const site = new Site(t);
    site.config(once("x", "true", { log: { file: "x.log" } }));
    const sentry = site.start();
    await sentry.line(/Exited at/);
    await sentry.stop();
    const { size, mode } = statSync(site.path("x.log"));
    assert.deepEqual([size, mode & 0o7777], [0, 0o600]);
  });

  test("is relative to the configuration's folder, not to cwd, and goes on at its end", async (t) => {
    const site = new Site(t);
    mkdirSync(site.path("elsewhere"));
    site.write("x.log", "there before\n", 0o644);
    site.config(once("x", "echo more", { cwd: "elsewhere", log: { file: "x.log" } }));
    const sentry = site.start();
    await sentry.line(/Exited at/);
    await sentry.stop();
    assert.equal(readFileSync(site.path("x.log"), "utf8"), "there before\nmore\n");
    assert.equal(statSync(site.path("x.log")).mode & 0o777, 0o644, "whoever made it has said who may read it");
  });

  for (const format of formats) {
    test(`has what several slots print at once, each in whole lines: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(once("x", 'seq -f "$SENTRY_SLOT-%.0f" 3000', { count: 6, log: { file: "x.log", format } }));
      const sentry = site.start();
      for (let n = 0; n < 6; n++) await sentry.line(/Exited at/);
      await sentry.stop();
      const text = contentOf(site, "x.log");
      for (let slot = 0; slot < 6; slot++) assert.deepEqual(counted(text, slot), upTo(3000));
    });
  }

  test("is one for each slot with {slot}, also for a slot that comes later", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "echo $SENTRY_SLOT of {slot}; exec sleep 1000", { count: 2, log: { file: "{slot}.x{slot}.log" } }));
    const sentry = site.start();
    await until("two have printed", () => [0, 1].every((slot) => sizeOf(site, `${slot}.x${slot}.log`) > 0));
    assert.ok(!existsSync(site.path("2.x2.log")));
    assert.equal((await site.sentry(["scale", "x", "3", "-c", "sample.ts"])).code, 0);
    await until("the third has printed", () => sizeOf(site, "2.x2.log") > 0);
    await sentry.stop();
    for (const slot of [0, 1, 2]) assert.equal(contentOf(site, `${slot}.x${slot}.log`), `${slot} of {slot}\n`);
  });

  for (const format of formats) {
    test(`keeps half a line back until its rest comes, whatever others print meanwhile: ${format}`, async (t) => {
      const site = new Site(t);
      const script = "printf half; echo meanwhile >&2; until [ -e go ]; do sleep 0.01; done; echo ' and half'; exec sleep 1000";
      site.config(shell("x", script, { log: { file: "x.log", format } }));
      const sentry = site.start();
      await until("the other line is there", () => existsSync(site.path("x.log")) && contentOf(site, "x.log").includes("meanwhile"));
      assert.ok(!contentOf(site, "x.log").includes("half"));
      site.write("go", "");
      await until("the whole line is there", () => contentOf(site, "x.log").includes("half and half"));
      assert.equal(contentOf(site, "x.log").split("\n").length, 3);
      await sentry.stop();
    });
  }

  test("has what is printed after the end by what was left behind, with the label of its process", async (t) => {
    const site = new Site(t);
    const late = "setsid sh -c 'echo > ready; until [ -e go ]; do sleep 0.01; done; echo late; echo late >&2'";
    site.config(once("x", `echo early; ${late} & until [ -e ready ]; do sleep 0.01; done`, {
      stop: { scope: "process" }, log: { file: "x.log", format: "json" },
    }));
    const sentry = site.start();
    const [, pid] = await sentry.line(/^\S+ x\.(\d+) +Exited at/);
    site.write("go", "");
    await until("it has printed", () => contentOf(site, "x.log").split("\n").length === 4);
    await sentry.stop();
    const lines = objects(readFileSync(site.path("x.log")));
    assert.deepEqual(lines.map(({ pid, stream, text }) => `${pid} ${stream} ${text}`).toSorted(),
      [`${pid} stderr late`, `${pid} stdout early`, `${pid} stdout late`]);
  });

  test("has the last words of a process that is killed, and of one that is stopped with Sentry", async (t) => {
    const site = new Site(t);
    const words = "trap 'printf x-ends; exit' TERM; echo x-begins; while :; do sleep 0.01 2> /dev/null; done";
    site.config(`${shell("x", words, { log: { file: "x.log" } })}, ${once("y", "seq 5000; kill -KILL $$", { log: { file: "y.log" } })}`);
    const sentry = site.start();
    await sentry.line(/y\.\d+ +Exited at \d+ by SIGKILL/);
    await until("it has begun", () => contentOf(site, "x.log") === "x-begins\n");
    await sentry.stop();
    assert.equal(contentOf(site, "x.log"), "x-begins\nx-ends");
    assert.equal(contentOf(site, "y.log"), upTo(5000).map((n) => `${n}\n`).join(""));
  });

  for (const format of formats) {
    test(`is looked at by ready: { log } on its way: ${format}`, async (t) => {
      const site = new Site(t);
      const script = "echo not yet; until [ -e go ]; do sleep 0.01; done; echo listening >&2; exec sleep 1000";
      const log = JSON.stringify({ file: "x.log", format });
      site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], { ready: { log: /^listening$/ }, log: ${log} })`);
      const sentry = site.start();
      await until("a line is there", () => existsSync(site.path("x.log")) && contentOf(site, "x.log").includes("not yet"));
      assert.ok(!sentry.lines.some((line) => line.includes("Ready at")));
      site.write("go", "");
      await sentry.line(/^\S+ x\.\d+ +Ready at/);
      await until("the other is there, too", () => contentOf(site, "x.log").includes("listening"));
      await sentry.stop();
      assert.equal(contentOf(site, "x.log").split("\n").length, 3);
    });
  }

  test("has nothing of Sentry's own: detached that is in logs/_sentry.log", async (t) => {
    const site = new Site(t);
    site.config(`${shell("x", "echo hello; exec sleep 1000", { log: { file: "x.log" } })}, entry("plain", "echo", ["hi"], { restart: "never" })`);
    assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
    const plain = "sample.run/logs/plain.log";
    await until("both have printed", () => sizeOf(site, "x.log") > 0 && sizeOf(site, plain) > 0 && contentOf(site, plain).includes("Exited"));
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
    assert.equal(contentOf(site, "x.log"), "hello\n");
    assert.ok(!existsSync(site.path("sample.run/logs/x.log")));
    const own = contentOf(site, "sample.run/logs/_sentry.log");
    assert.match(own, /^\S+ x\.\d+ +Started at \d+\.$/m);
    assert.match(own, /^\S+ x\.\d+ +Exited at \d+ by SIGTERM\.$/m);
    assert.doesNotMatch(own, /hello|plain\./);
    assert.match(contentOf(site, plain), /^\S+ plain\.\d+ +Started at \d+\.\n\S+ plain\.\d+ +hi\n\S+ plain\.\d+ +Exited at/);
  });

  test("is an ordinary user's", { skip: process.getuid?.() !== 0 && "only as root" }, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config(once("x", 'seq -f "$SENTRY_SLOT-%.0f" 20000', { log: { file: "x.log", format: "json", maxSize: "256K", keep: 100 } }));
    const sentry = site.start();
    await sentry.line(/Exited at/);
    await sentry.stop();
    assert.deepEqual(counted(allOf(site, "x.log")), upTo(20000));
    assert.ok(existsSync(site.path("x.log.1")));
    assert.notEqual(statSync(site.path("x.log")).uid, 0);
  });
});
