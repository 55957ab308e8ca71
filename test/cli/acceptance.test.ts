/** What Sentry has to stand, whoever asks: short lives by the hundred, scaling, and two who want different things at once. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { history, pids, processes } from "../support/shown.ts";
import { childrenOf } from "../support/reloading.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** Two clients at once, for so long: a minute where somebody asks for it. */
const QUARREL_MS = Number(process.env["QUARREL_MS"] ?? 4000);

suite("what Sentry has to stand", { concurrency: 2 }, () => {
  test("200 children that exit at once are 200 right records, and no zombie", async (t) => {
    const site = new Site(t);
    site.config('entry("burst", "sh", ["-c", "exit $SENTRY_SLOT"], { count: 200, restart: "never" })');
    const sentry = site.start();
    await until("all have come to rest", () => history(site, "finished", "failed").length === 200);
    const exits = history(site, "exited");
    const pidOf = new Map(history(site, "started").map(({ slot, pid }) => [slot, pid]));
    assert.equal(exits.length, 200);
    for (const exit of exits) {
      assert.deepEqual([exit.code, exit.signal, exit.status, exit.cause, exit.pid], [exit.slot, null, "known", "exited", pidOf.get(exit.slot)]);
    }
    assert.equal(new Set(exits.map((exit) => exit.slot)).size, 200);
    assert.deepEqual(history(site, "finished").map((line) => line.slot), [0], "all the others have failed");
    await until("no zombie is left", () => childrenOf(sentry.pid).every(({ state }) => state !== "Z"));
    await sentry.stop();
  });

  test("3 processes scaled to 5 and to 2 leave slots 0 and 1, with their pids", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"], { count: 3 })');
    const sentry = site.start();
    await becomes(site, "web:2", "running");
    await until("all run", async () => (await processes(site)).every(({ state }) => state === "running"));
    const before = await pids(site);
    assert.equal((await site.sentry(["scale", "web", "5", "-c", "sample.ts"])).code, 0);
    await Promise.all([becomes(site, "web:3", "running"), becomes(site, "web:4", "running")]);
    const between = await pids(site);
    assert.equal((await site.sentry(["scale", "web", "2", "-c", "sample.ts"])).code, 0);
    const after = await until("two are left", async () => {
      const left = await pids(site);
      return left.size === 2 && left;
    });
    for (const [id, pid] of before) assert.equal(between.get(id), pid);
    assert.deepEqual([...after], [...before].slice(0, 2));
    assert.deepEqual(history(site, "exited").map(({ slot, cause }) => [slot, cause]).sort(), [[2, "scaled"], [3, "scaled"], [4, "scaled"]]);
    await sentry.stop();
  });

  test("two clients that start, stop, restart and scale at once never get more than one process for a slot, and at last what was said last", async (t) => {
    const site = new Site(t);
    // A slot's process has its lock as long as it lives. Whoever finds it taken has a sibling.
    const program = "exec 9> lock.$SENTRY_SLOT; flock -n 9 || echo $SENTRY_SLOT >> siblings; exec sleep 1000";
    site.config(`entry("web", "sh", ["-c", ${JSON.stringify(program)}], { count: 3, delay: 20 })`);
    const sentry = site.start();
    await becomes(site, "web:2", "running");
    const over = performance.now() + QUARREL_MS;
    let asked = 0;
    const quarrels = async (seed: number): Promise<void> => {
      for (let state = seed; performance.now() < over; asked++) {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        const dice = Math.floor(state / 65_536);
        const slotNumber = dice % 3;
        const verb = ["up", "down", "restart", "scale", "entry"][Math.floor(dice / 3) % 5] ?? "up";
        if (verb === "scale") await ask(site, "PATCH", "/entries/web", { count: 3 + dice % 3 });
        else if (verb === "entry") await ask(site, "POST", `/entries/web/${["up", "down", "restart"][dice % 3]}`);
        else await ask(site, "POST", `/processes/web:${slotNumber}/${verb}`);
      }
    };
    await Promise.all([quarrels(1), quarrels(2)]);
    assert.ok(asked > 20, `${asked} commands`);
    await ask(site, "PATCH", "/entries/web", { count: 4 });
    await ask(site, "POST", "/entries/web/up");
    await ask(site, "POST", "/processes/web:1/down");
    await becomes(site, "web:1", "stopped");
    for (const id of ["web:0", "web:2", "web:3"]) await becomes(site, id, "running");
    const live = await until("only what was wanted is there", () => {
      const those = childrenOf(sentry.pid).filter(({ words }) => words.startsWith("sleep\0"));
      return those.length === 3 && those.map(({ pid }) => pid);
    });
    const shown = await Promise.all(["web:0", "web:2", "web:3"].map(async (id) => (await slot(site, id)).pid));
    assert.deepEqual(new Set(shown), new Set(live));
    assert.ok(!existsSync(site.path("siblings")), existsSync(site.path("siblings")) ? readFileSync(site.path("siblings"), "utf8") : "");
    // By the history, too: no start of a slot before the exit of the one before it, and never more than five at once. After a
    // whole minute the oldest records are dropped; so a slot counts from its first start on.
    const lives = new Map<number | null, boolean>();
    for (const line of history(site, "started", "exited")) {
      assert.notEqual(lives.get(line.slot), line.type === "started", JSON.stringify(line));
      if (line.type === "started" || lives.has(line.slot)) lives.set(line.slot, line.type === "started");
      assert.ok(lives.size <= 5);
    }
    await sentry.stop();
  });
});
