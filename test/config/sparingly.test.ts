import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Sparingly } from "../../src/config/sparingly.ts";

test("what comes again and again is said five times in ten seconds, and then how often it was not", () => {
  const said: string[] = [];
  let now = 0;
  const sparingly = new Sparingly((text) => said.push(text), () => now);
  for (let n = 1; n <= 8; n++) sparingly.say(`${n}`);
  assert.deepEqual(said.splice(0), ["1", "2", "3", "4", "5"]);
  now = 10_000;
  sparingly.say("9");
  sparingly.say("10");
  assert.deepEqual(said, ["9 (and 3 times before that, which was not told)", "10"]);
});
