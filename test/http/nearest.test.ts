import assert from "node:assert/strict";
import { test } from "node:test";

import { nearest } from "../../src/http/nearest.ts";

for (const [word, names, found] of [
  ["wbe", ["web", "db"], ["web"]],
  ["WEB", ["web", "wed"], ["web"]],
  ["we", ["web"], ["web"]],
  ["wweb", ["web"], ["web"]],
  ["workr", ["worker", "walker"], ["worker"]],
  ["worker", ["worker-1", "worker-2"], ["worker-1", "worker-2"]],
  ["databse", ["databases", "database"], ["database"]],
  ["a", ["web"], []],
  ["database", ["web", "db"], []],
  ["", ["web"], []],
  ["abcdefghijklmnopqr", ["abcdefghijklmn-xy-", "abcdefghijklmn----"], ["abcdefghijklmn-xy-", "abcdefghijklmn----"]],
  ["abcdefghijklmnopqr", ["abcdefghijklm-----"], []],
  ["x1", ["x2", "x3", "x4", "x5"], ["x2", "x3", "x4"]],
] as const) {
  test(`whoever writes "${word}" may mean ${found.join(" or ") || "nothing"} of ${names.join(", ")}`, () => {
    assert.deepEqual(nearest(word, names), found);
  });
}

test("of very many names that are as long as the word, the first are compared", () => {
  const others = Array.from({ length: 499 }, (_, n) => `other-${n}`.padEnd(9, "-"));
  assert.deepEqual(nearest("databases", [...others, "database"]), ["database"]);
  assert.deepEqual(nearest("databases", ["another", ...others, "database"]), []);
  assert.deepEqual(nearest("databases", ["web", ...others, "database"]), ["database"], "those of another length cost nothing");
});
