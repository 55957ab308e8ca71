/** A reload where something is wrong with the configuration: whatever it comes to, everything runs on. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { suite, test } from "node:test";

import { childrenOf, isOver, program, reloads, sleeper } from "../support/reloading.ts";
import { halfRequest, history, pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

suite("a reload, and its configuration:", { concurrency: 2 }, () => {
  test("the next image does not look for a file that was moved away after it was compiled", async (t) => {
    const site = new Site(t);
    const config = site.config(sleeper);
    const sentry = site.start();
    const pid = await sentry.started("x");
    (await halfRequest(site)).resume();
    sentry.kill("SIGHUP");
    await sentry.line(/ successfully compiled\.$/);
    renameSync(config, `${config}.away`);
    await sentry.line(/^Sentry reexec'd/);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await sentry.stop();
  });

  test("one that leaves a process behind, with the pipes of its evaluation, is not waited for", async (t) => {
    const site = new Site(t);
    program(site, [
      'import { spawn } from "node:child_process"; import { appendFileSync } from "node:fs";',
      'const left = spawn("sleep", ["60"], { detached: true, stdio: "inherit" }); left.unref();',
      `appendFileSync(${JSON.stringify(site.path("left"))}, \`\${left.pid}\\n\`);`,
    ]);
    const left = (): number[] => readFileSync(site.path("left"), "utf8").trimEnd().split("\n").map(Number);
    const sentry = site.start();
    await sentry.started("x");
    for (let n = 1; n <= 2; n++) {
      await reloads(site);
      assert.deepEqual(left().map(isOver), Array.from({ length: n + 1 }, () => false), "they were not waited for");
    }
    for (const pid of left()) process.kill(pid, "SIGKILL");
    await sentry.stop();
  });

  test("one that never ends goes with the trial, also where that is killed", async (t) => {
    const site = new Site(t);
    program(site, [
      'import { existsSync, writeFileSync } from "node:fs";',
      `if (existsSync(${JSON.stringify(site.path("loop"))})) { writeFileSync(${JSON.stringify(site.path("looping"))}, \`\${process.pid}\\n\`); while (true) {} }`,
    ]);
    const sentry = site.start();
    const pid = await sentry.started("x");
    site.write("loop", "");
    const reload = site.sentry(["reload", "sample.ts"]);
    const text = await until("it loops", () => existsSync(site.path("looping")) && /^\d+\n/.exec(readFileSync(site.path("looping"), "utf8"))?.[0]);
    const trial = childrenOf(sentry.pid).find(({ words }) => words.split("\0").includes("--try"));
    assert(trial !== undefined);
    process.kill(trial.pid, "SIGKILL");
    const { code, stdout, stderr } = await reload;
    assert.deepEqual([code, stdout], [7, ""], stderr);
    await until("its evaluation is over", () => isOver(Number(text)));
    rmSync(site.path("loop"));
    await reloads(site);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await sentry.stop();
  });

  test("a plan that is under way when a reload begins is answered or refused, and leaves no zombie", async (t) => {
    const site = new Site(t);
    program(site, [
      'import { existsSync, writeFileSync } from "node:fs";',
      `if (existsSync(${JSON.stringify(site.path("slow"))})) {`,
      `  writeFileSync(${JSON.stringify(site.path("begun"))}, ""); await new Promise((resolve) => setTimeout(resolve, 2000));`, "}",
    ]);
    const sentry = site.start();
    const pid = await sentry.started("x");
    site.write("slow", "");
    const [planned] = await Promise.all([
      site.sentry(["plan", "sample.ts"]), until("it plans", () => existsSync(site.path("begun"))).then(() => reloads(site)),
    ]);
    assert.ok(planned.code === 0 || planned.code === 5, `${planned.code}: ${planned.stderr}`);
    await until("no child is a zombie", () => !childrenOf(sentry.pid).some(({ state }) => state === "Z"),
      () => JSON.stringify([childrenOf(sentry.pid), history(site)], null, 1));
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await sentry.stop();
  });
});
