/** What a process leaves behind when it ends by itself: its exit is told at once, and what is left ends before the next start. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { CGROUPS, FOOTINGS, ORDINARY } from "../support/footing.ts";
import type { Footing } from "../support/footing.ts";
import { Members } from "../support/members.ts";
import { isOver, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** Whoever is started while somebody of the life before is there says so. A zombie is nobody. */
const meets = "for old in $(cat members/* 2> /dev/null); do "
  + "read -r _ _ state _ 2> /dev/null < /proc/$old/stat && test $state != Z && echo met >> met; done";

/** A Sentry with an entry x, of such a shell. */
function running(t: TestContext, footing: Footing, script: string, options: string) {
  const site = new Site(t);
  footing.prepare(site);
  const members = new Members(t, site);
  site.config(`entry("x", ${members.shell(script)}, { ${options} })`);
  return { site, members, sentry: footing.start(site) };
}

const deaf = "$M deaf ignores & until test -e members/deaf; do sleep 0.02; done; exit 4";

for (const footing of FOOTINGS) {
  suite(`what a process leaves behind, ${footing.name}`, { concurrency: 2, skip: footing.skip }, () => {
    test("is ended before the next start, time after time, wherever it has gone", async (t) => {
      const grown = "$M plain & (setsid $M daemon &); until test -e members/plain -a -e members/daemon; do sleep 0.02; done";
      const script = `${meets}; rm -f members/*; ${grown}; exit 4`;
      const { site, members, sentry } = running(t, footing, script, "delay: 0");
      for (let n = 0; n < 4; n++) await sentry.started("x");
      await ask(site, "POST", "/processes/x:0/down");
      await becomes(site, "x:0", "stopped");
      assert.deepEqual(members.alive(), []);
      assert.ok(!existsSync(site.path("met")), "a process met one of the life before");
      const lines = history(site).filter(({ type }) => type !== "waiting").slice(0, 9);
      const life = ["started", "exited", "stopping"];
      assert.deepEqual(lines.map(({ type }) => type), [...life, ...life, ...life]);
      for (const { type, code, cause } of lines) {
        if (type === "exited") assert.deepEqual([code, cause], [4, "exited"]);
        if (type === "stopping") assert.equal(cause, "leftover");
      }
      await sentry.stop();
    });
  });
}

// One of them, for these are about the law.
const footing = CGROUPS.skip === false ? CGROUPS : ORDINARY;

suite("what a process leaves behind", { concurrency: 4 }, () => {
  test("does not hold back the record of the exit, also where it holds the output and heeds no SIGTERM", async (t) => {
    const { site, members, sentry } = running(t, footing, deaf, 'delay: 10, stop: { grace: "1h" }');
    await sentry.line(/Exited at \d+ with ExitFailure 4\.$/);
    const [exit] = history(site, "exited");
    assert.deepEqual([exit?.code, exit?.cause], [4, "exited"]);
    const { pid, lastExit } = await becomes(site, "x:0", "stopping");
    assert.deepEqual([pid, lastExit?.code, members.alive()], [null, 4, ["deaf"]]);
    await members.signal("deaf", "SIGKILL");
    await sentry.started("x");
    await sentry.hurry();
  });

  test("is killed after the grace where it heeds no SIGTERM, and then the next start comes", async (t) => {
    const { site, members, sentry } = running(t, footing, `test -e second && exec sleep 1000; echo > second; ${deaf}`, "delay: 10, stop: { grace: 300 }");
    for (let n = 0; n < 2; n++) await sentry.started("x");
    assert.deepEqual(members.alive(), []);
    const [, exit, stopping, next] = history(site).filter(({ type }) => type !== "waiting");
    assert.deepEqual([exit?.type, stopping?.type, next?.type], ["exited", "stopping", "started"]);
    assert.ok(Number(next?.["mono"]) >= Number(stopping?.["until"]), "it had its grace");
    await sentry.stop();
  });

  test("is waited for, and then the slot rests, where that was asked meanwhile", async (t) => {
    const { site, members, sentry } = running(t, footing, deaf, 'delay: 10, stop: { grace: "1h" }');
    await becomes(site, "x:0", "stopping");
    await ask(site, "POST", "/processes/x:0/down");
    await becomes(site, "x:0", "stopping");
    await members.signal("deaf", "SIGKILL");
    await becomes(site, "x:0", "stopped");
    assert.equal(history(site, "started").length, 1);
    assert.equal(told(site, "x").at(-1), "stopped");
    await sentry.stop();
  });

  test("is waited for, and then comes the start that was asked for meanwhile, without a delay", async (t) => {
    const { site, members, sentry } = running(t, footing, deaf, 'delay: "1h", stop: { grace: "1h" }');
    await becomes(site, "x:0", "stopping");
    await ask(site, "POST", "/processes/x:0/down");
    await ask(site, "POST", "/processes/x:0/up");
    assert.equal(history(site, "started").length, 1);
    await members.signal("deaf", "SIGKILL");
    await until("it is started again", () => history(site, "started").length === 2);
    await sentry.hurry();
  });

  test("is waited for by a Sentry that is reloaded, killed and started again, and only then the next start comes", async (t) => {
    const { site, members, sentry } = running(t, footing, deaf, 'delay: 10, stop: { grace: "1h" }');
    await becomes(site, "x:0", "stopping");
    await reloads(site);
    await becomes(site, "x:0", "stopping");
    sentry.kill("SIGKILL");
    await until("Sentry is gone", () => isOver(sentry.pid));
    const second = footing.start(site);
    await second.line(/^Sentry took over/);
    await becomes(site, "x:0", "stopping");
    assert.deepEqual([members.alive(), history(site, "started", "exited").length], [["deaf"], 2]);
    await members.signal("deaf", "SIGKILL");
    await until("it is started again", () => history(site, "started").length === 2);
    await second.hurry();
  });

  test("does not keep what is over from being finished, once it is gone", async (t) => {
    const { site, members, sentry } = running(t, footing, "$M plain & until test -e members/plain; do sleep 0.02; done; exit 0", 'restart: "on-failure"');
    await becomes(site, "x:0", "finished");
    assert.deepEqual(members.alive(), []);
    assert.deepEqual(told(site, "x"), ["started", "exited", "stopping", "finished"]);
    await sentry.stop();
  });

  test("is killed at once where all is stopped, and that in a hurry", async (t) => {
    const { site, members, sentry } = running(t, footing, deaf, 'stop: { grace: "1h" }');
    await becomes(site, "x:0", "stopping");
    await sentry.hurry();
    assert.deepEqual(members.alive(), []);
  });

  test('is its own affair with scope "process"', async (t) => {
    const { members, sentry } = running(t, footing, deaf, 'delay: 10, stop: { scope: "process" }');
    for (let n = 0; n < 3; n++) await sentry.started("x");
    assert.ok(members.alive().length >= 2, members.alive().join());
    sentry.kill("SIGTERM");
    assert.deepEqual(await sentry.ended, { code: 0, signal: null });
    assert.ok(members.alive().length >= 2, "nobody has ended them");
  });
});
