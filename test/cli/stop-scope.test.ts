/** Who is ended with a process: all that it has started, its group, or itself alone. docs/stopping.md */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { CGROUPS, FOOTINGS, standsOn } from "../support/footing.ts";
import { Members } from "../support/members.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** One that is left to its own, in a session of its own. */
const detached = "(setsid $M daemon &)";
/** The same, and nothing is on it by which it could be known. */
const bare = "(env -i setsid $M bare > /dev/null 2>&1 &)";

for (const footing of FOOTINGS) {
  suite(`a stop, ${footing.name}`, { concurrency: 2, skip: footing.skip }, () => {
    test("ends all that a process has started, each told once, and in the end killed", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const members = new Members(t, site);
      const grown = `$M plain & sh -c "$M deaf ignores & wait" & $M frozen tidies stops & $M counter counts & ${detached}; exec $M main`;
      site.config(`entry("x", ${members.shell(grown)}, { stop: { grace: "700ms" } })`);
      const sentry = footing.start(site);
      await members.pids("plain", "deaf", "counter", "daemon", "main");
      const frozen = await members.pid("frozen");
      await until("it has stopped itself", () => stateOf(frozen) === "T");
      await ask(site, "POST", "/processes/x:0/down");
      const { lastExit } = await becomes(site, "x:0", "stopped");
      assert.deepEqual(members.alive(), []);
      assert.deepEqual([lastExit?.signal, members.terms("frozen"), members.terms("counter")], ["SIGTERM", 1, 1]);
      standsOn(footing, site);
      await sentry.stop();
    });

    test("ends what has forked twice, has a session of its own, and neither environment nor output of ours", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const members = new Members(t, site);
      site.config(`entry("x", ${members.shell(`${bare}; exec $M main`)})`);
      const sentry = footing.start(site);
      await members.pids("bare", "main");
      if (footing !== CGROUPS && sentry.lines.some((line) => line.includes("process events"))) return t.skip("there are no process events here");
      await ask(site, "POST", "/processes/x:0/down");
      await becomes(site, "x:0", "stopped");
      assert.deepEqual(members.alive(), []);
      await sentry.stop();
    });

    test("ends what goes on to fork while it is ended, and those that are born meanwhile", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const members = new Members(t, site);
      const forking = "trap '' TERM; n=0; while :; do n=$((n + 1)); (setsid $M m$n ignores &); sleep 0.01; done";
      site.config(`entry("x", ${members.shell(forking)}, { stop: { grace: 150 } })`);
      const sentry = footing.start(site);
      await members.pid("m10");
      await ask(site, "POST", "/processes/x:0/down");
      const { lastExit } = await becomes(site, "x:0", "stopped");
      assert.deepEqual([lastExit?.signal, members.alive()], ["SIGKILL", []]);
      await sentry.stop();
    });

    test("leaves alone what a process forks because it was told", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const hook = "trap 'sh -c \"sleep 0.5; exit 5\"; exit $?' TERM; sleep 1000 & echo up; wait";
      site.config(`entry("x", "sh", ${JSON.stringify(["-c", hook])}, { count: 6 })`);
      const sentry = footing.start(site);
      await until("all are up", () => sentry.lines.filter((line) => line.endsWith(" up")).length === 6);
      for (let n = 0; n < 6; n++) await ask(site, "POST", `/processes/x:${n}/down`);
      for (let n = 0; n < 6; n++) assert.equal((await becomes(site, `x:${n}`, "stopped")).lastExit?.code, 5, `x:${n} was not let finish`);
      standsOn(footing, site);
      await sentry.stop();
    });

    test('with scope "group" ends the process group, and nobody else', async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const members = new Members(t, site);
      const grown = `$M plain & sh -c "$M deaf ignores & wait" & ${detached}; ${bare}; exec $M main counts`;
      site.config(`entry("x", ${members.shell(grown)}, { stop: { scope: "group", grace: "300ms" } })`);
      const sentry = footing.start(site);
      await members.pids("plain", "deaf", "daemon", "bare", "main");
      await ask(site, "POST", "/processes/x:0/down");
      await becomes(site, "x:0", "stopped");
      assert.deepEqual([members.alive(), members.terms("main")], [["bare", "daemon"], 1]);
      await members.end();
      await sentry.stop();
    });

    test('with scope "process" ends the process, and nobody else', async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const members = new Members(t, site);
      site.config(`entry("x", ${members.shell(`$M plain & ${detached}; exec $M main`)}, { stop: { scope: "process" } })`);
      const sentry = footing.start(site);
      const before = await members.pids("plain", "daemon", "main");
      await ask(site, "POST", "/processes/x:0/restart");
      await until("there is another one", async () => {
        const [plain, daemon, main] = await members.pids("plain", "daemon", "main");
        return plain !== before[0] && daemon !== before[1] && main !== before[2];
      });
      assert.deepEqual(members.alive(), ["daemon", "daemon", "main", "plain", "plain"]);
      assert.deepEqual(history(site, "stopping").map(({ cause }) => cause), ["restarted"], "what was left is no leftover");
      await ask(site, "POST", "/processes/x:0/down");
      await becomes(site, "x:0", "stopped");
      await members.are("daemon", "daemon", "plain", "plain");
      await members.end();
      await sentry.stop();
    });
  });
}
