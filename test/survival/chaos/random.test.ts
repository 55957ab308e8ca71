/** Promise 2, the SIGKILL at any moment. With those of elsewhere.test.ts it is forty times; thousands are `npm run chaos`. */
import { suite, test } from "node:test";

import { atRandom } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import { judge } from "./judge.ts";

suite("a Sentry that is killed", () => {
  test("again and again at random is taken over each time", async (t) => {
    judge(t, await atRandom(t, SEED + 1, 28));
  });
});
