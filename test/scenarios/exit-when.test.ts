import assert from "node:assert/strict";
import { test } from "node:test";

import type { ExitWhen, Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Ending, Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const slow: Fate = { ...longLife, heedsAfter: 30 };
const once = (name: string, differs: Partial<Law> = {}): Law => law(name, { restart: "never", ...differs });

function container(exitWhen: ExitWhen, laws: readonly Law[] = [once("main"), law("side")], fate: (slot: string) => Fate = () => slow): World {
  return new World(laws, (_, slot) => fate(slot)).start(exitWhen);
}

test("any: with the first that comes to its end everything is stopped, and its code is Sentry's own", () => {
  const endings: [Ending, number][] = [
    [{ code: 0 }, 0], [{ code: 7 }, 7], [{ signal: "SIGSEGV" }, 139], [{ signal: "SIGRTMIN+2" }, 164], [{ unknown: true }, 1],
  ];
  for (const [ending, code] of endings) {
    const world = container("any").end("main:0", ending);
    assert.deepEqual(world.kernel.signals, ["side:0 SIGTERM"]);
    assert.equal(world.left, 0, "it is waited for");
    assert.deepEqual([world.pass(30).left, world.code], [1, code]);
  }
});

test("any: a code that is a success is told as it is", () => {
  assert.equal(container("any", [once("main", { successCodes: [0, 3] })]).end("main:0", { code: 3 }).code, 3);
});

test("any: a start that fails has the code that a shell gives it", () => {
  for (const [errno, code] of [["ENOENT", 127], ["EACCES", 126], ["ENOEXEC", 126], ["ENOMEM", 1]] as const) {
    const fault = { step: "exec", errno, message: "it is so", subject: "/no/such" };
    assert.equal(container("any", [once("main")], () => ({ ...longLife, fault })).code, code);
    const nowhere = { ...fault, step: "chdir" };
    assert.equal(container("any", [once("main")], () => ({ ...longLife, fault: nowhere })).code, 1, "it is not the program that is missing");
  }
});

test("any: what has failed is no success, however well its process has ended", () => {
  const large = (world: World) => world.put({ kind: "oversized", run: world.runOf("main:0"), message: "3 GB" });
  for (const fail of [() => {}, (world: World) => void world.pass(1000), (world: World) => large(world.prove("main:0"))]) {
    const world = container("any", [once("main", { ready: "probe", readyTimeout: 1000 })]);
    fail(world);
    assert.deepEqual([world.end("main:0", { code: 0 }).left, world.code], [1, 1]);
  }
});

test("any: what is restarted has not come to its end", () => {
  const world = container("any", [law("main", { limit: { count: 1, within: 60_000 }, delay: 100 })]).end("main:0", { code: 1 }).pass(100);
  assert.equal(world.left, 0);
  assert.deepEqual([world.end("main:0", { code: 9 }).left, world.code], [1, 9]);
});

test("all: once everything that is wanted is over; with the code of the first that ended badly", () => {
  const world = container("all", [once("a"), once("b"), once("c"), once("d")]);
  world.end("b:0").end("c:0", { code: 5 }).pass(1).end("a:0", { code: 4 });
  assert.equal(world.left, 0);
  void world.down("d:0");
  assert.deepEqual([world.pass(30).left, world.code], [1, 5]);
});

test("all: where all have ended well it leaves with 0", () => {
  const world = container("all", [once("a"), once("b", { successCodes: [3] })]).end("a:0").end("b:0", { code: 3 });
  assert.deepEqual([world.left, world.code], [1, 0]);
});

test("all: what is blocked by something that has failed is not waited for", () => {
  const world = container("all", [once("a"), once("b", { after: [{ entry: "a", on: "finished" }] })]).end("a:0", { code: 2 });
  assert.deepEqual([world.left, world.code, world.told("b:0")], [1, 2, ["blocked", "stopped"]]);
});

test("all: but what its end opens runs first", () => {
  const world = container("all", [once("a"), once("b", { after: [{ entry: "a", on: "finished" }] })]).end("a:0");
  assert.deepEqual([world.left, world.phase("b:0")], [0, "running"]);
  assert.deepEqual([world.end("b:0", { code: 6 }).left, world.code], [1, 6]);
});

test("where nothing is wanted nothing has come to its end, and it stays", async () => {
  const world = container("all", [once("a")]);
  await world.down("a:0");
  assert.equal(world.pass(100).left, 0);
});

test("a stop that somebody asks for ends with 0, however the processes end", async () => {
  const world = container("any");
  await world.stop();
  assert.deepEqual([world.pass(30).left, world.code], [1, 0]);
});

test("it stops in the reverse order, as any whole stop", () => {
  const world = container("any", [law("db"), law("web", { after: [{ entry: "db", on: "ready" }] }), once("main")]).end("main:0", { code: 3 });
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM"]);
  assert.deepEqual([world.pass(60).left, world.code], [1, 3]);
});

test("an end between two images decides with the resume, and the code outlives another one", () => {
  for (const goOn of [(world: World) => world.reload([once("main"), law("side")]), (world: World) => world.takeOver()]) {
    const world = container("any", [once("main"), law("side")], (slot) => slot === "main:0" ? { ...slow, toldAfter: 100 } : { ...slow, heedsAfter: 500 });
    world.end("main:0", { code: 8 });
    goOn(world);
    assert.deepEqual(world.kernel.signals, ["side:0 SIGTERM"]);
    assert.deepEqual([goOn(world.pass(100)).pass(500).left, world.code], [1, 8]);
  }
});

test("a reload that asks for it finds what has come to its end before", () => {
  const world = container(null).end("main:0", { code: 3 });
  assert.equal(world.left, 0);
  world.reload([once("main"), law("side")], [], "any").pass(30);
  assert.deepEqual([world.left, world.code], [1, 3]);
});
