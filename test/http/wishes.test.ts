/** What can be asked of entries, slots and Sentry itself. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { EntryShown, ProcessShown } from "../../src/http/schema.ts";
import { longLife } from "../support/kernel.ts";
import { law, someone } from "../support/world.ts";
import { served } from "./app.ts";

const states = async ({ app }: ReturnType<typeof served>) =>
  (await app.inject("/processes")).json<ProcessShown[]>().map(({ id, state }) => `${id} ${state}`);

test("an entry is shown with what is configured, wanted and running", async () => {
  const { app, world } = served([law("dummy", { count: 2 }), law("web")]);
  world.end("dummy:1");
  await world.down("web:0");
  world.pass(0);
  const entries = (await app.inject("/entries")).json<EntryShown[]>();
  assert.deepEqual(entries, [
    { name: "dummy", command: "sleep", args: ["4"], count: 2, up: true, running: 1, ready: 1, slots: ["dummy:0", "dummy:1"],
      options: { count: 1, delay: 1000, cwd: "/srv/dummy" } },
    { name: "web", command: "node", args: ["4"], count: 1, up: false, running: 0, ready: 0, slots: ["web:0"],
      options: { count: 1, delay: 1000, cwd: "/srv/web" } },
  ]);
  assert.deepEqual((await app.inject("/entries/web")).json(), entries[1]);
});

test("all entries are looked at again only when something has happened", async () => {
  const { app, world, view } = served([law("dummy"), law("web")]);
  let looks = 0;
  view.options = () => ({ looks: ++looks });
  const counts = async () => (await app.inject("/entries")).json<EntryShown[]>().map(({ count }) => count);
  assert.deepEqual([await counts(), await counts(), looks], [[1, 1], [1, 1], 2]);
  await world.scale("web", 3);
  assert.deepEqual([await counts(), looks], [[1, 3], 4]);
});

test("scaling answers with the entry as soon as it is accepted", async () => {
  const { app, world } = served([law("dummy")], () => ({ ...longLife, heedsAfter: 500 }));
  const patch = async (count: number) => {
    const answer = await app.inject({ method: "PATCH", url: "/entries/dummy", payload: { count } });
    assert.equal(answer.statusCode, 200);
    const shown = answer.json<EntryShown>();
    return [shown.count, shown.slots];
  };
  assert.deepEqual(await patch(3), [3, ["dummy:0", "dummy:1", "dummy:2"]]);
  world.pass(0);
  assert.deepEqual(await patch(1), [1, ["dummy:0", "dummy:1", "dummy:2"]]);
  world.pass(500);
  assert.deepEqual((await app.inject("/entries/dummy")).json<EntryShown>().slots, ["dummy:0"]);
});

for (const [title, payload, field] of [
  ["no whole number", { count: 1.5 }, "count"], ["a text", { count: "2" }, "count"], ["too few", { count: -1 }, "count"],
  ["too many", { count: 10_001 }, "count"], ["none", {}, "count"], ["more than the count", { count: 1, delay: 3 }, "delay"],
  ["a list", [1], "body"], ["null", null, "body"],
] as const) {
  test(`a count that is ${title} is refused, naming the field`, async () => {
    const { app, world } = served([law("dummy")]);
    const answer = await app.inject({
      method: "PATCH", url: "/entries/dummy", headers: { "content-type": "application/json" }, payload: JSON.stringify(payload),
    });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ detail: string }>().detail, new RegExp(`^${field}: `));
    assert.equal(world.engine.state.entries.get("dummy")?.count, 1);
  });
}

test("without a body, or with one that is no JSON, nothing is scaled", async () => {
  const { app } = served([law("dummy")]);
  const patch = async (type: string | undefined, payload: string | undefined) =>
    (await app.inject({ method: "PATCH", url: "/entries/dummy", headers: type === undefined ? {} : { "content-type": type }, ...(payload !== undefined && { payload }) })).statusCode;
  assert.equal(await patch(undefined, undefined), 400);
  assert.equal(await patch("application/json", ""), 400);
  assert.equal(await patch("text/plain", "2"), 415);
});

test("an entry goes down and up with all its slots, and a slot alone", async () => {
  const all = served([law("dummy", { count: 2 }), law("web")]);
  const { app, world } = all;
  const post = async (url: string) => {
    const answer = await app.inject({ method: "POST", url });
    assert.equal(answer.statusCode, 200);
    world.pass(0);
    return answer.json<{ id?: string; up?: boolean }>();
  };
  assert.equal((await post("/entries/dummy/down")).up, false);
  assert.deepEqual(await states(all), ["dummy:0 stopped", "dummy:1 stopped", "web:0 running"]);
  assert.equal((await post("/processes/dummy:1/up")).id, "dummy:1");
  assert.deepEqual(await states(all), ["dummy:0 stopped", "dummy:1 running", "web:0 running"]);
  assert.equal((await post("/entries/dummy/up")).up, true);
  assert.deepEqual(await states(all), ["dummy:0 running", "dummy:1 running", "web:0 running"]);
  assert.equal((await post("/processes/103/down")).id, "web:0");
  assert.deepEqual((await states(all)).at(-1), "web:0 stopped");
});

test("who asks is who the door says, and stands in the record", async () => {
  const { app, world } = served([law("dummy")]);
  for (const [method, url, payload] of [
    ["POST", "/processes/dummy:0/restart", {}], ["POST", "/processes/dummy:0/signal", { signal: "HUP" }],
    ["PATCH", "/entries/dummy", { count: 2 }], ["POST", "/entries/dummy/down", {}],
  ] as const) {
    const before = world.records.length;
    assert.equal((await app.inject({ method, url, payload })).statusCode, 200);
    assert.deepEqual(world.records[before]?.by, someone, url);
    world.pass(0);
  }
});

test("an entry cannot be scaled to more than the configuration allows", async () => {
  const { app, view } = served([law("dummy")]);
  const patch = async (count: number) => app.inject({ method: "PATCH", url: "/entries/dummy", payload: { count } });
  Object.assign(view, { maxCount: 3 });
  assert.equal((await patch(3)).statusCode, 200);
  for (const count of [4, 1e9]) {
    const answer = await patch(count);
    assert.deepEqual([answer.statusCode, answer.json<{ detail: string }>().detail], [400, "count: must be a whole number from 0 to 3"]);
  }
});

test("log files are opened anew, and it is told how many, and which could not be", async () => {
  const { app, view } = served([]);
  view.reopenLogs = () => ({ reopened: 7, failed: ["/a.log: ENOENT (no such file or directory)"] });
  const answer = await app.inject({ method: "POST", url: "/reload-logs" });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { reopened: 7, failed: ["/a.log: ENOENT (no such file or directory)"] }]);
});

test("slots that are on their way out stay down when their entry is to be up", async () => {
  const { app, world } = served([law("dummy", { count: 2 })], () => ({ ...longLife, heedsAfter: null }));
  await world.scale("dummy", 1);
  const answer = await app.inject({ method: "POST", url: "/entries/dummy/up" });
  assert.equal(answer.statusCode, 200);
  assert.equal(world.slot("dummy:1").wanted, false);
});

test("a reload is answered with the id of the record that will tell of it, and closes its connection", async () => {
  const { app, view } = served([]);
  view.reload = async () => ({ kind: "done", id: 17 });
  const answer = await app.inject({ method: "POST", url: "/reload" });
  assert.deepEqual([answer.statusCode, answer.json(), answer.headers.connection], [202, { reload: 17 }, "close"]);
});

for (const [reloading, status, code, detail] of [
  [{ kind: "invalid", message: "sample.ts:2: no" }, 422, "E_CONFIG_INVALID", "sample.ts:2: no"],
  [{ kind: "busy" }, 409, "E_REFUSED", "a reload is under way already"],
  [{ kind: "refused", message: "Sentry is stopping" }, 409, "E_REFUSED", "Sentry is stopping"],
] as const) {
  test(`a reload that is ${reloading.kind} is a problem: ${status}`, async () => {
    const { app, view } = served([]);
    view.reload = async () => reloading;
    const answer = await app.inject({ method: "POST", url: "/reload" });
    const problem = answer.json<{ code: string; detail: string }>();
    assert.deepEqual([answer.statusCode, problem.code, problem.detail], [status, code, detail]);
    assert.equal(answer.headers.connection, "close", "a connection on which a reload was asked for is not handed over");
  });
}

test("a plan is the list of changes, or says what keeps the configuration from being used", async () => {
  const { app, view } = served([]);
  const changes = [{ entry: "web", change: "inPlace", because: ["count 2 → 3"] }] as const;
  view.plan = async () => ({ kind: "plan", changes });
  const planned = await app.inject({ method: "POST", url: "/plan" });
  assert.deepEqual([planned.statusCode, planned.json()], [200, changes]);
  view.plan = async () => ({ kind: "invalid", message: "no default export" });
  const invalid = await app.inject({ method: "POST", url: "/plan" });
  assert.deepEqual([invalid.statusCode, invalid.json<{ detail: string }>().detail], [422, "no default export"]);
});

test("the history is told oldest first, of all or of one entry, also of one that is gone", async () => {
  const { app, past } = served([law("web")]);
  for (let n = 0; n < 150; n++) past.happen(n % 2 === 0 ? "gone" : "web");
  const ids = async (query: string) => (await app.inject(`/history${query}`)).json<{ id: number }[]>().map(({ id }) => id);
  assert.deepEqual(await ids("?limit=3"), [148, 149, 150]);
  assert.deepEqual(await ids("?entry=gone&limit=2"), [147, 149]);
  assert.equal((await ids("")).length, 100);
  assert.deepEqual((await app.inject("/history?limit=1")).json(), past.lines.slice(-1));
});

test("an entry to which nothing has happened yet has an empty history", async () => {
  const { app } = served([law("web")]);
  assert.deepEqual((await app.inject("/history?entry=web")).json(), []);
});

test("events are not opened by a HEAD", async () => {
  const { app } = served([]);
  assert.equal((await app.inject({ method: "HEAD", url: "/events" })).statusCode, 405);
});

test("slots come in the order of their numbers, also where a lower one was added later", async () => {
  const { app, world } = served([law("dummy", { count: 3 })], (_run, slot) =>
    ({ ...longLife, heedsAfter: slot === "dummy:2" ? null : 0 }));
  await world.scale("dummy", 1);
  world.pass(0);
  await world.scale("dummy", 3);
  const slots = ["dummy:0", "dummy:1", "dummy:2"];
  assert.notDeepEqual([...world.engine.state.slots.keys()], slots, "the order is another in the state");
  for (const url of ["/entries", "/entries/dummy"]) {
    const [entry] = [(await app.inject(url)).json<EntryShown | EntryShown[]>()].flat();
    assert.deepEqual(entry?.slots, slots);
  }
  for (const url of ["/processes", "/processes?entry=dummy"]) {
    assert.deepEqual((await app.inject(url)).json<ProcessShown[]>().map(({ id }) => id), slots);
  }
});
