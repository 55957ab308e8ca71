/** The pattern in the output. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Pattern } from "../../src/probes/pattern.ts";

test("each line is tried by itself, without its end", () => {
  const ready = new Pattern("^ready$", "");
  assert.equal(ready.match("starting\nready\nworking\n"), "match");
  assert.equal(ready.match("starting\r\nready\r\n"), "match");
  assert.equal(ready.match("ready to\ngo\n"), "none");
  assert.equal(new Pattern("a\\nb", "").match("a\nb\n"), "none");
});

test("what comes after the last newline is no line", () => {
  const empty = new Pattern("^$", "");
  assert.equal(empty.match("one\ntwo\n"), "none");
  assert.equal(empty.match("one\n\n"), "match");
});

test("a line matches as it looks on a terminal", () => {
  const ready = new Pattern("^listening on 80$", "");
  assert.equal(ready.match("\x1b[1;32mlistening\x1b[0m on \x1b[4m80\x1b[0m\x1b[K\n"), "match");
});

test("flags count, and the ones that go on from the last match do not carry over", () => {
  assert.equal(new Pattern("READY", "i").match("ready\n"), "match");
  for (const flags of ["g", "y", "gy"]) {
    const ready = new Pattern("ready", flags);
    assert.equal(ready.match("ready\n"), "match");
    assert.equal(ready.match("ready\n"), "match");
  }
});

test("a pattern that takes for ever is interrupted, counts as no match, and is given up", () => {
  const slow = new Pattern("^(a+)+$", "");
  const line = `${"a".repeat(60)}b\n`;
  assert.deepEqual([slow.match(line), slow.match("aaa\n"), slow.match(line), slow.match(line)], ["slow", "match", "none", "hopeless"]);
});

test("a pattern that was slow does not hinder another one", () => {
  new Pattern("^(a+)+$", "").match(`${"a".repeat(60)}b\n`);
  assert.equal(new Pattern("ready", "").match("ready\n"), "match");
});
