import { strict as assert } from "node:assert";
import { test } from "node:test";
import { complaint, door, load } from "./folder.ts";

/** Entries in lines from 3 on, as name and options. */
const program = (entries: [name: string, options: string][], whole = "") =>
  `${door}\nexport default sentry([\n${entries.map(([name, options]) => `  entry("${name}", "x", [], { ${options} }),\n`).join("")}]${whole});`;

test("what an entry comes after is ready, unless it says otherwise", async () => {
  const { entries } = await load(program([
    ["a", 'after: ["b", { entry: "c" }, { entry: "d", on: "finished" }]'], ["b", 'after: "c"'], ["c", 'after: { entry: "d", on: "started" }'],
    ["d", 'restart: "on-failure"'],
  ]));
  assert.deepEqual(entries.map(({ law }) => law.after), [
    [{ entry: "b", on: "ready" }, { entry: "c", on: "ready" }, { entry: "d", on: "finished" }],
    [{ entry: "c", on: "ready" }], [{ entry: "d", on: "started" }], [],
  ]);
});

test("a circle is refused and shown, whatever else comes after it", async () => {
  assert.equal(
    await complaint(program([["d", 'after: "a"'], ["a", 'after: ["e", "b"]'], ["b", 'after: "c"'], ["c", 'after: "a"'], ["e", ""]])),
    "option `after` of entry `a` goes in a circle: `a → b → c → a` (sample.ts:4:3)",
  );
  assert.match(await complaint(program([["a", 'after: "b"'], ["b", 'after: { entry: "a", on: "started" }']])), /`a → b → a` \(/);
  assert.equal(await complaint(program([["a", 'after: "a"']])), "option `after` of entry `a` goes in a circle: `a → a` (sample.ts:3:3)");
  assert.match(await complaint(program([["b", 'after: "a"'], ["a", 'after: { entry: "a", on: "finished" }, restart: "never"']])), /of entry `a` goes in a circle: `a → a` \(/);
});

test("two ways to the same entry are no circle", async () => {
  await load(program([["a", 'after: ["b", "c"]'], ["b", 'after: "d"'], ["c", 'after: "d"'], ["d", ""]]));
});

test("an entry that there is not, and one that is named twice, are refused", async () => {
  assert.equal(
    await complaint(program([["data", ""], ["a", 'after: ["dat"]']])),
    "option `after` of entry `a` names `dat`, and there is no such entry; did you mean `data`? (sample.ts:4:3)",
  );
  assert.match(await complaint(program([["a", 'after: "zzzzzz"']])), /names `zzzzzz`, and there is no such entry \(/);
  assert.match(await complaint(program([["a", 'after: "b"'], ["other", ""]])), /names `b`, and there is no such entry \(/);
  assert.match(await complaint(program([["a", 'after: ["b", { entry: "b", on: "started" }]'], ["b", ""]])), /`after` of entry `a` names `b` twice/);
});

test("nothing waits for an end that never comes", async () => {
  const after = 'after: { entry: "b", on: "finished" }';
  assert.match(await complaint(program([["a", after], ["b", ""]])), /`after` of entry `a` waits until `b` has finished, and that is always restarted \(/);
  assert.match(await complaint(program([["a", after], ["b", 'schedule: "@daily"']])), /waits until `b` has finished, and that is scheduled \(/);
  await load(program([["a", 'after: "b"'], ["b", 'schedule: "@daily"']]));
});

test("a whole that leaves when all has ended has no entry that never does", async () => {
  const whole = ', { exitWhen: "all" }';
  assert.equal(
    await complaint(program([["a", 'restart: "never"'], ["b", ""]], whole)),
    'option `exitWhen` is "all", and entry `b` is always restarted: it never comes to its end (sample.ts:2:16)',
  );
  assert.match(await complaint(program([["b", 'schedule: "@daily"']], whole)), /`exitWhen` is "all", and entry `b` is scheduled/);
  assert.equal((await load(program([["a", 'restart: "never"'], ["b", 'restart: "on-failure"']], whole))).exitWhen, "all");
  assert.equal((await load(program([["b", ""]], ', { exitWhen: "any" }'))).exitWhen, "any");
});
