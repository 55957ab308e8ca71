/** A verb acts on the Sentry of its configuration and of no other, though two of them may have come to the same run folder. */
import assert from "node:assert/strict";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { answering } from "../support/answering.ts";
import { stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** One that runs for `größer.ts` in a run folder that others are given as well. */
async function besideAnother(t: TestContext) {
  const site = new Site(t);
  const config = site.config(sleeper, "it is/größer.ts");
  const other = site.config(sleeper, "other.ts");
  const sentry = site.start(["start", config, "--run-dir", "rd"]);
  const pid = await sentry.started("x");
  const does = (...words: string[]) => site.sentry([...words, "--run-dir", "rd"]);
  return { site, config, other, sentry, pid, does };
}

suite("the Sentry of another configuration", { concurrency: 2 }, () => {
  for (const words of [
    ["stop"], ["reload"], ["plan"], ["status"], ["events"], ["events", "-f"], ["up", "x"], ["down", "x"], ["restart", "x"], ["restart", "--rolling", "x"],
    ["scale", "x", "3"], ["signal", "x", "TERM"], ["logs"], ["logs", "-f", "x"], ["why", "x"],
  ]) {
    test(`is not the one that sentry ${words.join(" ")} is for: exit 3, with whose it is`, async (t) => {
      const { site, config, other, sentry, pid, does } = await besideAnother(t);
      const { code, stdout, stderr } = await does(...words, "-c", "other.ts");
      assert.deepEqual([code, stdout], [3, ""]);
      assert.equal(stderr, `sentry: no Sentry runs for ${other}: the one at ${site.path("rd/socket")} (PID: ${sentry.pid}) runs for ${config}; `
        + `to ask that one, say -c ${config} --run-dir ${site.path("rd")}\n`);
      assert.notEqual(stateOf(pid), null);
      assert.deepEqual(sentry.lines.slice(2), [], "it knows nothing of that");
      await sentry.stop();
    });
  }

  test("is told by its PID and configuration to a start, which is refused", async (t) => {
    const { site, config, other, sentry, does } = await besideAnother(t);
    for (const words of [["start", "other.ts"], ["start", "-d", "other.ts"], ["stop", "--orphans", "other.ts"]]) {
      const { code, stdout, stderr } = await does(...words);
      assert.deepEqual([code, stdout], [5, ""]);
      assert.ok(stderr.endsWith(`sentry: Sentry already runs for ${config} (PID: ${sentry.pid}) at ${site.path("rd/socket")}; `
        + `for ${other} choose another folder with --run-dir\n`), stderr);
    }
    await sentry.stop();
  });

  test("has its files beside that of a name with another ending", async (t) => {
    const site = new Site(t);
    const config = site.config(sleeper);
    site.config(sleeper, "sample.js");
    const sentry = site.start();
    await sentry.started("x");
    const stop = await site.sentry(["stop", "sample.js"]);
    assert.equal(stop.code, 3);
    assert.match(stop.stderr, new RegExp(`runs for ${config}; to ask that one, say -c ${config}\n$`));
    const start = await site.sentry(["start", "-d", "sample.js"]);
    assert.equal(start.code, 5);
    assert.match(start.stderr, new RegExp(`^sentry: Sentry already runs for ${config} \\(PID: ${sentry.pid}\\)`));
    await sentry.stop();
  });

  test("is any that does not say whose it is: an older version is asked as ever", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    await answering(t, site, { "GET /processes": [], "GET /strays": [] });
    const { code, stdout } = await site.sentry(["status", "sample.ts"]);
    assert.deepEqual([code, stdout], [0, `Nothing is to run for ${site.path("sample.ts")}.\n`]);
  });
});

suite("the Sentry of the same configuration", { concurrency: 2 }, () => {
  test("is the one whose real path that is, by whichever way it is reached", async (t) => {
    const { site, config, does, sentry } = await besideAnother(t);
    symlinkSync(config, site.path("link.ts"));
    for (const name of ["it is/größer.ts", "it is/../it is/größer.ts", "link.ts"]) {
      assert.equal((await does("status", name)).code, 0, name);
    }
    assert.equal((await does("reload", "link.ts")).code, 0);
    assert.equal((await does("status", config)).code, 0, "and after a reload");
    rmSync(config);
    assert.equal((await does("stop", config)).stdout, `Sentry stopped for ${config}.\n`, "though it is gone");
    await sentry.endsWell();
  });

  test("is the one whose name is looked up among the user's configurations", async (t) => {
    const site = new Site(t);
    const kept = site.config(sleeper, ".sentry/conf/web.ts");
    const sentry = site.start(["start", "web", "--run-dir", "rd"]);
    await sentry.started("x");
    assert.equal((await site.sentry(["stop", "web", "--run-dir", "rd"])).stdout, `Sentry stopped for ${kept}.\n`);
    await sentry.endsWell();
  });

  test("is the one whose folder was moved, by its old name in the folder that it has now", async (t) => {
    const site = new Site(t);
    const config = site.config(sleeper, "old/sample.ts");
    const sentry = site.start(["start", "old/sample.ts"]);
    await sentry.started("x");
    renameSync(site.path("old"), site.path("new"));
    const { code, stderr } = await site.sentry(["status", "new/sample.ts"]);
    assert.equal(code, 3);
    const right = `-c ${config} --run-dir ${site.path("new/sample.run")}`;
    assert.ok(stderr.endsWith(`; to ask that one, say ${right}\n`), stderr);
    assert.equal((await site.sentry(["status", ...right.split(" ")])).code, 0);
    await sentry.stop();
  });
});
