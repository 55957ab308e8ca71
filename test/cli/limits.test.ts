/** `limit`, `backoff` and the delay: how long, and how often, there is another try. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/**
 * The waits between the ends of an entry's processes and the next starts were these. None is shorter; and what is told of
 * them, by which the next start is set, is exact. A wait that is over before it could be told is not told.
 */
function waited(site: Site, entry: string, ...expected: number[]): void {
  const lines = history(site).filter((line) => line.entry === entry);
  const ends = lines.flatMap((line, at) => line.type === "exited" ? [at] : []);
  for (const [nth, wait] of expected.entries()) {
    const [end, ...after] = lines.slice(ends[nth]);
    const start = after.find(({ type }) => type === "started");
    const between = Number(start?.["mono"]) - Number(end?.["mono"]);
    assert.ok(between > wait - 1, `wait ${nth} of ${entry} was to be ${wait} ms, and was ${between} ms`);
    if (after[0]?.type === "waiting") assert.equal(Math.round(Number(after[0]["until"]) - Number(end?.["mono"])), wait, `wait ${nth} of ${entry}`);
  }
}

suite("another try", { concurrency: 3 }, () => {
  test("comes after a delay that grows by its factor up to its most", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "exit 1"], { delay: 40, backoff: { factor: 2, max: 200, jitter: 0 } })');
    const sentry = site.start();
    for (let n = 0; n < 7; n++) await sentry.started("x");
    await sentry.stop();
    waited(site, "x", 40, 80, 160, 200, 200, 200);
  });

  test("comes after a delay that is spread by the jitter, and is never above its most", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "exit 1"], { count: 4, delay: 40, backoff: { factor: 1, max: 50, jitter: 0.5 } })');
    const sentry = site.start();
    for (let n = 0; n < 24; n++) await sentry.started("x");
    await sentry.stop();
    const planned = history(site, "waiting").map((wait) => {
      const exit = history(site, "exited").findLast(({ slot, id }) => slot === wait.slot && id < wait.id);
      return Number(wait["until"]) - Number(exit?.["mono"]);
    });
    for (const each of planned) assert.ok(each >= 19.9 && each <= 50.1, `${each}`);
    assert.ok(new Set(planned.map(Math.round)).size > 1, "they are not all the same");
  });

  test("begins anew after a success, and after a process that has lived long enough", async (t) => {
    const site = new Site(t);
    const lives = (nth: string): string => `echo >> $SENTRY_ENTRY; test $(wc -l < $SENTRY_ENTRY) -eq 4 && ${nth}; exit 1`;
    const options = "{ delay: 20, backoff: { factor: 3, max: 1000, jitter: 0, resetAfter: 300 } }";
    site.config([
      `entry("well", "sh", ["-c", ${JSON.stringify(lives("exit 0"))}], ${options})`,
      `entry("long", "sh", ["-c", ${JSON.stringify(lives("sleep 0.4"))}], ${options})`,
    ].join());
    const sentry = site.start();
    await Promise.all(["well", "long"].map(async (entry) => { for (let n = 0; n < 7; n++) await sentry.started(entry); }));
    await sentry.stop();
    waited(site, "well", 20, 60, 180, 20, 20, 60); // a success waits the delay, and the row begins anew
    waited(site, "long", 20, 60, 180, 20, 60, 180); // that failure is the first one again
  });

  test("does not come where a program lives a while and fails, for ever: it has failed, once, and up makes it begin anew", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "sleep 0.15; exit 1"], { delay: 300, limit: { count: 3, within: "10s" } })');
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    // A wait that is over before it could be told is not told.
    const lives = (): string[] => told(site, "x").filter((type) => type !== "waiting");
    const again = ["started", "exited"];
    const round = [...again, ...again, ...again, ...again, "failed"];
    assert.deepEqual(lives(), round);
    await ask(site, "POST", "/processes/x:0/up");
    await until("it has failed again", () => history(site, "failed").length === 2);
    assert.deepEqual(lives(), [...round, ...round]);
    const why = await site.sentry(["why", "x", "-c", "sample.ts"]);
    assert.equal(why.stdout.match(/x:0 has failed too often, and is not started again/g)?.length, 2, why.stdout);
    await sentry.stop();
  });

  test("does not come where starts fail too often, nor after as many as the limit says if they are long ago", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("missing", "./not-there", [], { delay: 0, limit: { count: 2, within: "10s" } })',
      'entry("seldom", "sh", ["-c", "sleep 0.2; exit 1"], { delay: 10, limit: { count: 2, within: 150 } })',
    ].join());
    const sentry = site.start();
    await becomes(site, "missing:0", "failed");
    // A wait that is over before it could be told is not told.
    assert.deepEqual(told(site, "missing").filter((type) => type !== "waiting"), ["fault", "fault", "fault", "failed"]);
    for (let n = 0; n < 5; n++) await sentry.started("seldom");
    await sentry.stop();
    assert.deepEqual(history(site, "failed").map(({ entry }) => entry), ["missing"]);
  });

  test("never comes where the slot was put down while it waited; up and restart do not wait for it", async (t) => {
    const site = new Site(t);
    const entries = ["down", "up", "restart"].map((name) => `entry("${name}", "sh", ["-c", "exit 1"], { delay: 1500 })`);
    site.config(entries.join());
    const sentry = site.start();
    for (const name of ["down", "up", "restart"]) await becomes(site, `${name}:0`, "waiting");
    await ask(site, "POST", "/entries/down/down");
    await ask(site, "POST", "/entries/up/up");
    await ask(site, "POST", "/entries/restart/restart");
    for (const name of ["up", "restart"]) {
      await until(`${name} is started again`, () => history(site, "started").filter(({ entry }) => entry === name).length === 2);
      const lines = history(site).filter(({ entry }) => entry === name);
      const [first, second] = lines.filter(({ type }) => type === "waiting");
      const start = lines.findLast(({ type }) => type === "started");
      assert.ok(Number(second?.["until"]) < Number(first?.["until"]) && Number(start?.["mono"]) < Number(first?.["until"]), `${name} has waited`);
    }
    // The one that was not put down has been started after its whole delay meanwhile: the other would have been, too.
    await until("a whole delay is over", () => history(site, "started").filter(({ entry }) => entry === "up").length === 3);
    assert.deepEqual(told(site, "down"), ["started", "exited", "waiting", "stopped"]);
    await sentry.stop();
  });
});
