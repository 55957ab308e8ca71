/**
 * Promise 2, the reload: under those who ask all the time, while children end and are killed. With those of elsewhere.test.ts
 * it is forty times; hundreds are `npm run chaos`.
 */
import { suite, test } from "node:test";

import { withReloads } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import { judge } from "./judge.ts";

suite("a Sentry that is reloaded", () => {
  test("again and again at random fails no request, and ends nothing but what the configuration changed", async (t) => {
    judge(t, await withReloads(t, SEED + 2, 24));
  });
});
