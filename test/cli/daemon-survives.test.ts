/** Daemons, whatever becomes of Sentry: a reload or a SIGKILL while they fork themselves away, settle, or run. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Members } from "../support/members.ts";
import { isOver, reloads } from "../support/reloading.ts";
import { EVERY_STATUS_IS_KNOWN, history } from "../support/shown.ts";
import type { Sentry } from "../support/sentry.ts";
import { Site } from "../support/site.ts";
import { becomes, slot } from "../support/slots.ts";
import { until } from "../support/until.ts";

async function crash(site: Site, sentry: Sentry): Promise<Sentry> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => isOver(sentry.pid));
  const second = site.start();
  await second.line(/^Sentry took over/);
  return second;
}

const HAPPENINGS: Readonly<Record<string, (site: Site, sentry: Sentry) => Promise<Sentry>>> = {
  "a reload": async (site, sentry) => {
    await reloads(site);
    return sentry;
  },
  "a SIGKILL of Sentry": crash,
};

/** Each moment of a start, and what has to be seen for it to have come. */
const MOMENTS: Readonly<Record<string, { script: string; daemon: string; come: (site: Site, members: Members) => Promise<unknown> }>> = {
  "while the started process has not ended": {
    script: "$M daemon > /dev/null 2>&1 & until test -e go; do sleep 0.02; done; exit 0", daemon: "true",
    come: (_, members) => members.pid("daemon"),
  },
  "while its PID file is not there yet": {
    script: "(until test -e go; do sleep 0.02; done; cp members/daemon x.new; mv x.new x.pid) > /dev/null 2>&1 & $M daemon > /dev/null 2>&1 & exit 0",
    daemon: '{ pidFile: "x.pid" }', come: (_, members) => members.pid("daemon"),
  },
  "while it settles": {
    script: "$M daemon > /dev/null 2>&1 & exit 0", daemon: "true",
    come: async (site, members) => {
      const pid = await members.pid("daemon");
      await until("it is the slot's", async () => (await slot(site, "x:0").catch(() => null))?.pid === pid);
    },
  },
  "while it runs": {
    script: "$M daemon > /dev/null 2>&1 & exit 0", daemon: "true",
    come: (site) => becomes(site, "x:0", "running"),
  },
};

for (const [happening, happens] of Object.entries(HAPPENINGS)) {
  suite(`after ${happening}`, { concurrency: 2 }, () => {
    for (const [moment, { script, daemon, come }] of Object.entries(MOMENTS)) {
      test(`${moment}, a daemon is followed, and ends as the slot's process`, async (t) => {
        const site = new Site(t);
        const members = new Members(t, site);
        site.config(`entry("x", ${members.shell(script)}, { daemon: ${daemon}, restart: "never" })`);
        const first = site.start();
        await come(site, members);
        const sentry = await happens(site, first);
        site.write("go", "");
        const { pid } = await becomes(site, "x:0", "running");
        assert.equal(pid, await members.pid("daemon"));
        await members.signal("daemon", "SIGUSR1");
        await becomes(site, "x:0", "failed");
        const exits = history(site, "exited").map(({ pid: of, code, status, cause }) => [of, code, status, cause]);
        if (happening === "a reload" || EVERY_STATUS_IS_KNOWN) assert.deepEqual(exits, [[pid, 7, "known", "exited"]]);
        else assert.deepEqual(exits.map(([of]) => of), [pid]);
        assert.deepEqual(history(site, "started", "ready").map(({ type }) => type), ["started", "ready"]);
        assert.deepEqual(members.alive(), []);
        await sentry.stop();
      });
    }
  });
}

test("what several have left of a daemon that died while there was no Sentry is ended by the next one, before it is started again", async (t) => {
  const site = new Site(t);
  const members = new Members(t, site);
  const script = "sh -c '(setsid $0 $1 worker &); exec $0 $1 daemon' $M > /dev/null 2>&1 & exit 0";
  site.config(`entry("x", ${members.shell(script)}, { daemon: { pidFile: "members/daemon" }, delay: 10 })`);
  const first = site.start();
  await becomes(site, "x:0", "running");
  const [worker = 0, daemon = 0] = await members.pids("worker", "daemon");
  first.kill("SIGKILL");
  await until("Sentry is gone", () => isOver(first.pid));
  process.kill(daemon, "SIGUSR1");
  await until("the daemon is over", () => isOver(daemon));
  assert.ok(!isOver(worker));
  const second = site.start();
  await until("it is started again", () => history(site, "ready").length === 2);
  assert.ok(isOver(worker));
  assert.deepEqual(history(site, "exited").map(({ pid }) => pid), [daemon]);
  await second.stop();
  assert.deepEqual(members.alive(), []);
});
