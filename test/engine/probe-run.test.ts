/** The numbers of runs that the law never hears of. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isProbe, nextProbeRun } from "../../src/engine/probe-run.ts";
import type * as ProbeRun from "../../src/engine/probe-run.ts";

test("each run has a number of its own, which a double holds exactly, and which the law never gives", () => {
  const runs = Array.from({ length: 1000 }, nextProbeRun);
  assert.equal(new Set(runs).size, 1000);
  for (const run of runs) assert(isProbe(run) && Number.isSafeInteger(run));
  assert.equal(isProbe(1), false);
  assert.equal(isProbe(2 ** 40 - 1), false);
});

test("another image begins with other numbers", async () => {
  const again = await import(new URL("../../src/engine/probe-run.js?again", import.meta.url).href) as typeof ProbeRun;
  assert(Math.abs(again.nextProbeRun() - nextProbeRun()) > 10_000);
});
