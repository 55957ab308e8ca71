import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { keeperProgram } from "../../src/native/load.ts";

test("the keeper's program is beside the addon, and ends at once where it has no socket to listen at", () => {
  const { status, error } = spawnSync(keeperProgram(), ["nowhere"], { stdio: "ignore" });
  assert.equal(error, undefined);
  assert.equal(status, 2);
});
