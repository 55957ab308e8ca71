/** Promise 2, the SIGKILL: nothing stops, nothing doubles, nothing is lost, wherever Sentry is when it comes. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { atEachPoint, atRandom } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import { POINTS, pointsInSources } from "./points.ts";
import { judge } from "./judge.ts";

suite("a Sentry that is killed", { concurrency: 2 }, () => {
  test("at each named point, one after the other, is taken over", async (t) => {
    judge(t, await atEachPoint(t, SEED));
  });

  test("forty times at random is taken over each time", async (t) => {
    judge(t, await atRandom(t, SEED + 1, 40));
  });

  test("can be killed at every point that the sources name, and the experiment knows them all", () => {
    assert.deepEqual(pointsInSources().sort(), [...POINTS].sort());
  });
});
