import assert from "node:assert/strict";
import { existsSync, fstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";

import { Packing } from "../../src/output/packing.ts";
import type { PackingPorts } from "../../src/output/packing.ts";
import { until } from "../support/until.ts";

const SINK = 7;

class Folder {
  readonly path: string;
  readonly log: string;
  readonly told: string[] = [];

  constructor(t: TestContext) {
    this.path = mkdtempSync(join(tmpdir(), "sentry-"));
    this.log = join(this.path, "web.log");
    t.after(() => rmSync(this.path, { recursive: true }));
  }

  write(number: number, text: string): void {
    writeFileSync(`${this.log}.${number}`, text);
  }

  names(): string[] {
    return readdirSync(this.path).sort();
  }

  unpacked(number: number): string {
    return gunzipSync(readFileSync(`${this.log}.${number}.gz`)).toString();
  }

  /** The part of the output thread. */
  swap(original: number, packed: string): void {
    const number = [1, 2, 3, 4, 5].find((one) => existsSync(`${this.log}.${one}`) && statSync(`${this.log}.${one}`).ino === fstatSync(original).ino);
    if (number === undefined) return unlinkSync(packed);
    renameSync(packed, `${this.log}.${number}.gz`);
    unlinkSync(`${this.log}.${number}`);
  }

  packing(t: TestContext, swap = (original: number, packed: string): void => this.swap(original, packed)): Packing {
    const packed: PackingPorts["packed"] = (_sink, original, path) => {
      swap(original, path);
      packing.answered();
    };
    const packing = new Packing({ packed, tell: (text) => { this.told.push(text); } });
    t.after(() => packing.close());
    return packing;
  }
}

test("all rotated files that are plain are compressed, the oldest first", async (t) => {
  const folder = new Folder(t);
  for (const number of [1, 2, 3]) folder.write(number, `file ${number}\n`.repeat(100_000));
  const order: number[] = [];
  const packing = folder.packing(t, (original, path) => {
    order.push(Number(readFileSync(original).toString("latin1", 5, 6)));
    folder.swap(original, path);
  });
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("all are compressed", () => folder.names().join() === "web.log.1.gz,web.log.2.gz,web.log.3.gz");
  assert.deepEqual(order, [3, 2, 1]);
  for (const number of [1, 2, 3]) assert.equal(folder.unpacked(number), `file ${number}\n`.repeat(100_000));
  assert.equal(statSync(`${folder.log}.1.gz`).mode & 0o777, 0o600);
});

test("one that is rotated on while it is compressed is found under its new number", async (t) => {
  const folder = new Folder(t);
  folder.write(1, "old\n");
  const packing = folder.packing(t, (original, path) => {
    if (existsSync(`${folder.log}.1`)) renameSync(`${folder.log}.1`, `${folder.log}.2`);
    folder.swap(original, path);
  });
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("it is compressed", () => folder.names().join() === "web.log.2.gz");
  assert.equal(folder.unpacked(2), "old\n");
});

test("one that is rotated meanwhile is compressed as well", async (t) => {
  const folder = new Folder(t);
  folder.write(1, "first\n");
  let asked = false;
  const packing = folder.packing(t, (original, path) => {
    folder.swap(original, path);
    if (!asked) {
      renameSync(`${folder.log}.1.gz`, `${folder.log}.2.gz`);
      folder.write(1, "second\n");
      packing.ask({ sink: SINK, path: folder.log, keep: 5 });
      asked = true;
    }
  });
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("both are compressed", () => folder.names().join() === "web.log.1.gz,web.log.2.gz");
  assert.equal(folder.unpacked(1), "second\n");
});

test("what cannot be compressed stays as it is, and is told once; the next time it is tried again", async (t) => {
  const folder = new Folder(t);
  folder.write(1, "kept\n");
  mkdirSync(`${folder.log}.packing`);
  const packing = folder.packing(t);
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("it is told", () => folder.told.length > 0);
  assert.match(folder.told.join("\n"), /^Cannot compress .*web\.log\.\*, which stay as they are until the next is rotated: .*EISDIR/);
  rmSync(`${folder.log}.packing`, { recursive: true });
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("it is compressed", () => folder.names().join() === "web.log.1.gz");
});

test("one whose compressed file is not let into its place is not compressed for ever", async (t) => {
  const folder = new Folder(t);
  folder.write(1, "kept\n");
  let times = 0;
  const packing = folder.packing(t, (_original, path) => {
    times++;
    unlinkSync(path);
  });
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("it is told", () => folder.told.length > 0);
  assert.equal(times, 1);
  assert.deepEqual(folder.names(), ["web.log.1"]);
});

test("at the end what is half done is removed, and the original stays", async (t) => {
  const folder = new Folder(t);
  folder.write(1, "x".repeat(40_000_000));
  const packing = folder.packing(t);
  packing.ask({ sink: SINK, path: folder.log, keep: 5 });
  await until("it has begun", () => folder.names().length === 2);
  packing.close();
  await until("only the original is left", () => folder.names().join() === "web.log.1");
  assert.deepEqual(folder.told, []);
});
