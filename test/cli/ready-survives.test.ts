/** Readiness, whatever becomes of Sentry: a reload, or a SIGKILL and another one after it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { isOver, reloads } from "../support/reloading.ts";
import { withSystemdNotify } from "../support/saying.ts";
import type { Sentry } from "../support/sentry.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { freePort } from "../support/tcp.ts";
import { until } from "../support/until.ts";

interface Way {
  readonly option: string;
  /** Makes the process with that pid ready, whether there is a Sentry or not. */
  readonly open: (pid: number) => Promise<unknown>;
}

/** What says so by itself does it while somebody is dead; what is looked at has to be there later. */
const WAYS: Readonly<Record<string, (t: TestContext, site: Site, puppets: Puppets) => Promise<Way>>> = {
  notify: async (_t, _site, puppets) => ({ option: "notify: true", open: (pid) => puppets.bidProcess(pid, "says READY=1; notes said") }),
  fd: async (_t, _site, puppets) => ({ option: "fd: 3", open: (pid) => puppets.bidProcess(pid, "echo >&3; notes said") }),
  log: async (_t, _site, puppets) => ({ option: "log: /^ready$/", open: (pid) => puppets.bidProcess(pid, "echo ready; echo and more; notes said") }),
  http: async (t, _site, puppets) => {
    const port = await freePort();
    const open = async (pid: number): Promise<void> => {
      const server = createServer((_, response) => response.end());
      t.after(() => server.close());
      await once(server.listen(port, "127.0.0.1"), "listening");
      await puppets.bidProcess(pid, "notes said");
    };
    return { option: `http: "http://localhost:${port}"`, open };
  },
  exec: async (_t, site, puppets) => ({
    option: 'exec: ["test", "-e", "go"]',
    async open(pid) {
      site.write("go", "");
      await puppets.bidProcess(pid, "notes said");
    },
  }),
};

const started = (site: Site): Promise<number> => until("it is started", () => history(site, "started")[0]?.pid);

async function kill(sentry: Sentry): Promise<void> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => isOver(sentry.pid));
}

async function another(site: Site): Promise<Sentry> {
  const second = site.start();
  await second.line(/^Sentry took over 1 process /);
  return second;
}

for (const [name, prepare] of Object.entries(WAYS)) {
  suite(`by ${name}`, { concurrency: 2 }, () => {
    test("what was not ready before a reload is so after it, once it is", async (t) => {
      const site = new Site(t);
      const puppets = new Puppets(site);
      const { option, open } = await prepare(t, site, puppets);
      site.config(`entry("x", ${puppets.shell()}, { ready: { ${option} } })`);
      const sentry = site.start();
      const pid = await started(site);
      await reloads(site);
      await becomes(site, "x:0", "starting");
      assert.deepEqual(history(site, "ready"), []);
      await open(pid);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      await reloads(site);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      assert.deepEqual(told(site, "x"), ["started", "ready"]);
      await sentry.stop();
    });

    test("what becomes ready while Sentry is dead is so for the next one, and stays so for a third", async (t) => {
      const site = new Site(t);
      const puppets = new Puppets(site);
      const { option, open } = await prepare(t, site, puppets);
      site.config(`entry("x", ${puppets.shell()}, { ready: { ${option} } })`);
      const first = site.start();
      const pid = await started(site);
      await becomes(site, "x:0", "starting");
      await kill(first);
      await open(pid);
      await puppets.note("x");
      const second = await another(site);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      await kill(second);
      const third = await another(site);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      assert.deepEqual(told(site, "x"), ["started", "ready"]);
      await third.stop();
    });
  });
}

suite("what is not ready when Sentry is killed", { concurrency: 3 }, () => {
  for (const [happening, happens] of Object.entries({
    "a reload": async (site: Site, sentry: Sentry) => {
      await reloads(site);
      return sentry;
    },
    "a SIGKILL": async (site: Site, sentry: Sentry) => {
      await kill(sentry);
      return another(site);
    },
  })) {
    test(`has what is left of its time after ${happening}, and not all of it again`, async (t) => {
      // Shown by the order of two ends, however slow the machine is: all of the first one's time would outlast the second one's.
      const timeout = 6000;
      const late = (entry: string, count: number, share: number): string =>
        `entry("${entry}", "sleep", ["1000"], { count: ${count}, ready: { notify: true, timeout: ${timeout * share} }, restart: "never" })`;
      const site = new Site(t);
      site.config(`${late("x", 1, 1)}, ${late("y", 0, 0.8)}`);
      const first = site.start();
      await started(site);
      const begun = performance.now();
      await until("most of its time is over", () => performance.now() - begun > timeout * 0.6);
      const sentry = await happens(site, first);
      await ask(site, "PATCH", "/entries/y", { count: 1 });
      for (const entry of ["x", "y"]) await becomes(site, `${entry}:0`, "failed");
      assert.deepEqual(history(site, "stopping").map(({ entry, cause }) => [entry, cause]), [["x", "readyTimeout"], ["y", "readyTimeout"]]);
      const [from, to] = history(site, "started", "exited").filter(({ entry }) => entry === "x").map((line) => Number(line["mono"]));
      assert.ok(Number(to) - Number(from) >= timeout, `from ${from} to ${to}`);
      await sentry.stop();
    });
  }

  test("and ends badly before there is another has failed", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", restart: "never" })`);
    const first = site.start();
    const pid = await started(site);
    await kill(first);
    await puppets.bidProcess(pid, "exit 5");
    await until("it is over", () => isOver(pid));
    const second = site.start();
    await becomes(site, "x:0", "failed");
    assert.deepEqual(told(site, "x"), ["started", "exited", "failed"]);
    await second.stop();
  });

  test("and says so and ends before there is another was ready", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", restart: "never" })`);
    const first = site.start();
    const pid = await started(site);
    await kill(first);
    await puppets.bidProcess(pid, "says READY=1; exit 0");
    await until("it is over", () => isOver(pid));
    const second = site.start();
    await becomes(site, "x:0", "finished");
    assert.deepEqual(told(site, "x"), ["started", "ready", "exited", "finished"]);
    await second.stop();
  });
});

suite("what a process says by sd_notify", { concurrency: 3 }, () => {
  test("by systemd-notify while Sentry is dead is heard by the next one, and systemd-notify waits until then", withSystemdNotify, async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify" })`);
    const first = site.start();
    const pid = await started(site);
    await kill(first);
    await puppets.bidProcess(pid, "notes begins; systemd-notify --ready --status=spoken; notes $?");
    await puppets.note("x");
    const second = await another(site);
    await becomes(site, "x:0", "running");
    assert.equal(await puppets.note("x", 1), "0");
    await second.stop();
  });

  test("finds the same socket again where the keeper was killed as well", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify" })`);
    const first = site.start();
    const pid = await started(site);
    await becomes(site, "x:0", "starting");
    const keepers = site.keepers();
    assert.ok(keepers.length > 0);
    for (const one of [first.pid, ...keepers]) process.kill(one, "SIGKILL");
    await until("both are gone", () => [first.pid, ...keepers].every(isOver));
    await puppets.bidProcess(pid, "while says READY=1; do sleep 0.01; done; notes nobody");
    await puppets.note("x");
    const second = await another(site);
    assert.deepEqual(history(site, "ready"), []);
    await puppets.bidProcess(pid, "says READY=1");
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    await second.stop();
  });

  test("is shown after a reload as before", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify" })`);
    const sentry = site.start();
    await puppets.bid("x:0", "says READY=1; says STATUS=busy RELOADING=1 ERRNO=4");
    const said = async (): Promise<unknown> => ((await site.get("/processes/x:0")).body as { notify: unknown }).notify;
    const wanted = JSON.stringify({ status: "busy", doing: "reloading", errno: 4 });
    await until("it is shown", async () => JSON.stringify(await said()) === wanted);
    await reloads(site);
    assert.equal(JSON.stringify(await said()), wanted);
    await sentry.stop();
  });

  test("of who takes its place holds over a SIGKILL, also where it ends before there is another Sentry", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", restart: "never" })`);
    const sentry = site.start();
    const pid = await puppets.bid("x:0", "setsid sleep 1000 & says MAINPID=$!; says READY=1; notes $!");
    const second = Number(await puppets.note("x"));
    await becomes(site, "x:0", "running");
    await kill(sentry);
    await puppets.bidProcess(pid, "exit 0");
    await until("it is over", () => isOver(pid));
    const third = site.start(); // what it takes over is not the slot's process yet
    await until("the other one is the slot's", async () => (await becomes(site, "x:0", "running")).pid === second);
    assert.deepEqual([history(site, "exited"), history(site, "stopping")], [[], []]);
    await third.stop();
  });

  test("of who takes its place holds over a reload", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", restart: "never" })`);
    const sentry = site.start();
    const pid = await puppets.bid("x:0", "setsid sleep 1000 & says READY=1 MAINPID=$!; notes $!");
    const second = Number(await puppets.note("x"));
    await becomes(site, "x:0", "running");
    await reloads(site);
    await puppets.bidProcess(pid, "exit 0");
    await until("it is over", () => history(site, "ready").length === 2);
    assert.equal((await becomes(site, "x:0", "running")).pid, second);
    assert.deepEqual(history(site, "exited"), []);
    await sentry.stop();
  });
});
