/** The token: its file, how long it stays, and what the history says of who came with it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { asJson, ask, bearing, freePort, tokenOf } from "../support/tcp.ts";
import { until } from "../support/until.ts";

async function place(t: TestContext): Promise<{ site: Site; port: number; statusWith: (token: string) => Promise<number> }> {
  const site = new Site(t);
  const port = await freePort();
  site.config('entry("x", "sleep", ["1000"])', "sample.ts", `{ http: "127.0.0.1:${port}" }`);
  return { site, port, statusWith: async (token) => (await ask(port, "/history", { headers: bearing(token) })).status };
}

async function reload(site: Site): Promise<void> {
  const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
  assert.equal(code, 0, stderr);
}

function isWell(site: Site): string {
  const { mode, size } = lstatSync(site.path("sample.run/token"));
  const token = tokenOf(site);
  assert.equal((mode & 0o7777).toString(8), "600");
  assert.match(token, /^[0-9a-f]{64}$/);
  assert.equal(size, 64);
  return token;
}

/** It has come again: the next image, or the next Sentry. */
async function answers(port: number): Promise<void> {
  await until("it answers over TCP", async () => (await ask(port, "/health").catch(() => null))?.status === 200);
}

suite("the token", { concurrency: 2 }, () => {
  test("is 32 random bytes in hex that only its owner can read, whatever the umask, and another for each Sentry", async (t) => {
    const found = new Set<string>();
    for (const umask of ["000", "777"]) {
      const { site, port, statusWith } = await place(t);
      const sentry = site.open("sh", ["-c", `umask ${umask}; exec "$0" "$@"`, ...site.command("start", "sample.ts")]);
      await sentry.started("x");
      await answers(port);
      const token = isWell(site);
      assert.equal(await statusWith(token), 200);
      assert.ok(!sentry.lines.join("\n").includes(token));
      found.add(token);
      await sentry.stop();
    }
    assert.equal(found.size, 2);
  });

  test("stays over reloads, stops and a SIGKILL", async (t) => {
    const { site, port, statusWith } = await place(t);
    let sentry = site.start();
    await sentry.started("x");
    await answers(port);
    const token = isWell(site);
    const stays = async (after: string): Promise<void> => {
      await answers(port);
      assert.equal(isWell(site), token, after);
      assert.equal(await statusWith(token), 200, after);
    };
    await reload(site);
    await stays("a reload");
    await sentry.stop();
    assert.equal(isWell(site), token, "while there is none");
    sentry = site.start();
    await sentry.started("x");
    await stays("a stop and a start");
    sentry.kill("SIGKILL");
    await sentry.ended;
    sentry = site.start();
    await sentry.line(/^Sentry took over 1 process/);
    await stays("a SIGKILL");
    await sentry.stop();
  });

  test("is made anew at the next reload after its file was removed, and the old one is worth nothing then", async (t) => {
    const { site, port, statusWith } = await place(t);
    const sentry = site.start();
    await sentry.started("x");
    await answers(port);
    const old = isWell(site);
    rmSync(site.path("sample.run/token"));
    assert.equal(await statusWith(old), 200, "until then it is the right one");
    await reload(site);
    await answers(port);
    const token = isWell(site);
    assert.notEqual(token, old);
    assert.deepEqual([await statusWith(old), await statusWith(token)], [401, 200]);
    await sentry.stop();
  });

  test("is read by others no more after a start, where its file had come to be", async (t) => {
    const { site, port, statusWith } = await place(t);
    const first = site.start();
    await first.started("x");
    const token = isWell(site);
    await first.stop();
    chmodSync(site.path("sample.run/token"), 0o644);
    const second = site.start();
    await second.started("x");
    await answers(port);
    assert.equal(isWell(site), token);
    assert.equal(await statusWith(token), 200);
    await second.stop();
  });

  for (const [what, text] of [["is empty", ""], ["is cut off", "0123abcd"], ["is something else", `${"secret ".repeat(20)}\n`]] as const) {
    test(`is made anew where its file ${what}: that is the token of nobody`, async (t) => {
      const { site, port, statusWith } = await place(t);
      const first = site.start();
      await first.started("x");
      await first.stop();
      writeFileSync(site.path("sample.run/token"), text);
      const second = site.start();
      await second.started("x");
      await answers(port);
      assert.equal(await statusWith(text.trim()), 401);
      assert.equal(await statusWith(isWell(site)), 200);
      await second.stop();
    });
  }

  const inItsPlace: Record<string, (path: string, site: Site) => void> = {
    "a link to a token that is known": (path, site) => symlinkSync(site.write("elsewhere", "f".repeat(64), 0o600), path),
    "a link to what could be made": (path, site) => symlinkSync(site.path("elsewhere"), path),
    "a FIFO": (path) => assert.equal(spawnSync("mkfifo", ["-m", "600", path]).status, 0),
    "a folder": (path) => assert.equal(spawnSync("mkdir", [path]).status, 0),
  };
  for (const [what, put] of Object.entries(inItsPlace)) {
    test(`is none where ${what} stands in its place: that is said, all else goes on, and once it is gone there is one`, async (t) => {
      const { site, port, statusWith } = await place(t);
      const path = site.path("sample.run/token");
      const sentry = site.start();
      const pid = await sentry.started("x");
      await answers(port);
      const old = isWell(site);
      rmSync(path);
      put(path, site);
      const before = lstatSync(path);
      await reload(site);
      await sentry.line(/^There is no token, so HTTP over TCP can only be read: .*sample\.run\/token/);
      await answers(port);
      for (const token of [old, "f".repeat(64), ""]) assert.equal(await statusWith(token), 401);
      assert.equal((await ask(port, "/processes")).status, 200);
      assert.equal((await site.get("/history")).status, 200);
      assert.equal(lstatSync(path).ino, before.ino);
      if (what === "a link to what could be made") assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
      if (what === "a link to a token that is known") assert.equal(readFileSync(path, "utf8"), "f".repeat(64));
      process.kill(pid, "SIGKILL");
      await sentry.started("x");
      rmSync(path, { recursive: true });
      await reload(site);
      await answers(port);
      assert.equal(await statusWith(isWell(site)), 200);
      await sentry.stop();
    });

    test(`is none at a start either where ${what} stands in its place`, async (t) => {
      const { site, port, statusWith } = await place(t);
      const first = site.start();
      await first.started("x");
      await first.stop();
      rmSync(site.path("sample.run/token"), { force: true });
      put(site.path("sample.run/token"), site);
      const second = site.start();
      await second.started("x");
      await second.line(/^There is no token, so HTTP over TCP can only be read: /);
      await answers(port);
      assert.equal(await statusWith("f".repeat(64)), 401);
      await second.stop();
    });
  }

  test("is what the history knows of whoever came with it; of the command it knows pid and uid", async (t) => {
    const { site, port } = await place(t);
    const sentry = site.start();
    await sentry.started("x");
    await answers(port);
    const headers = bearing(tokenOf(site));
    const json = { ...headers, ...asJson };
    const ours = { kind: "token", pid: null, uid: null };
    assert.equal((await ask(port, "/entries/x", { method: "PATCH", headers: json, body: '{"count":2}' })).status, 200);
    await sentry.started("x");
    assert.equal((await site.sentry(["scale", "x", "3", "-c", "sample.ts"])).code, 0);
    await sentry.started("x");
    assert.equal((await ask(port, "/processes/x:2/signal", { method: "POST", headers: json, body: '{"signal":"SIGCONT"}' })).status, 200);
    assert.equal((await ask(port, "/processes/x:1/down", { method: "POST", headers })).status, 200);
    assert.equal((await ask(port, "/reload", { method: "POST", headers })).status, 202);
    await until("it is recorded", () => history(site, "reloaded").length === 1);
    await answers(port);
    const [first, second] = history(site, "scaled").map(({ by }) => by);
    assert.deepEqual(first, ours);
    assert.equal(second?.kind, "socket");
    assert.ok(Number.isInteger(second?.pid) && second?.pid !== process.pid);
    assert.equal(second?.uid, process.getuid?.());
    for (const type of ["signalled", "reloaded"] as const) assert.deepEqual(history(site, type).map(({ by }) => by), [ours], type);
    assert.deepEqual(history(site, "stopping")[0]?.by, ours);
    const why = await site.sentry(["why", "x", "-c", "sample.ts"]);
    assert.match(why.stdout, /x was scaled to 2 by somebody over TCP$/m);
    assert.equal((await ask(port, "/stop", { method: "POST", headers })).status, 202);
    await sentry.endsWell();
    assert.deepEqual(history(site, "stopping").at(-1)?.by, ours);
  });
});
