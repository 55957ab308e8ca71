/** However and whenever a process with the addon in it ends, it ends at once, and never by a crash. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";

const program = join(import.meta.dirname, "ends.js");
const points = JSON.parse(execFileSync(process.execPath, [program, "--points"], { encoding: "utf8" })) as string[];

suite("a process ends as it was told", { concurrency: 2, timeout: 60_000 }, () => {
  assert.ok(points.length > 10);
  for (const point of points) {
    test(point, async (t) => {
      const site = new Site(t);
      // timeout(1) makes a hang an exit code of its own.
      const { code, signal, stderr } = await site.run("timeout", ["-s", "KILL", "20", process.execPath, program, point]);
      assert.equal(signal, point === "by SIGKILL" ? "SIGKILL" : null, stderr);
      if (point.includes("uncaught")) {
        assert.equal(code, 1, stderr);
        assert.match(stderr, /Error: thrown inside of deliver/);
      } else if (point !== "by SIGKILL") {
        assert.equal(code, 0, stderr);
        assert.equal(stderr, "");
      }
    });
  }
});
