import assert from "node:assert/strict";
import { test } from "node:test";

import type { After, Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const slow: Fate = { ...longLife, answerAfter: 10, heedsAfter: 30 };
const after = (entry: string, on: After["on"] = "ready"): Pick<Law, "after"> => ({ after: [{ entry, on }] });

/** `web` comes after `db`, however they stand in the configuration. */
function pair(on: After["on"], db: Partial<Law> = {}, web: Partial<Law> = {}): World {
  return new World([law("web", { ...after("db", on), ...web }), law("db", db)], () => slow).start();
}

test("it is blocked until the other has been started, and that is told with what it waits for", () => {
  const world = pair("started", { count: 2, ready: "notify" });
  const blocked = world.records[0];
  assert(blocked?.type === "blocked");
  assert.deepEqual([world.phase("web:0"), blocked.after], ["blocked", ["db"]]);
  world.pass(10);
  assert.equal(world.phase("web:0"), "starting");
  assert.deepEqual(world.told("web:0"), ["blocked"], "once");
});

test("or until all of it are ready", () => {
  const world = pair("ready", { count: 2, ready: "notify" }).pass(10).notify("db:1", { ready: true }).pass(1000);
  assert.equal(world.phase("web:0"), "blocked");
  world.notify("db:0", { ready: true }).pass(10);
  assert.equal(world.phase("web:0"), "running");
});

test("or until all of it have finished", () => {
  const world = pair("finished", { restart: "never", count: 2 }).pass(10).end("db:0").pass(1000);
  assert.equal(world.phase("web:0"), "blocked");
  assert.equal(world.end("db:1").pass(10).phase("web:0"), "running");
});

test("what waits for something that has failed stays blocked; and begins when that has done its work after all", async () => {
  const world = pair("finished", { restart: "never" }).pass(10).end("db:0", { code: 1 }).pass(60_000);
  assert.deepEqual([world.phase("db:0"), world.phase("web:0")], ["failed", "blocked"]);
  await world.up("db:0");
  assert.equal(world.pass(10).end("db:0").pass(10).phase("web:0"), "running");
});

test("once it was there, a crash or a down of the other changes nothing", async () => {
  const world = pair("ready").pass(20);
  world.end("db:0", { code: 1 });
  await world.restart("web:0");
  assert.equal(world.pass(50).phase("web:0"), "running");
  await world.down("db:0");
  await world.scale("web", 2);
  assert.equal(world.pass(50).phase("web:1"), "running");
});

test("an entry of which nothing is wanted, or that there is not, holds nobody up", async () => {
  const world = new World([law("web", { after: [{ entry: "db", on: "ready" }, { entry: "gone", on: "ready" }] }), law("db", { count: 0 })]).start();
  assert.deepEqual([world.phase("web:0"), world.told("web:0")], ["running", ["started"]]);
  const held = pair("finished");
  await held.down("db:0");
  assert.equal(held.pass(50).phase("web:0"), "running");
});

test("up and restart of what is blocked leave it blocked; down, and a smaller count, bring it to rest", async () => {
  const world = pair("finished", {}, { count: 2 });
  await world.up("web:0");
  await world.restart("web:0");
  assert.equal(world.phase("web:0"), "blocked");
  await world.down("web:0");
  assert.equal(world.phase("web:0"), "stopped");
  await world.up("web:0");
  assert.equal(world.phase("web:0"), "blocked");
  await world.scale("web", 1);
  assert.equal(world.engine.state.slots.has("web:1"), false);
});

test("a rolling restart of what is blocked, or has a schedule, is over at once, and says why", async () => {
  const world = new World([law("web", after("db", "finished")), law("db"), law("job", { schedule: "skip" })]).start();
  for (const entry of ["web", "job"]) {
    await world.roll(entry);
    assert.deepEqual(world.records.slice(-2).map(({ type, cause }) => [type, cause]), [["scaled", "restarted"], ["fault", "restarted"]]);
  }
  assert.equal(world.engine.state.slots.size, 3);
});

test("the extra process of a rolling restart counts for nobody", async () => {
  const world = pair("ready", { ready: "notify" }, { count: 0 }).pass(10).notify("db:0", { ready: true });
  await world.roll("db");
  world.pass(10);
  assert.equal(world.phase("db:1"), "readying");
  await world.scale("web", 1);
  assert.equal(world.pass(10).phase("web:0"), "running");
});

test("an exec and a take-over leave it blocked, and it is told once; what came true meanwhile opens it", () => {
  for (const goOn of [(world: World) => world.reload([law("web", after("db")), law("db", { ready: "probe" })]), (world: World) => world.takeOver()]) {
    const world = goOn(pair("ready", { ready: "probe" }).pass(10));
    assert.equal(world.phase("web:0"), "blocked");
    assert.equal(world.told("web:0").length, 1);
    assert.equal(goOn(world.prove("db:0")).pass(20).phase("web:0"), "running");
  }
});

test("a reload that takes away what it comes after opens it", () => {
  const laws = [law("web"), law("db")];
  assert.equal(pair("finished").pass(20).reload(laws).pass(20).phase("web:0"), "running");
  assert.equal(pair("finished").pass(20).reload([law("web", after("db", "finished"))]).pass(20).phase("web:0"), "running");
});

test("a reload that gives it something to come after leaves what runs alone, also when that ends", () => {
  const world = new World([law("web"), law("db", { restart: "never" })], () => slow).start().pass(20);
  world.reload([law("web", after("db", "finished")), law("db", { restart: "never" })]).pass(20);
  assert.equal(world.phase("web:0"), "running");
  assert.equal(world.end("web:0", { code: 1 }).pass(1010).phase("web:0"), "running");
});

test("but what has to be another process comes after it", () => {
  const laws = [law("web", after("db", "finished")), law("db", { restart: "never" })];
  const world = new World([law("web"), law("db", { restart: "never" })], () => slow).start().pass(20);
  world.reload(laws, ["web"]).pass(50);
  assert.equal(world.phase("web:0"), "blocked");
  assert.equal(world.end("db:0").pass(10).phase("web:0"), "running");
});

/** `web` comes after `app`, and that after `db`; `log` stands alone. */
const chain = [law("db"), law("app", after("db")), law("web", after("app")), law("log")];

function started(fate: (slot: string) => Fate = () => slow): World {
  return new World(chain, (_, slot) => fate(slot)).start().pass(30);
}

test("the whole stop goes the other way: an entry is told once nothing that comes after it is alive", async () => {
  const world = started();
  await world.stop(false);
  assert.deepEqual(world.kernel.signals, ["web:0 SIGTERM", "log:0 SIGTERM"], "parallel where nothing forbids it");
  assert.deepEqual([world.phase("db:0"), world.phase("app:0")], ["running", "running"]);
  world.pass(30);
  assert.deepEqual(world.kernel.signals.slice(2), ["app:0 SIGTERM"]);
  world.pass(30);
  assert.deepEqual(world.kernel.signals.slice(3), ["db:0 SIGTERM"]);
  assert.equal(world.left, 0);
  assert.deepEqual([world.pass(30).left, world.code], [1, 0]);
});

test("also where what stands between them is not there", async () => {
  const world = started();
  await world.down("app:0");
  world.pass(30);
  await world.stop(false);
  assert.deepEqual(world.kernel.signals.slice(1), ["web:0 SIGTERM", "log:0 SIGTERM"]);
  assert.equal(world.pass(30).phase("db:0"), "stopping");
});

test("what is held and ends by itself is not started again; what waits comes to rest at once", async () => {
  const world = started((slot) => slot === "web:0" ? { ...slow, heedsAfter: 5000 } : slow);
  world.end("app:0", { code: 1 });
  assert.equal(world.phase("app:0"), "waiting");
  await world.stop(false);
  assert.equal(world.phase("app:0"), "stopped");
  world.end("db:0", { code: 1 });
  assert.equal(world.pass(4000).phase("db:0"), "stopped");
  assert.equal(world.pass(1000).left, 1);
});

test("the second Ctrl-C does without the order: everything is killed", async () => {
  const world = started(() => ({ ...longLife, answerAfter: 1, heedsAfter: null }));
  await world.stop();
  assert.equal(world.kernel.signals.length, 2);
  await world.stop();
  assert.deepEqual(world.kernel.signals.filter((signal) => signal.endsWith("SIGKILL")).length, 4);
  assert.equal(world.pass(1).left, 1);
});

test("an exec and a take-over in the middle of it keep to the order: what was held stays held", async () => {
  for (const goOn of [(world: World) => world.reload(chain), (world: World) => world.takeOver()]) {
    const world = started((slot) => slot === "web:0" ? { ...slow, heedsAfter: 5000 } : slow);
    await world.stop(false);
    goOn(world.pass(100)).pass(100);
    assert.deepEqual([world.phase("web:0"), world.phase("app:0"), world.phase("db:0")], ["stopping", "running", "running"]);
    goOn(world.pass(4810)); // web has ended
    assert.deepEqual([world.phase("app:0"), world.phase("db:0")], ["stopping", "running"]);
    assert.equal(world.pass(100).left, 1);
  }
});

test("what a reload has taken out, and still ends, is waited for as well", async () => {
  const world = started((slot) => slot === "web:0" ? { ...slow, heedsAfter: 5000 } : slow);
  world.reload(chain.filter(({ name }) => name !== "web"));
  await world.stop(false);
  assert.equal(world.pass(100).phase("app:0"), "running");
  assert.equal(world.pass(5000).left, 1);
});
