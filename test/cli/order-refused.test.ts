/** An order that cannot be is refused when the configuration is loaded, by whoever loads it. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { sleeperAfter } from "../support/order.ts";
import { isRefused } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";

const impossible: Record<string, readonly [string, RegExp]> = {
  "a circle": [
    [sleeperAfter("a", '"b"'), sleeperAfter("b", '[{ entry: "c", on: "started" }]'), sleeperAfter("c", '"a"'), sleeperAfter("d", '"a"')].join(),
    /`after` of entry `a` goes in a circle: `a → b → c → a`/],
  "an entry that comes after itself": [sleeperAfter("a", '"a"'), /`after` of entry `a` goes in a circle: `a → a`/],
  "a name that is not there": [
    `${sleeperAfter("web", '"databse"')}, entry("database", "sleep", ["1000"])`, /`databse`, and there is no such entry; did you mean `database`\?/],
  "an end that never comes": [
    `${sleeperAfter("web", '{ entry: "db", on: "finished" }')}, entry("db", "sleep", ["1000"])`, /waits until `db` has finished, and that is always restarted/],
};

suite("an order", { concurrency: 2 }, () => {
  for (const [what, [entries, expected]] of Object.entries(impossible)) {
    test(`with ${what} is refused by check, start and reload: exit 7, saying what is wrong, and where`, async (t) => {
      const site = new Site(t);
      site.config(entries);
      for (const words of [["check", "sample.ts"], ["start", "sample.ts"], ["start", "-d", "sample.ts"]]) {
        const { code, stdout, stderr } = await site.sentry(words);
        assert.deepEqual([code, stdout], [7, ""], stderr);
        assert.match(stderr, expected);
        assert.match(stderr, /sample\.ts:\d+/);
      }
      site.config('entry("x", "sleep", ["1000"])');
      const sentry = site.start();
      const pid = await sentry.started("x");
      site.config(entries);
      await isRefused(site);
      assert.deepEqual(history(site).map(({ type, pid: of }) => [type, of]), [["started", pid]]);
      await sentry.stop();
    });
  }
});
