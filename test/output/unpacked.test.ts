/** What becomes of a compressed log when it is read. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";

import { unpacked } from "../../src/output/unpacked.ts";

async function packed(t: TestContext, bytes: Buffer) {
  const folder = mkdtempSync(join(tmpdir(), "sentry-unpacked-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "log.gz"), gzipSync(bytes));
  const handle = await open(join(folder, "log.gz"));
  t.after(() => handle.close());
  return { folder, handle };
}

test("it is unpacked into a file that has no name", async (t) => {
  const { folder, handle } = await packed(t, Buffer.from("line\n".repeat(100_000)));
  const file = await unpacked(handle, folder);
  assert.equal((await file?.stat())?.size, 500_000);
  assert.deepEqual(readdirSync(folder), ["log.gz"]);
  await file?.close();
});

test("one that becomes larger than there is room for is none", async (t) => {
  const { folder, handle } = await packed(t, Buffer.alloc(10_000_000));
  assert.equal(await unpacked(handle, folder, 9_999_999), null);
  assert.deepEqual(readdirSync(folder), ["log.gz"]);
  const file = await unpacked(handle, folder, 10_000_000);
  assert.equal((await file?.stat())?.size, 10_000_000);
  await file?.close();
});
