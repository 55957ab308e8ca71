/** What was scaled, up or down holds over reloads and crashes until the configuration changes that entry's count. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { processes, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const entries = (count: number, more = ""): string =>
  `entry("web", "sleep", ["1000"], { count: ${count}${more} }), entry("db", "sleep", ["1000"], { count: 2 })`;

const HELD = "web:0 running, web:1 running, web:2 running, db:0 running, db:1 stopped";

suite("scale, up and down", { concurrency: 2 }, () => {
  for (const way of ["a reload", "a SIGKILL", "a SIGKILL and a reload"] as const) {
    test(`hold over ${way}, until the configuration changes the count`, async (t) => {
      const site = new Site(t);
      site.config(entries(2));
      let sentry = site.start();
      const states = async () => (await processes(site)).map(({ id, state }) => `${id} ${state}`).join(", ");
      const become = (what: string) => until(what, async () => await states() === what, () => sentry.lines.join("\n"));
      const does = async (...words: string[]) => assert.equal((await site.sentry([...words, "-c", "sample.ts"])).code, 0);
      for (let n = 0; n < 2; n++) await Promise.all([sentry.started("web"), sentry.started("db")]);
      await does("scale", "web", "3");
      await does("down", "db");
      await does("up", "db:0");
      await become(HELD);
      const before = await processes(site);

      if (way.includes("SIGKILL")) {
        sentry.kill("SIGKILL");
        await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
        sentry = site.start();
        await sentry.line(/^Sentry took over 4 processes/);
        assert.equal(await states(), HELD);
      }
      if (way.includes("reload")) await does("reload");
      assert.deepEqual((await processes(site)).map(({ pid }) => pid), before.map(({ pid }) => pid));

      // Something else of that entry: it holds.
      site.config(entries(2, ", delay: 7"));
      await does("reload");
      assert.equal(await states(), HELD);
      // The count of that entry: what was asked of it is dropped, and what was asked of the other holds.
      site.config(entries(1));
      await does("reload");
      await become("web:0 running, db:0 running, db:1 stopped");
      assert.equal((await processes(site))[0]?.pid, before[0]?.pid);
      await sentry.stop();
    });
  }

  test("are forgotten with a clean stop", async (t) => {
    const site = new Site(t);
    site.config(entries(2));
    const first = site.start();
    for (let n = 0; n < 2; n++) await Promise.all([first.started("web"), first.started("db")]);
    for (const words of [["scale", "web", "3"], ["down", "db"]]) assert.equal((await site.sentry([...words, "-c", "sample.ts"])).code, 0);
    await first.started("web");
    await first.stop();
    const second = site.start();
    for (let n = 0; n < 2; n++) await Promise.all([second.started("web"), second.started("db")]);
    assert.deepEqual((await processes(site)).map(({ id }) => id), ["web:0", "web:1", "db:0", "db:1"]);
    await second.stop();
  });
});
