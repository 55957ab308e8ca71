import { strict as assert } from "node:assert";
import { test } from "node:test";
import { template } from "../../src/config/template.ts";
import { load } from "./folder.ts";

test("what `sentry init` writes can be started as it is", async () => {
  assert.deepEqual((await load(template)).entries.map(({ law, command, args }) => [law.name, command, args]), [["dummy", "sleep", ["4"]]]);
});

test("what it shows in comments works too", async () => {
  const uncommented = template.replace(/^ {2}\/\/ {1,3}(?=entry\("web"|[a-z]+:|\}\))/gm, "");
  const { entries } = await load(uncommented);
  assert.deepEqual(entries.map(({ law }) => [law.name, law.count]), [["dummy", 1], ["web", 2]]);
});
