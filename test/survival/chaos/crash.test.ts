/** Promise 2, the SIGKILL: nothing stops, nothing doubles, nothing is lost, wherever Sentry is when it comes. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { atEachPoint } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import { POINTS, pointsInSources } from "./points.ts";
import { judge } from "./judge.ts";

suite("a Sentry that is killed", () => {
  test("at each named point, one after the other, is taken over", async (t) => {
    judge(t, await atEachPoint(t, SEED));
  });

  test("can be killed at every point that the sources name, and the experiment knows them all", () => {
    assert.deepEqual(pointsInSources().sort(), [...POINTS].sort());
  });
});
