import assert from "node:assert/strict";
import { test } from "node:test";

import type { Ask } from "../../src/engine/engine.ts";
import type { EntryShown, ProcessShown } from "../../src/http/schema.ts";
import { law, someone } from "../support/world.ts";
import { served } from "./app.ts";

test("a restart of a slot puts another process in the place of the one that is there", async () => {
  const all = served([law("dummy", { count: 2 })]);
  const { app, world } = all;
  const answer = await app.inject({ method: "POST", url: "/processes/101/restart" });
  assert.deepEqual([answer.statusCode, answer.json<ProcessShown>().id, answer.json<ProcessShown>().state], [200, "dummy:0", "stopping"]);
  world.pass(0);
  const pids = (await app.inject("/processes")).json<ProcessShown[]>().map(({ pid }) => pid);
  assert.deepEqual(pids, [103, 102]);
});

test("a restart of an entry leaves alone what was taken down, unless that is all of it", async () => {
  const all = served([law("dummy", { count: 3 })]);
  const { app, world } = all;
  const restart = async (payload?: object) => {
    const answer = await app.inject({ method: "POST", url: "/entries/dummy/restart", ...(payload !== undefined && { payload }) });
    assert.deepEqual([answer.statusCode, answer.json<EntryShown>().name], [200, "dummy"]);
    world.pass(0);
    return (await app.inject("/processes")).json<ProcessShown[]>().map(({ state, restarts }) => `${state} ${restarts}`);
  };
  await world.down("dummy:1");
  world.pass(0);
  assert.deepEqual(await restart(), ["running 1", "stopped 0", "running 1"]);
  assert.deepEqual(await restart({}), ["running 2", "stopped 0", "running 2"]);
  assert.deepEqual(await restart({ rolling: false }), ["running 3", "stopped 0", "running 3"]);
  for (const slot of ["dummy:0", "dummy:2"] as const) await world.down(slot);
  world.pass(0);
  assert.deepEqual(await restart(), ["running 4", "running 1", "running 4"]);
});

test("a restart of very many processes gives the loop its turn in between", async () => {
  const { app, view } = served([law("dummy", { count: 1000 })]);
  let asked = 0;
  let most = 0;
  view.engine.ask = async () => {
    asked++;
    return { kind: "accepted" };
  };
  let watching = true;
  const watch = (before: number): void => {
    most = Math.max(most, asked - before);
    if (watching) setImmediate(watch, asked);
  };
  watch(0);
  assert.equal((await app.inject({ method: "POST", url: "/entries/dummy/restart" })).statusCode, 200);
  watching = false;
  assert.equal(asked, 1000);
  assert.ok(most < 200, `${most} were asked for in a row`);
});

test("a rolling restart is one request to the law", async () => {
  const { app, view } = served([law("dummy", { count: 2 })]);
  const asked: Ask[] = [];
  view.engine.ask = async (ask) => {
    asked.push(ask);
    return { kind: "accepted" };
  };
  const answer = await app.inject({ method: "POST", url: "/entries/dummy/restart", payload: { rolling: true } });
  assert.deepEqual([answer.statusCode, answer.json<EntryShown>().name], [200, "dummy"]);
  assert.deepEqual(asked, [{ kind: "roll", entry: "dummy", by: someone }]);
});
