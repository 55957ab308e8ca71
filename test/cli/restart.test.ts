/** `sentry restart`: at once, or one after the other. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { suite, test } from "node:test";

import { answering } from "../support/answering.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Process { readonly id: string; readonly state: string; readonly pid: number | null }

async function running(site: Site, entries: string) {
  site.config(entries);
  const sentry = site.start();
  await sentry.started("web");
  const processes = async () => (await site.get("/processes")).body as Process[];
  const pids = async () => (await processes()).map(({ pid }) => pid);
  await until("all run", async () => (await processes()).every(({ state }) => state === "running"));
  return { site, sentry, processes, pids, sentryDoes: (...words: string[]) => site.sentry([...words, "-c", "sample.ts"]) };
}

const web = 'entry("web", "sleep", ["1000"], { count: 3, delay: "1h" })';

suite("sentry restart", { concurrency: 2 }, () => {
  test("restarts a slot, or a whole entry, and waits for no delay", async (t) => {
    const { sentry, pids, sentryDoes } = await running(new Site(t), web);
    const [first, second, third] = await pids();
    const one = await sentryDoes("restart", "web:1");
    assert.deepEqual([one.code, one.stdout, one.stderr], [0, "web:1 is to be restarted.\n", ""]);
    await until("that one is new", async () => { const [a, b, c] = await pids(); return a === first && b !== null && b !== second && c === third; });
    const before = await pids();
    const all = await sentryDoes("restart", "--json", "web");
    assert.equal((JSON.parse(all.stdout) as { name: string }).name, "web");
    await until("all are new", async () => (await pids()).every((pid, n) => pid !== null && pid !== before[n]));
    await sentry.stop();
  });

  test("--rolling replaces one after the other, and returns when it is done", async (t) => {
    const { site, sentry, pids, sentryDoes } = await running(new Site(t), web);
    const before = await pids();
    const { code, stdout, stderr } = await sentryDoes("restart", "--rolling", "web");
    assert.deepEqual([code, stdout, stderr], [0, "web is restarted, one process after the other.\n", ""]);
    const after = await pids();
    assert.equal(after.length, 3, "none is left over");
    for (const pid of after) assert.ok(pid !== null && !before.includes(pid));
    let alive = 0;
    let fewest = Infinity;
    for (const { type } of history(site)) {
      if (type === "started") alive++;
      if (type === "exited") fewest = Math.min(fewest, --alive);
    }
    assert.equal(fewest, 3, "there never were fewer");
    await sentry.stop();
  });

  test("--rolling stops at the first that fails, and says why", async (t) => {
    const site = new Site(t);
    const program = site.write("serve", "#!/bin/sh\nexec sleep 1000\n", 0o755);
    const { sentry, pids, sentryDoes } = await running(site, `entry("web", ${JSON.stringify(program)}, [], { count: 2, delay: "1h" })`);
    const before = await pids();
    rmSync(program);
    const { code, stdout, stderr } = await sentryDoes("restart", "--rolling", "web");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^sentry: the rolling restart of web has stopped: web:2 did not get ready; /);
    assert.deepEqual((await pids()).slice(0, 2), before, "all that ran runs on");
    await sentry.stop();
  });

  test("--rolling of what is down has nothing to replace: exit 1", async (t) => {
    const { sentry, processes, sentryDoes } = await running(new Site(t), web);
    assert.equal((await sentryDoes("down", "web")).code, 0);
    await until("all are stopped", async () => (await processes()).every(({ state }) => state === "stopped"));
    const { code, stderr } = await sentryDoes("restart", "--rolling", "web");
    assert.equal(code, 1);
    assert.match(stderr, /web is not up.*sentry up web\n$/);
    await sentry.stop();
  });

  for (const [title, told, message] of [
    ["a fault of the entry", { id: 9, type: "fault", entry: "web", slot: null, step: "rolling restart", message: "web:2 exited with code 3" }, /has stopped: web:2 exited with code 3\n$/],
    ["a take-over", { id: 9, type: "tookOver", entry: null, slot: null }, /Sentry was killed before/],
    ["the stop of all", { id: 9, type: "stopped", entry: null, slot: null }, /Sentry was stopped before/],
  ] as const) {
    test(`--rolling ends with ${title}, and not with what another slot or entry does`, async (t) => {
      const site = new Site(t);
      const others = [
        { id: 6, type: "stopped", entry: "web", slot: 1, cause: "restarted" }, { id: 7, type: "stopped", entry: "db", slot: 2, cause: "restarted" },
        { id: 8, type: "fault", entry: "web", slot: 0, step: "exec" },
        // It still ends from an earlier rolling restart, and is taken again.
        { id: 8.5, type: "stopped", entry: "web", slot: 2, cause: "restarted", wanted: true },
      ];
      await answering(t, site, {
        "GET /entries/web": { count: 2, up: true }, "GET /history?limit=1": [{ id: 5 }], "POST /entries/web/restart": { count: 2, up: true },
        "GET /events": (response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (const each of [...others, told]) response.write(`id: ${each.id}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`);
        },
      });
      const { code, stderr } = await site.sentry(["restart", "--rolling", "web", "-c", "sample.ts"]);
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }
});
