/** What was written for the original Sentry goes on working. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { law } from "../support/world.ts";
import { served } from "./app.ts";

const form = "application/x-www-form-urlencoded";

test("types are told a line each, as many as are wanted now", async () => {
  const { app, world, view } = served([law("dummy"), law("web", { delay: 250 })]);
  await world.scale("web", 3);
  assert.equal((await app.inject("/types")).payload, "1 dummy: sleep 4  -- 1000ms.\n3 web: node 4  -- 250ms.\n");
  view.program = () => ({ command: "true", args: [] });
  const answer = await app.inject("/types");
  assert.equal(answer.payload, "1 dummy: true   -- 1000ms.\n3 web: true   -- 250ms.\n");
  assert.match(String(answer.headers["content-type"]), /^text\/plain/);
});

test("a type is scaled by a form", async () => {
  const { app, world } = served([law("dummy")]);
  for (const [payload, count] of [["scale=3", 3], ["scale=0", 0], ["%73cale=%31", 1]] as const) {
    const answer = await app.inject({ method: "POST", url: "/type/dummy", headers: { "content-type": form }, payload });
    assert.deepEqual([answer.statusCode, answer.payload], [200, "Ok."]);
    assert.match(String(answer.headers["content-type"]), /^text\/plain/);
    assert.equal(world.engine.state.entries.get("dummy")?.count, count);
  }
});

for (const [payload, field] of [
  ["scale=-1", "scale"], ["scale=1.5", "scale"], ["scale=two", "scale"], ["scale=", "scale"], ["", "scale"],
  ["scale=1&scale=2", "scale"], ["scale=1&delay=3", "delay"], ["__proto__=1", "__proto__"], ["scale=10001", "scale"],
] as const) {
  test(`the form "${payload}" is refused, naming the field`, async () => {
    const { app, world } = served([law("dummy")]);
    const answer = await app.inject({ method: "POST", url: "/type/dummy", headers: { "content-type": form }, payload });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ detail: string }>().detail, new RegExp(`^${field}: `));
    assert.equal(world.engine.state.entries.get("dummy")?.count, 1);
  });
}
