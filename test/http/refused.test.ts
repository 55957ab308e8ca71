/** What is not answered with what was asked for, and what it says instead. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { InjectOptions } from "fastify";

import { law } from "../support/world.ts";
import { served } from "./app.ts";

type Served = ReturnType<typeof served>;

async function problem({ app }: Pick<Served, "app">, asked: InjectOptions) {
  const answer = await app.inject(asked);
  assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
  const { code, detail } = answer.json<{ code: string; detail: string }>();
  return { status: answer.statusCode, code, detail, headers: answer.headers };
}

test("each answer says that it is not to be kept, nor taken for anything else", async () => {
  const { app } = served([law("dummy")]);
  for (const url of ["/processes", "/types", "/nothing", "/processes/%zz"]) {
    const { headers } = await app.inject(url);
    assert.deepEqual([headers["cache-control"], headers["x-content-type-options"]], ["no-store", "nosniff"], url);
    assert.equal(Object.keys(headers).some((name) => name.startsWith("access-control-")), false);
  }
});

test("an entry that is not there: the nearest names are told", async () => {
  const all = served([law("web"), law("db"), law("worker-1"), law("worker-2")]);
  const detail = async (name: string) => (await problem(all, { url: `/entries/${name}` })).detail;
  assert.equal(await detail("wbe"), "there is no entry `wbe`; did you mean `web`?");
  assert.equal(await detail("worker"), "there is no entry `worker`; did you mean `worker-1` or `worker-2`?");
  assert.equal(await detail("nothing-like-it"), "there is no entry `nothing-like-it`; there are `web`, `db`, `worker-1`, `worker-2`");
  for (const asked of [
    { url: "/processes?entry=wbe" }, { url: "/history?entry=wbe" }, { method: "POST", url: "/entries/wbe/restart" },
    { method: "PATCH", url: "/entries/wbe", payload: { count: 1 } }, { method: "POST", url: "/entries/wbe/down" },
    { method: "POST", url: "/entries/wbe/restart", payload: { rolling: true } },
    { method: "POST", url: "/entries/wbe/signal", payload: { signal: "HUP" } },
    { method: "POST", url: "/type/wbe", headers: { "content-type": "application/x-www-form-urlencoded" }, payload: "scale=1" },
  ] as const) {
    const { status, code, detail: text } = await problem(all, asked);
    assert.deepEqual([status, code, text], [404, "E_NO_SUCH_ENTRY", "there is no entry `wbe`; did you mean `web`?"], asked.url);
  }
});

test("where there are many entries they are not all listed, where there is none that is said", async () => {
  const many = served(Array.from({ length: 20 }, (_, n) => law(`entry-of-many-${n}`)));
  assert.match((await problem(many, { url: "/entries/x" })).detail, /GET \/entries shows all 20$/);
  assert.match((await problem(served([]), { url: "/entries/x" })).detail, /there are none at all$/);
});

test("a slot that is not there: it is told which there are", async () => {
  const all = served([law("web", { count: 4 }), law("db"), law("none", { count: 0 })]);
  for (const [id, detail] of [
    ["web:7", "there is no slot `web:7`; there are `web:0` to `web:3`"],
    ["db:1", "there is no slot `db:1`; there is `db:0`"],
    ["none:0", "there is no slot `none:0`; the entry has no slots"],
    ["web", "`web` is an entry, and no process; there are `web:0` to `web:3`"],
    ["wbe:0", "there is no entry `wbe`; did you mean `web`?"],
    ["1", "there is no process with PID 1 here; GET /processes shows all"],
    ["__proto__", "there is no entry `__proto__`; there are `web`, `db`, `none`"],
  ]) {
    for (const asked of [{ url: `/processes/${id}` }, { method: "POST", url: `/processes/${id}/restart` }] as const) {
      const { status, code, detail: text } = await problem(all, asked);
      assert.deepEqual([status, code, text], [404, "E_NO_SUCH_SLOT", detail]);
    }
  }
});

test("a name that is longer than any is looked for all the same, and not sent back in full", async () => {
  const { status, code, detail } = await problem(served([law("web")]), { url: `/entries/${"x".repeat(10_000)}` });
  assert.deepEqual([status, code], [404, "E_NO_SUCH_ENTRY"]);
  assert(detail.length < 200);
});

test("an address with bytes that are no text is the caller's mistake", async () => {
  const all = served([law("dummy")]);
  for (const url of ["/entries/%zz", "/entries/%ff", "/processes?entry=%zz", "/nothing/%zz"]) {
    const { status, code } = await problem(all, { url });
    assert.deepEqual([status, code], [400, "E_USAGE"], url);
  }
});

test("a field that is not known is refused, in a body and in a query string", async () => {
  const all = served([law("dummy")]);
  const down = { count: 0 };
  for (const [asked, detail] of [
    [{ url: "/processes?entyr=dummy" }, "entyr: is not known here; entry is"],
    [{ url: "/entries?x=1" }, "x: is not known here"],
    [{ url: `/entries?${"x".repeat(500)}=1` }, `${"x".repeat(100)}…: is not known here`],
    [{ method: "POST", url: "/stop?hurry=1" }, "hurry: is not known here"],
    [{ method: "POST", url: "/stop", payload: { hurry: true } }, "hurry: is not known here"],
    [{ method: "POST", url: "/processes/dummy:0/up", payload: down }, "count: is not known here"],
    [{ method: "PATCH", url: "/entries/dummy?x", payload: down }, "x: is not known here"],
    [{ method: "POST", url: "/entries/dummy/restart", payload: { roling: true } }, "roling: is not known here; rolling is"],
    [{ method: "POST", url: "/entries/dummy/restart", payload: { rolling: "yes" } }, "rolling: must be true or false"],
    [{ method: "POST", url: "/processes/dummy:0/signal" }, "body: must be an object, such as { \"signal\": \"SIGHUP\" }"],
    [{ method: "POST", url: "/processes/dummy:0/signal", payload: {} }, "signal: is missing; it must be the name of a signal, such as SIGHUP"],
  ] as const) {
    const { status, detail: text } = await problem(all, asked);
    assert.deepEqual([status, text], [400, detail]);
  }
  assert.equal(all.world.told().length, 1);
});

test("probes may add to the query string what they like", async () => {
  const { app } = served([]);
  for (const path of ["/health", "/ready"]) assert.equal((await app.inject(`${path}?at=1&at=2`)).statusCode, 200);
});

test("nothing but JSON is a body, but for the original's form", async () => {
  const all = served([law("dummy")]);
  const post = (url: string, type: string, payload: string) =>
    problem(all, { method: "POST", url, headers: { "content-type": type }, payload });
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/jsonp", "nonsense"]) {
    const { status, code } = await post("/processes/dummy:0/down", type, "a=b");
    assert.deepEqual([status, code], [415, "E_MEDIA_TYPE"], type);
  }
  assert.equal((await post("/type/dummy", "application/json", '{"scale":"2"}')).status, 415);
  assert.equal((await all.app.inject({
    method: "POST", url: "/processes/dummy:0/up", headers: { "content-type": "application/json; charset=utf-8" }, payload: "{}",
  })).statusCode, 200);
});

test("an empty body is none, also where its kind is said", async () => {
  const all = served([law("dummy")]);
  const headers = { "content-type": "application/json" };
  for (const url of ["/processes/dummy:0/up", "/entries/dummy/restart"]) {
    assert.equal((await all.app.inject({ method: "POST", url, headers })).statusCode, 200);
  }
  const { status, detail } = await problem(all, { method: "POST", url: "/processes/dummy:0/signal", headers });
  assert.deepEqual([status, detail], [400, "body: must be an object, such as { \"signal\": \"SIGHUP\" }"]);
});

test("a body has 64 KiB at most", async () => {
  const all = served([law("dummy")]);
  const patch = (length: number) => ({
    method: "PATCH", url: "/entries/dummy", headers: { "content-type": "application/json" }, payload: `{"count":2}${" ".repeat(length - 11)}`,
  }) as const;
  assert.equal((await all.app.inject(patch(64 * 1024))).statusCode, 200);
  const { status, code, detail } = await problem(all, patch(64 * 1024 + 1));
  assert.deepEqual([status, code, detail], [413, "E_TOO_LARGE", "a body may have at most 65536 bytes"]);
});

test("of a bug only that there is one is told", async () => {
  const { app, view, bugs } = served([law("dummy")]);
  view.program = () => { throw new Error("SECRET=1 is torn"); };
  const answer = await app.inject("/processes");
  assert.equal(answer.statusCode, 500);
  assert.doesNotMatch(answer.payload, /SECRET|torn|\.ts/);
  assert.match(String(bugs[0]), /torn/);
});

test("a HEAD is answered as the GET would be, without the body", async () => {
  const { app } = served([law("dummy")]);
  for (const url of ["/processes", "/processes/dummy:0", "/entries", "/types", "/ready", "/history"]) {
    const [get, head] = [await app.inject(url), await app.inject({ method: "HEAD", url })];
    assert.deepEqual([head.statusCode, head.payload, head.headers["content-length"]], [200, "", String(get.rawPayload.length)], url);
  }
});
