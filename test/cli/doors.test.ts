/** Whom a running Sentry answers over TCP, route by route. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { asJson, ask, bearing, freePort, tokenOf } from "../support/tcp.ts";
import type { Asked, Reply } from "../support/tcp.ts";

/** Those that anybody on the machine may read. */
const FREE = ["/health", "/ready", "/processes", "/processes/{name}", "/entries", "/entries/{name}", "/metrics", "/types", "/openapi.json"];

const asForm = { "content-type": "application/x-www-form-urlencoded" };

interface Served {
  readonly site: Site;
  readonly sentry: Sentry;
  readonly pid: number;
  /** As the owner of the token. */
  readonly asOwner: (path: string, asked?: Asked) => Promise<Reply>;
  readonly asAnybody: (path: string, asked?: Asked) => Promise<Reply>;
}

async function served(t: TestContext, hosts: readonly string[] = []): Promise<Served> {
  const site = new Site(t);
  const port = await freePort();
  site.config('entry("web", "sleep", ["1000"])', "sample.ts", `{ http: { address: "127.0.0.1:${port}", hosts: ${JSON.stringify(hosts)} } }`);
  const sentry = site.start();
  const pid = await sentry.started("web");
  const token = tokenOf(site);
  return {
    site, sentry, pid,
    asOwner: (path, asked = {}) => ask(port, path, { ...asked, headers: { ...bearing(token), ...asked.headers } }),
    asAnybody: (path, asked) => ask(port, path, asked),
  };
}

/** All routes that there are, as the document of the interface has them, and an address of each. */
async function routes(site: Site): Promise<{ method: string; route: string; path: string }[]> {
  const { paths } = (await site.get("/openapi.json")).body as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([route, methods]) => Object.keys(methods)
    .filter((method) => ["get", "post", "patch", "put", "delete"].includes(method))
    .map((method) => ({ method: method.toUpperCase(), route, path: route.replace(/\{[^}]+\}/, route.startsWith("/processes") ? "web:0" : "web") })));
}

function isProblem({ status, headers, text }: Reply, expected: number, code: string): void {
  assert.equal(status, expected, text);
  assert.match(headers["content-type"] ?? "", /^application\/problem\+json/);
  assert.deepEqual([(JSON.parse(text) as { code: string }).code, (JSON.parse(text) as { status: number }).status], [code, expected]);
}

suite("over TCP", { concurrency: 2 }, () => {
  test("the free routes answer anybody; each other route asks for the token, and does nothing without", async (t) => {
    const { site, sentry, pid, asAnybody } = await served(t);
    const all = await routes(site);
    const seen = new Set<string>();
    for (const { method, route, path } of all) {
      const free = method === "GET" && FREE.includes(route.replace(/\{[^}]+\}/, "{name}"));
      if (free) seen.add(route.replace(/\{[^}]+\}/, "{name}"));
      const reply = await asAnybody(path, { method });
      if (free) assert.equal(reply.status, 200, `${method} ${route}: ${reply.text}`);
      else {
        isProblem(reply, 401, "E_UNAUTHORIZED");
        assert.match(reply.headers["www-authenticate"] ?? "", /^Bearer/i, "RFC 9110, 11.6.1");
      }
    }
    assert.deepEqual([...seen].sort(), FREE.toSorted());
    assert.ok(all.length > FREE.length + 10, "and there are others");
    for (const path of ["/nowhere", "/entries/web/nothing", "/"]) assert.equal((await asAnybody(path)).status, 401, path);
    const [web] = await processes(site);
    assert.deepEqual([web?.state, web?.pid, web?.restarts], ["running", pid, 0]);
    await sentry.stop();
  });

  test("with the token each route does what it does over the socket", async (t) => {
    const { sentry, asOwner } = await served(t);
    const post = { method: "POST" };
    const json = (body: object, method = "POST"): Asked => ({ method, headers: asJson, body: JSON.stringify(body) });
    for (const [path, asked, expected] of [
      ...["/health", "/ready", "/processes", "/processes/web:0", "/entries", "/entries/web", "/metrics", "/types", "/openapi.json", "/history",
        "/history?entry=web&limit=1", "/entries/web/logs", "/entries/web/logs?lines=5"].map((path) => [path, {}, 200] as const),
      ["/entries/web", json({ count: 2 }, "PATCH"), 200],
      ["/type/web", { method: "POST", headers: asForm, body: "scale=1" }, 200],
      ["/processes/web:0/down", post, 200], ["/processes/web:0/up", post, 200], ["/processes/web:0/restart", post, 200],
      ["/entries/web/down", post, 200], ["/entries/web/up", post, 200],
      ["/entries/web/restart", post, 200], ["/entries/web/restart", json({ rolling: false }), 200],
      ["/entries/web/signal", json({ signal: "SIGCONT" }), 200], ["/reload-logs", post, 200], ["/plan", post, 200], ["/reload", post, 202],
      ["/processes/web:0/signal", json({ signal: "SIGCONT" }), 200], ["/stop", post, 202],
    ] as const) {
      const reply = await asOwner(path, asked);
      assert.ok(reply.status >= 200 && reply.status < 300, `${path}: ${reply.status} ${reply.text}`);
      if (path !== "/stop" && !path.endsWith("/signal") && path !== "/reload-logs") assert.equal(reply.status, expected, path);
    }
    await sentry.endsWell();
  });

  test("another token, a part of the right one, one with more to it, and another scheme are none", async (t) => {
    const { site, sentry, asAnybody } = await served(t);
    const token = tokenOf(site);
    const other = (token.startsWith("0") ? "1" : "0") + token.slice(1);
    for (const authorization of [
      "", "Bearer", "Bearer ", `Bearer ${other}`, `Bearer ${token.slice(1)}`, `Bearer ${token.slice(0, -1)}`, `Bearer ${token}0`, `Bearer 0${token}`,
      `Bearer ${token} ${token}`, `Bearer ${token},`, `Bearer "${token}"`, `Bearer ${token.toUpperCase()}0`, `Bearer ${"0".repeat(64)}`,
      token, `Basic ${token}`, `Basic ${Buffer.from(`:${token}`).toString("base64")}`, `Digest ${token}`, `Token ${token}`, `xBearer ${token}`,
    ]) {
      for (const [method, path] of [["GET", "/history"], ["POST", "/stop"]] as const) {
        isProblem(await asAnybody(path, { method, headers: { authorization } }), 401, "E_UNAUTHORIZED");
      }
      assert.equal((await asAnybody("/processes", { headers: { authorization } })).status, 200, "free is free");
    }
    for (const [path, asked] of [
      [`/history?token=${token}`, {}], [`/history?access_token=${token}`, {}], ["/history", { headers: { cookie: `token=${token}` } }],
    ] as const) {
      assert.equal((await asAnybody(path, asked)).status, 401, "it is a header alone");
    }
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`]) {
      assert.equal((await asAnybody("/history", { headers: { authorization } })).status, 200, "a scheme's letters have no case (RFC 9110, 11.1)");
    }
    await sentry.stop();
  });

  test("a Host that is not ours gets 403, with the token too; the address, localhost and `hosts` are ours", async (t) => {
    const { sentry, pid, site, asOwner } = await served(t, ["sentry.example"]);
    for (const host of ["evil.example", "evil.example:8001", "127.0.0.2", "[::1]", "sentry.example.evil.example", "localhost.evil.example", "0.0.0.0"]) {
      for (const [method, path] of [["GET", "/health"], ["GET", "/processes"], ["GET", "/history"], ["POST", "/stop"], ["GET", "/nowhere"]] as const) {
        isProblem(await asOwner(path, { method, headers: { host } }), 403, "E_FORBIDDEN");
      }
    }
    for (const host of ["127.0.0.1", "localhost", "localhost:80", "sentry.example", "SENTRY.example:443"]) {
      assert.equal((await asOwner("/history", { headers: { host } })).status, 200, host);
    }
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
  });

  test("a foreign Origin gets 403, the own is fine, and nothing allows a page of another to read", async (t) => {
    const { sentry, asOwner } = await served(t, ["sentry.example"]);
    const replies: Reply[] = [];
    for (const origin of ["http://evil.example", "https://localhost.evil.example", "null", "file://", "http://localhost:1", "http://127.0.0.1", ""]) {
      for (const [method, path] of [["GET", "/health"], ["GET", "/processes"], ["GET", "/history"], ["POST", "/stop"]] as const) {
        const reply = await asOwner(path, { method, headers: { host: "localhost:8001", origin } });
        isProblem(reply, 403, "E_FORBIDDEN");
        replies.push(reply);
      }
    }
    for (const [host, origin] of [
      ["localhost:8001", "http://localhost:8001"], ["sentry.example", "https://sentry.example"], ["127.0.0.1:9", "http://127.0.0.1:9"],
    ] as const) {
      const reply = await asOwner("/history", { headers: { host, origin } });
      assert.equal(reply.status, 200, origin);
      replies.push(reply);
    }
    const preflight = { "access-control-request-method": "PATCH", "access-control-request-headers": "authorization,content-type" };
    for (const origin of ["http://localhost:8001", "http://evil.example"]) {
      const reply = await asOwner("/entries/web", { method: "OPTIONS", headers: { host: "localhost:8001", origin, ...preflight } });
      assert.ok(reply.status >= 400, String(reply.status));
      replies.push(reply);
    }
    for (const { headers } of replies) {
      assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith("access-control-")), []);
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    await sentry.stop();
  });

  test("forms and plain text, which any page can send, are no bodies: 415; but for the one form route, which takes nothing else", async (t) => {
    const { site, sentry, asOwner } = await served(t);
    const sent = [
      "application/x-www-form-urlencoded", "text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x", "application/xml", "application/jsonx",
    ];
    for (const type of sent) {
      for (const [method, path, body] of [
        ["PATCH", "/entries/web", '{"count":3}'], ["POST", "/entries/web/signal", '{"signal":"SIGKILL"}'],
        ["POST", "/processes/web:0/signal", '{"signal":"SIGKILL"}'], ["POST", "/entries/web/restart", '{"rolling":true}'], ["POST", "/processes/web:0/down", "a=b"], ["POST", "/entries/web/down", "a=b"],
        ["POST", "/stop", "a=b"], ["POST", "/reload", "a=b"], ["POST", "/plan", "a=b"], ["POST", "/reload-logs", "a=b"],
      ] as const) {
        const reply = await asOwner(path, { method, body, headers: { "content-type": type } });
        assert.equal(reply.status, 415, `${method} ${path} as ${type}: ${reply.text}`);
      }
    }
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
      isProblem(await asOwner("/type/web", { method: "POST", body: '{"scale":3}', headers: { "content-type": type } }), 415, "E_MEDIA_TYPE");
    }
    const [web, ...more] = await processes(site);
    assert.deepEqual([web?.state, web?.restarts, more], ["running", 0, []]);
    await sentry.stop();
  });

  test("a body over 64 KiB gets 413, and without the token not even that", async (t) => {
    const { sentry, asOwner, asAnybody } = await served(t);
    const large = { method: "PATCH", headers: asJson, body: `{"count":1${" ".repeat(64 * 1024)}}` };
    isProblem(await asOwner("/entries/web", large), 413, "E_TOO_LARGE");
    assert.equal((await asAnybody("/entries/web", large)).status, 401);
    const justFits = `{"count":1${" ".repeat(64 * 1024 - '{"count":1}'.length)}}`;
    assert.equal((await asOwner("/entries/web", { ...large, body: justFits })).status, 200);
    assert.ok(existsSync(`/proc/${sentry.pid}`));
    await sentry.stop();
  });
});
