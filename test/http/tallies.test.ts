import assert from "node:assert/strict";
import { test } from "node:test";

import { Histogram } from "../../src/http/histogram.ts";
import { Tallies } from "../../src/http/tallies.ts";
import type { Exit, Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";
import { lost } from "./lost.ts";

/** A world, and what is counted of all that it has told so far. */
function counted(laws: readonly Law[], fateOf?: () => Fate) {
  const world = new World(laws, fateOf).start();
  const tallies = new Tallies();
  let told = 0;
  return {
    world,
    tally(): Tallies {
      for (; told < world.records.length; told++) tallies.record(world.records[told]!);
      return tallies;
    },
  };
}

function exit(differs: Partial<Exit>): Exit {
  return {
    pid: 100, code: 0, signal: null, coreDumped: false, at: { wall: 0, mono: 1000 }, kernelTime: true, userMs: 1, systemMs: 1,
    maxRssBytes: null, ...differs,
  };
}

function count({ counts }: { readonly counts: readonly number[] }): number {
  return counts.reduce((sum, one) => sum + one, 0);
}

const gone = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/no" };

/** As it gets to the next image. */
const handedOver = (tallies: Tallies): unknown => JSON.parse(JSON.stringify(tallies.plain()));

test("exits are counted by entry, code and signal", () => {
  const { world, tally } = counted([law("web", { count: 2, delay: 0 }), law("constructor", { delay: 0 })]);
  world.end("web:0", { code: 3 }).end("web:1", { code: 3 }).end("web:0", { signal: "SIGSEGV" }).end("constructor:0", { unknown: true });
  assert.deepEqual(tally().tallied.entries, [
    { name: "web", startFailures: 0, exits: [{ code: 3, signal: null, count: 2 }, { code: null, signal: "SIGSEGV", count: 1 }] },
    { name: "constructor", startFailures: 0, exits: [{ code: null, signal: null, count: 1 }] },
  ]);
});

test("a start that comes to no process is counted, and one that was called off is not", () => {
  const fails = counted([law("web")], () => ({ ...longLife, fault: gone }));
  fails.world.pass(1000);
  assert.equal(fails.tally().tallied.entries[0]?.startFailures, 2);

  const calledOff = counted([law("web")], () => ({ ...longLife, answerAfter: 10 }));
  void calledOff.world.down("web:0");
  calledOff.world.pass(100);
  assert(calledOff.world.told("web:0").includes("fault"));
  assert.deepEqual(calledOff.tally().tallied.entries, []);
});

test("the time from an exit to the start that follows is counted with its delay, and with starts that failed meanwhile", () => {
  let failing = false;
  const { world, tally } = counted([law("web", { delay: 1000 })], () => ({ ...longLife, fault: failing ? gone : null }));
  assert.equal(count(tally().tallied.exitToStart), 0);
  world.end("web:0").pass(1000);
  assert.deepEqual([count(tally().tallied.exitToStart), tally().tallied.exitToStart.sum], [1, 1]);
  failing = true;
  world.end("web:0").pass(1500);
  failing = false;
  world.pass(500);
  assert.deepEqual([count(tally().tallied.exitToStart), tally().tallied.exitToStart.sum], [2, 3]);
});

test("the time in which nobody wanted a process is not counted", () => {
  const { world, tally } = counted([law("web")]);
  void world.down("web:0");
  world.pass(3_600_000);
  void world.up("web:0");
  world.pass(0);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(count(tally().tallied.exitToStart), 0);
});

test("trouble with a process that there is counts as no start, and what has failed or finished waits for none", () => {
  const { world, tally } = counted([law("web")]);
  const tallies = tally();
  const about = { at: 7, entry: "web", slot: 0, pid: null, by: null };
  tallies.record({ ...about, type: "fault", run: null, cause: null, step: "follow", errno: "", message: "nothing is left", subject: "" });
  assert.deepEqual(tallies.tallied.entries, []);

  world.end("web:0");
  assert.equal(tally().tallied.between.length, 1);
  tallies.record({ ...about, type: "failed", cause: "exited" });
  assert.equal(tallies.tallied.between.length, 0);
  world.pass(1000);
  assert.equal(count(tally().tallied.exitToStart), 0);
  world.end("web:0");
  tally().record({ ...about, type: "finished", cause: "exited" });
  assert.equal(tallies.tallied.between.length, 0);
});

test("how late an exit is known is counted where the kernel's own moment is known", () => {
  const tallies = new Tallies();
  tallies.seen(exit({ kernelTime: false }), { wall: 0, mono: 1500 });
  assert.equal(count(tallies.tallied.exitDetection), 0);
  tallies.seen(exit({}), { wall: 0, mono: 1500 });
  tallies.seen(exit({}), { wall: 0, mono: 999 }); // clocks differ a little
  assert.deepEqual([count(tallies.tallied.exitDetection), tallies.tallied.exitDetection.sum], [2, 0.5]);
});

test("what was lost is counted by what it was", () => {
  const tallies = new Tallies();
  tallies.record(lost("output", 3));
  tallies.record(lost("processEvents", 2));
  tallies.record(lost("output", 1));
  assert.deepEqual([tallies.tallied.lostOutputLines, tallies.tallied.lostProcessEvents], [4, 2]);
});

test("an image goes on counting where the one before it has stopped", () => {
  const { world, tally } = counted([law("web")], () => longLife);
  world.end("web:0", { code: 3 }).pass(1000).end("web:0", { code: 3 });
  const before = tally();
  before.seen(exit({}), { wall: 0, mono: 1001 });
  before.record(lost("output", 7));
  const after = new Tallies(handedOver(before));
  assert.deepEqual(after.tallied, before.tallied);

  const known = world.records.length;
  world.reload([law("web")]).pass(1000);
  for (const record of world.records.slice(known)) after.record(record);
  assert.deepEqual([after.tallied.reloads, count(after.tallied.exitToStart), after.tallied.exitToStart.sum], [1, 2, 2]);
});

test("what a newer version has left, or what is damaged, counts as nothing", () => {
  const { world, tally } = counted([law("web")]);
  world.end("web:0", { code: 3 });
  const left = handedOver(tally()) as Record<string, unknown>;
  assert.equal(new Tallies(left).tallied.entries.length, 1);
  const nothing = new Tallies().tallied;
  for (const bad of [undefined, null, 7, "web", [], {}, { ...left, form: 2 }]) assert.deepEqual(new Tallies(bad).tallied, nothing);
  for (const key of Object.keys(left)) {
    for (const bad of [undefined, null, -1, 0.5, "web", {}, [null], [["web"]], [{ name: "web", startFailures: 0, exits: [{}] }]]) {
      assert.deepEqual(new Tallies({ ...left, [key]: bad }).tallied, nothing, `${key}: ${JSON.stringify(bad)}`);
    }
  }
});

test("of a removed entry the last exits are counted, and the image after that does not hear of it", () => {
  const { world, tally } = counted([law("web"), law("db")]);
  world.end("web:0", { code: 3 }).end("db:0", { code: 3 }).pass(1000);
  world.reload([law("db")]);
  const names = (tallies: Tallies) => tallies.tallied.entries.map(({ name, exits }) => [name, exits.length]);
  assert.deepEqual(names(tally()), [["web", 2], ["db", 1]]);
  assert.deepEqual(names(new Tallies(handedOver(tally()))), [["db", 1]]);
});

test("a histogram with other bounds than before begins anew", () => {
  const histogram = new Histogram([1, 2]);
  for (const seconds of [1, 1.5, 2, 3]) histogram.observe(seconds);
  assert.deepEqual(histogram.counted, { bounds: [1, 2], counts: [1, 2, 1], sum: 7.5 });
  assert.deepEqual(new Histogram([1, 2], histogram.counted).counted, histogram.counted);
  assert.deepEqual(new Histogram([1, 3], histogram.counted).counted, { bounds: [1, 3], counts: [0, 0, 0], sum: 0 });
});
