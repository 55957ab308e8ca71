/** Programs that fork themselves away: which process they are followed to, and what becomes of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { CGROUPS, FOOTINGS, ORDINARY } from "../support/footing.ts";
import type { Footing } from "../support/footing.ts";
import { Members } from "../support/members.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** A Sentry with an entry x, of such a shell. */
function running(t: TestContext, footing: Footing, script: string, options: string) {
  const site = new Site(t);
  footing.prepare(site);
  const members = new Members(t, site);
  site.config(`entry("x", ${members.shell(script)}, { ${options} })`);
  return { site, members, sentry: footing.start(site) };
}

/** What was recorded, but for waits: types, and what each says. */
const story = (site: Site): unknown[][] => history(site).filter(({ type }) => type !== "waiting")
  .map(({ type, pid, code, signal, cause }) => type === "exited" ? [type, pid, code ?? signal, cause] : type === "ready" ? [type, pid] : [type]);

const forksOnce = "$M daemon > /dev/null 2>&1 & exit 0";
/** The one in between is there for a moment, which even on a busy machine has to be less than the law allows it. */
const forksTwice = "(setsid $M daemon > /dev/null 2>&1 & sleep 0.01) & exit 0";

for (const footing of FOOTINGS) {
  suite(`a daemon, ${footing.name}`, { concurrency: 2, skip: footing.skip }, () => {
    test("that forks once is followed, and its exit is the run's exit, with its true status", async (t) => {
      const { site, members, sentry } = running(t, footing, forksOnce, "daemon: true, delay: 10");
      const { pid } = await becomes(site, "x:0", "running");
      assert.equal(pid, await members.pid("daemon"));
      await members.signal("daemon", "SIGUSR1");
      await until("another one is ready", () => history(site, "ready").length === 2);
      const next = await members.pid("daemon");
      assert.deepEqual(story(site).slice(0, 5), [["started"], ["ready", pid], ["exited", pid, 7, "exited"], ["started"], ["ready", next]]);
      assert.equal(history(site, "exited")[0]?.status, "known");
      await ask(site, "POST", "/processes/x:0/down");
      await becomes(site, "x:0", "stopped");
      assert.deepEqual(members.alive(), []);
      await sentry.stop();
    });

    test("that forks twice, into a session of its own, is followed past the one in between", async (t) => {
      const { site, members, sentry } = running(t, footing, forksTwice, 'daemon: true, restart: "never"');
      const { pid } = await becomes(site, "x:0", "running");
      assert.equal(pid, await members.pid("daemon"));
      await members.signal("daemon", "SIGUSR2");
      await becomes(site, "x:0", "failed");
      assert.deepEqual(story(site), [["started"], ["ready", pid], ["exited", pid, "SIGSEGV", "exited"], ["failed"]]);
      await sentry.stop();
    });

    test("leaves nobody behind when it ends: what it has started is ended before the next start", async (t) => {
      const script = "rm -f members/*; sh -c '$0 $1 worker & exec $0 $1 daemon' $M > /dev/null 2>&1 & exit 0";
      const { site, members, sentry } = running(t, footing, script, "daemon: { pidFile: \"members/daemon\" }, delay: 10");
      await becomes(site, "x:0", "running");
      const [worker] = await members.pids("worker", "daemon");
      await members.signal("daemon", "SIGUSR1");
      await until("another one is ready", () => history(site, "ready").length === 2);
      assert.deepEqual(story(site).map(([type]) => type), ["started", "ready", "exited", "stopping", "started", "ready"]);
      assert.notEqual(await members.pid("worker"), worker);
      assert.deepEqual(members.alive(), ["daemon", "worker"]);
      await sentry.stop();
      assert.deepEqual(members.alive(), []);
    });
  });
}

const footing = CGROUPS.skip === false ? CGROUPS : ORDINARY;

suite("a daemon that", { concurrency: 4 }, () => {
  test("does not fork itself away is stopped when its time is over, and the fault says what to do", async (t) => {
    const { site, members, sentry } = running(t, footing, "exec $M main", 'daemon: true, ready: { timeout: 300 }, restart: "never"');
    const main = await members.pid("main");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(story(site), [["started"], ["fault"], ["stopping"], ["exited", main, "SIGTERM", "readyTimeout"], ["failed"]]);
    assert.match(String(history(site, "fault")[0]?.["message"]), /daemon/);
    await sentry.stop();
  });

  test("leaves two is a fault that names both, and pidFile; both are ended", async (t) => {
    // They are ended as soon as they are found: not before they have told who they are.
    const both = "until [ -e members/one ] && [ -e members/two ]; do sleep 0.01; done";
    const { site, members, sentry } = running(t, footing, `$M one > /dev/null 2>&1 & $M two > /dev/null 2>&1 & ${both}; exit 0`, 'daemon: true, restart: "never"');
    const pids = await members.pids("one", "two");
    await becomes(site, "x:0", "failed");
    const [fault] = history(site, "fault");
    for (const text of [...pids.map(String), "member", "pidFile"]) assert.ok(String(fault?.["message"]).includes(text), String(fault?.["message"]));
    assert.deepEqual(members.alive(), []);
    assert.deepEqual(story(site).map(([type]) => type), ["started", "fault", "exited", "stopping", "failed"]);
    await sentry.stop();
  });

  test("fails before it forks or right after, or leaves nobody, has failed to start", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("bad", "sh", ["-c", "exit 5"], { daemon: true, restart: "never" })',
      'entry("gone", "sh", ["-c", "true & exit 0"], { daemon: true, restart: "on-failure", limit: { count: 1, within: "1h" }, delay: 10 })',
      'entry("soon", "sh", ["-c", "(exit 3) & exit 0"], { daemon: true, restart: "never" })',
      'entry("nobody", "sh", ["-c", "exit 0"], { daemon: true, restart: "never" })',
    ].join());
    const sentry = site.start();
    for (const name of ["bad", "gone", "soon", "nobody"]) await becomes(site, `${name}:0`, "failed");
    const exits = (name: string): unknown[] => history(site, "exited").filter(({ entry }) => entry === name).map(({ code, cause }) => [code, cause]);
    assert.deepEqual(exits("bad"), [[5, "exited"]]);
    // Perhaps it has ended before anybody could look for it: then nobody was left.
    assert.match(JSON.stringify(exits("soon")), /^\[\[[03],"exited"\]\]$/);
    assert.equal(history(site, "started").filter(({ entry }) => entry === "gone").length, 2, "it is tried again, as after a failure");
    assert.deepEqual(told(site, "nobody"), ["started", "fault", "exited", "failed"]);
    assert.deepEqual(history(site, "ready"), []);
    await sentry.stop();
  });

  test("is named by a PID file is that one, whatever else was left, and however late the file is written", async (t) => {
    const late = "$M worker > /dev/null 2>&1 & $M daemon > /dev/null 2>&1 & (sleep 0.4; cp members/daemon x.pid) & exit 0";
    const { site, members, sentry } = running(t, footing, late, 'daemon: { pidFile: "x.pid" }');
    const { pid } = await becomes(site, "x:0", "running");
    assert.equal(pid, await members.pid("daemon"));
    assert.deepEqual(story(site), [["started"], ["ready", pid]]);
    await sentry.stop();
  });

  for (const [what, before] of [
    ["a process that has ended", "sh -c 'echo $$ > x.pid'"], ["a stranger", `echo ${process.pid} > x.pid`], ["nothing", ": > x.pid"],
  ] as const) {
    test(`has an old PID file, which names ${what}, is followed by the new one`, async (t) => {
      const script = `${before}; $M daemon > /dev/null 2>&1 & (sleep 0.3; cp members/daemon x.new; mv x.new x.pid) & exit 0`;
      const { site, members, sentry } = running(t, footing, script, 'daemon: { pidFile: "x.pid" }');
      const { pid } = await becomes(site, "x:0", "running");
      assert.equal(pid, await members.pid("daemon"));
      await sentry.stop();
      assert.deepEqual(members.alive(), []);
    });
  }

  test("names a stranger for ever is stopped when its time is over, and the stranger is let be", async (t) => {
    const site = new Site(t);
    const members = new Members(t, site);
    const script = `echo ${process.pid} > x.pid; $M daemon > /dev/null 2>&1 & until test -e members/daemon; do sleep 0.02; done; exit 0`;
    site.config(`entry("x", ${members.shell(script)}, { daemon: { pidFile: "x.pid" }, ready: { timeout: 400 }, restart: "never" })`);
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    assert.deepEqual(members.alive(), []);
    const exits = history(site, "exited").map(({ code, cause }) => [code, cause]);
    assert.deepEqual(exits, [[0, "readyTimeout"]]);
    await sentry.stop();
  });

  test("is told to end while it is not found yet is ended, with all that it has left", async (t) => {
    const script = "$M daemon > /dev/null 2>&1 & until test -e members/daemon; do sleep 0.02; done; exit 0";
    const { site, members, sentry } = running(t, footing, script, 'daemon: { pidFile: "never.pid" }');
    await members.pid("daemon");
    await becomes(site, "x:0", "starting");
    await ask(site, "POST", "/processes/x:0/down");
    await becomes(site, "x:0", "stopped");
    assert.deepEqual(members.alive(), []);
    assert.deepEqual(history(site, "ready"), []);
    await sentry.stop();
  });

  test("forks once for each of several slots has a PID file for each", async (t) => {
    const script = "$M daemon.$SENTRY_SLOT > /dev/null 2>&1 & echo $! > x.$SENTRY_SLOT.pid; exit 0";
    const { site, members, sentry } = running(t, footing, script, 'count: 3, daemon: { pidFile: "x.{slot}.pid" }');
    for (const n of [0, 1, 2]) {
      const { pid } = await becomes(site, `x:${n}`, "running");
      assert.equal(pid, Number(readFileSync(site.path(`x.${n}.pid`), "utf8")));
    }
    await sentry.stop();
    assert.deepEqual(members.alive(), []);
  });
});
