/** What is seen of a process that has come to an end of its own, of what it leaves behind, and of one that forks itself away. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { EntryShown, ProcessShown } from "../../src/http/schema.ts";
import { longLife } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

type Served = ReturnType<typeof served>;

const shown = async ({ app }: Served, id = "job:0") => {
  const { state, pid, ready, nextStartAt } = (await app.inject(`/processes/${id}`)).json<ProcessShown>();
  return [state, pid, ready, nextStartAt === null ? null : "due"];
};
const readiness = async ({ app }: Served) => (await app.inject("/ready")).statusCode;
const post = async ({ app, world }: Served, url: string) => {
  assert.equal((await app.inject({ method: "POST", url })).statusCode, 200);
  world.pass(0);
};

test("what has finished is ready, what has failed is not, and both are started again by whoever asks", async () => {
  const all = served([law("job", { count: 2, restart: "on-failure", limit: { count: 0, within: 60_000 } })]);
  all.world.end("job:0").end("job:1", { code: 3 });
  assert.deepEqual(await shown(all), ["finished", null, false, null]);
  assert.deepEqual(await shown(all, "job:1"), ["failed", null, false, null]);
  assert.equal(await readiness(all), 503);

  await post(all, "/processes/job:1/up");
  assert.deepEqual((await shown(all, "job:1"))[0], "running");
  assert.equal(await readiness(all), 200);
  all.world.end("job:1");
  assert.equal(await readiness(all), 200);
  const { up, running, ready } = (await all.app.inject("/entries/job")).json<EntryShown>();
  assert.deepEqual([up, running, ready], [true, 0, 0]);

  await post(all, "/entries/job/restart");
  assert.deepEqual([(await shown(all))[0], (await shown(all, "job:1"))[0]], ["running", "running"]);
});

test("as long as what a process has left behind is ending, its slot stops, has no process, and nobody knows when the next comes", async () => {
  const all = served([law("job", { delay: 1000 })], () => ({ ...longLife, leaves: [{ ...longLife, heedsAfter: 500 }] }));
  all.world.end("job:0");
  assert.deepEqual(await shown(all), ["stopping", null, false, null]);
  assert.equal((await all.app.inject("/processes/101")).statusCode, 404);
  all.world.pass(500);
  assert.deepEqual(await shown(all), ["waiting", null, false, "due"]);
  all.world.pass(500);
  assert.equal((await shown(all))[0], "running");
});

test("a daemon is starting until it has forked itself away, and is known by its new pid from then on", async () => {
  const daemon = { ...longLife, livesFor: 100, forks: [longLife] };
  const all = served([law("job", { daemon: true })], () => daemon);
  const [state, first] = await shown(all);
  assert.deepEqual([state, await readiness(all)], ["starting", 503]);
  all.world.pass(1000);
  const [after, pid, ready] = await shown(all);
  assert.deepEqual([after, ready, await readiness(all)], ["running", true, 200]);
  assert.notEqual(pid, first);
  assert.equal((await all.app.inject(`/processes/${Number(pid)}`)).json<ProcessShown>().id, "job:0");
  assert.equal((await all.app.inject(`/processes/${Number(first)}`)).statusCode, 404);
});

test("events and history tell what became of a process in full", async () => {
  const all = served([law("job", { restart: "never" })], () => ({ ...longLife, leaves: [longLife] }));
  all.world.end("job:0", { code: 3 }).pass(100);
  for (const record of all.world.records) all.past.record(record);
  const told = (await all.app.inject("/history")).json<Record<string, unknown>[]>();
  assert.deepEqual(told.map(({ type, cause, leftovers }) => [type, cause, leftovers]), [
    ["started", null, undefined], ["exited", "exited", true], ["stopping", "leftover", undefined], ["failed", "exited", undefined],
  ]);
});
