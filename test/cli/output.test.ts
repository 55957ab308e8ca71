/** What processes print is shown with their label, line by line, whatever bytes it is. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { COLUMNS } from "../support/sentry.ts";
import { Site } from "../support/site.ts";

const NEWLINE = 10;

/** All that a process printed, out of the transcript: the lines between its start and its exit, without their labels. */
async function printed(t: TestContext, entry: string, files: Record<string, Uint8Array> = {}): Promise<Buffer> {
  const site = new Site(t);
  for (const [name, bytes] of Object.entries(files)) site.write(name, bytes);
  site.config(entry);
  const sentry = site.start();
  await sentry.line(/Exited at/);
  await sentry.stop();
  const lines: Buffer[] = [];
  for (let begin = 0, end; (end = sentry.bytes.indexOf(NEWLINE, begin)) !== -1; begin = end + 1) {
    lines.push(sentry.bytes.subarray(begin, end + 1));
  }
  const shown = lines.slice(2, -2);
  for (const line of shown) assert.match(line.toString("latin1", 0, COLUMNS), /^\d\d:\d\d:\d\d x\.\d+\+? +$/);
  return Buffer.concat(shown.map((line) => line.subarray(COLUMNS)));
}

const printFile = 'entry("x", "cat", ["bytes"], 60000, 1)';

suite("what processes print", { concurrency: 2 }, () => {
  test("is shown byte by byte, also where it is no text", async (t) => {
    const bytes = Buffer.from([...Array(256).keys(), NEWLINE, 0xff, 0xfe, NEWLINE, 0, 0, NEWLINE, NEWLINE, 13, NEWLINE]);
    assert.deepEqual(await printed(t, printFile, { bytes }), bytes);
  });

  test("is a whole line where a UTF-8 character comes in two writes", async (t) => {
    const script = String.raw`printf '\303'; printf '\244\n'`;
    assert.equal((await printed(t, `entry("x", "sh", ["-c", ${JSON.stringify(script)}], 60000, 1)`)).toString(), "ä\n");
  });

  test("is ended with a newline where the process has not done that", async (t) => {
    assert.equal((await printed(t, 'entry("x", "printf", ["no newline"], 60000, 1)')).toString(), "no newline\n");
    assert.equal((await printed(t, 'entry("x", "true", [], 60000, 1)')).toString(), "");
  });

  test("loses no byte in lines of several megabytes", async (t) => {
    const bytes = Buffer.from(`${randomBytes(2_000_000).toString("hex")}\n${randomBytes(1_500_000).toString("hex")}`);
    const shown = await printed(t, printFile, { bytes });
    // A line longer than a pipe can hold is shown in pieces, each with its label.
    assert.equal(Buffer.compare(withoutNewlines(shown), withoutNewlines(bytes)), 0);
    assert.equal(shown.at(-1), NEWLINE);
  });

  test("keeps a line of half a megabyte in one piece", async (t) => {
    const bytes = Buffer.from(`short\n${randomBytes(250_000).toString("hex")}\nshort\n`);
    assert.equal(Buffer.compare(await printed(t, printFile, { bytes }), bytes), 0);
  });

  test("loses and doubles nothing when many print at once, each in whole lines", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "seq -f $SENTRY_SLOT-%g 3000"], 60000, 8)');
    const sentry = site.start();
    for (let n = 0; n < 8; n++) await sentry.line(/Exited at/);
    await sentry.stop();
    for (let slot = 0; slot < 8; slot++) {
      const own = sentry.lines.flatMap((line) => new RegExp(`^.{${COLUMNS}}${slot}-(\\d+)$`).exec(line)?.[1] ?? []);
      assert.deepEqual(own, Array.from({ length: 3000 }, (_, n) => `${n + 1}`));
    }
  });

  test("is shown while the process is running, line by line", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "echo here I am; exec sleep 1000"], 60000, 1)');
    const sentry = site.start();
    await sentry.line(/ here I am$/);
    await sentry.stop();
  });

  test("comes from a grandchild that outlives its parent too", async (t) => {
    const site = new Site(t);
    const late = "setsid sh -c 'echo > ready; until [ -e go ]; do sleep 0.02; done; echo late'";
    const script = `${late} & until [ -e ready ]; do sleep 0.02; done`;
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], 60000, 1, { stop: { scope: "process" } })`);
    const sentry = site.start();
    const [, parent = ""] = await sentry.line(/^\S+ x\.(\d+) +Exited at/);
    site.write("go", "");
    await sentry.line(new RegExp(String.raw`^\S+ x\.${parent} +late$`));
    await sentry.stop();
  });
});

function withoutNewlines(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll("\n", ""), "latin1");
}
