import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A path in a folder of the test's own. */
export function pathIn(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sentry-survival-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}
