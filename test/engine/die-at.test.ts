import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Goes by three points, twice, and tells each that it got to. */
function go(point: string | undefined): { told: string; signal: string | null } {
  const { SENTRY_DIE_AT: _, ...env } = process.env;
  const source = `import { dieAt } from ${JSON.stringify(new URL("../../src/engine/die-at.js", import.meta.url).href)};
    import { writeSync } from "node:fs";
    for (const point of ["one", "two", "three", "one", "two", "three"]) { writeSync(1, point + " "); dieAt(point); }`;
  const { stdout, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", source], {
    encoding: "utf8", env: point === undefined ? env : { ...env, SENTRY_DIE_AT: point },
  });
  return { told: stdout.trim(), signal };
}

test("Sentry dies at the point that is named, at the time that is named, and nowhere else", () => {
  assert.deepEqual(go("two"), { told: "one two", signal: "SIGKILL" });
  assert.deepEqual(go("two:2"), { told: "one two three one two", signal: "SIGKILL" });
  for (const never of [undefined, "", "four", "two:3", "tw"]) {
    assert.deepEqual(go(never), { told: "one two three one two three", signal: null });
  }
});
