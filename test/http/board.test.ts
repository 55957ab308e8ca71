/** All processes, as monitors ask for them: often, and several at a time. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../../src/http/board.ts";
import type { ProcessShown } from "../../src/http/schema.ts";
import { Usage } from "../../src/http/usage.ts";
import type { Law } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { viewOf } from "./view.ts";
import type { FateOf } from "./view.ts";

function boarded(laws: readonly Law[], fateOf?: FateOf) {
  const seen = viewOf(laws, fateOf);
  const { view } = seen;
  /** For which entries a text was made. */
  const made: string[] = [];
  const { program } = view;
  view.program = (entry) => {
    made.push(entry);
    return program(entry);
  };
  const board = new Board(view, new Usage(view));
  const all = async () => JSON.parse(String(await board.all())) as ProcessShown[];
  return { ...seen, board, made, all };
}

test("as long as nothing happens, one body serves all who ask within 10 ms", async () => {
  const { board, world, made, sweeps } = boarded([law("web", { count: 3 })]);
  const first = await board.all();
  world.pass(9);
  const others = await Promise.all([board.all(), board.all()]);
  assert(others.every((body) => body === first));
  assert.deepEqual([made.length, sweeps.count], [3, 1]);
});

test("those who ask at the same time wait for the same look at the processes", async () => {
  const { board, made, sweeps } = boarded([law("web", { count: 3 })]);
  const bodies = await Promise.all(Array.from({ length: 10 }, () => board.all()));
  assert.equal(new Set(bodies).size, 1);
  assert.deepEqual([made.length, sweeps.count], [3, 1]);
});

test("a change shows at once, and only what has changed is made anew", async () => {
  const { world, made, sweeps, all } = boarded([law("web", { count: 3 }), law("db")]);
  await all();
  made.length = 0;
  world.end("db:0");
  const states = async () => (await all()).map(({ id, state }) => `${id} ${state}`);
  assert.deepEqual(await states(), ["web:0 running", "web:1 running", "web:2 running", "db:0 waiting"]);
  assert.deepEqual([made, sweeps.count], [["db"], 1]);
  await world.scale("web", 4);
  world.pass(0);
  assert.deepEqual((await states())[3], "web:3 running");
});

test("what a process has used is not told once it has ended, also while what it has left behind is ending", async () => {
  const { world, found, all } = boarded([law("web")], () => ({ ...longLife, leaves: [{ ...longLife, heedsAfter: 500 }] }));
  found.set(101, { cpu: 10, memoryBytes: 4096 });
  const memory = async () => (await all()).map(({ state, memoryBytes }) => [state, memoryBytes]);
  assert.deepEqual(await memory(), [["running", 4096]]);
  world.end("web:0");
  assert.deepEqual(await memory(), [["stopping", null]]);
});

test("how long a process is up is right within that second, also where an argument is spelled like it, and nothing else is made anew", async () => {
  const { board, view, world, made, sweeps, all } = boarded([law("web"), law("db")]);
  const args = [",", "uptimeMs", ":1", ',"uptimeMs":1,'];
  const { program } = view;
  view.program = (entry) => ({ ...program(entry), args });
  await all();
  made.length = 0;
  world.end("db:0");
  world.pass(300);
  const shown = await all();
  assert.deepEqual(shown.map(({ uptimeMs }) => uptimeMs), [300, null]);
  assert.deepEqual(shown[0]?.args, args);
  assert.deepEqual(made, ["db"]);
  world.pass(600);
  const only = JSON.parse(String(await board.only(() => [world.slot("web:0")]))) as ProcessShown[];
  assert.deepEqual(only, [await board.one(() => world.slot("web:0"))]);
  assert.equal(only[0]?.uptimeMs, 900);
  assert.equal(sweeps.count, 1);
});

test("after a second all of it is made anew", async () => {
  const { world, made, sweeps, all } = boarded([law("web", { count: 2 })]);
  assert.deepEqual((await all()).map(({ uptimeMs }) => uptimeMs), [0, 0]);
  world.pass(1000);
  assert.deepEqual((await all()).map(({ uptimeMs }) => uptimeMs), [1000, 1000]);
  assert.deepEqual([made.length, sweeps.count], [4, 2]);
});

test("CPU and memory are those of the process that is there", async () => {
  const { world, found, all } = boarded([law("web", { count: 2, delay: 0 })]);
  found.set(101, { cpu: 500, memoryBytes: 4096 });
  world.pass(1000);
  const used = async () => (await all()).map(({ cpuPercent, memoryBytes }) => [cpuPercent, memoryBytes]);
  assert.deepEqual(await used(), [[50, 4096], [null, null]]);
  world.end("web:0");
  assert.deepEqual(await used(), [[null, null], [null, null]], "nobody has looked at the new one yet");
});

test("of an entry, and of one process, the same is told", async () => {
  const { board, found, world, sweeps } = boarded([law("web"), law("db")]);
  found.set(102, { cpu: 100, memoryBytes: 8192 });
  world.pass(1000);
  const slot = () => world.slot("db:0");
  const one = await board.one(slot);
  assert.equal(one.memoryBytes, 8192);
  assert.deepEqual(JSON.parse(String(await board.only(() => [slot()]))), [one]);
  assert.equal(sweeps.count, 1);
});

test("what cannot be looked at is not known, and all else is shown, and goes on", async () => {
  const { view, world, all, bugs } = boarded([law("web")]);
  view.sweep = async () => { throw new Error("no /proc"); };
  for (const uptimeMs of [0, 1000, 2000]) {
    const [shown] = await all();
    assert.deepEqual([shown?.uptimeMs, shown?.cpuPercent, shown?.memoryBytes], [uptimeMs, null, null]);
    world.pass(1000);
  }
  assert.equal(bugs.length, 1);
});
