import assert from "node:assert/strict";
import { test } from "node:test";

import { longLife } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

const readiness = async ({ app }: ReturnType<typeof served>) => {
  const answer = await app.inject("/ready");
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  return [answer.statusCode, answer.json()];
};

test("ready is when all that is wanted is there", async () => {
  const all = served([law("web", { count: 2 }), law("db")], () => ({ ...longLife, answerAfter: 100 }));
  assert.deepEqual(await readiness(all), [503, { ready: false, waiting: ["web:0", "web:1", "db:0"] }]);
  all.world.pass(100);
  assert.deepEqual(await readiness(all), [200, { ready: true, waiting: [] }]);
  all.world.end("web:1");
  assert.deepEqual(await readiness(all), [503, { ready: false, waiting: ["web:1"] }]);
});

test("what nobody wants is not waited for", async () => {
  const all = served([law("web", { count: 2 })], () => ({ ...longLife, heedsAfter: null }));
  await all.world.down("web:0");
  await all.world.scale("web", 1);
  assert.deepEqual(await readiness(all), [200, { ready: true, waiting: [] }]);
});

test("with nothing to keep Sentry is ready, and while it stops it is not", async () => {
  const all = served([]);
  assert.deepEqual(await readiness(all), [200, { ready: true, waiting: [] }]);
  await all.world.stop();
  assert.deepEqual(await readiness(all), [503, { ready: false, waiting: [] }]);
});
