/** Sentry as PID 1 of a container: a PID namespace and its own /proc, which is all that matters here of one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { shell } from "../support/order.ts";
import { childrenOf, reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

const SKIP = whyNot();

function whyNot(): string | false {
  try {
    execFileSync("unshare", ["-pf", "--mount-proc", "true"], { stdio: "ignore" });
    return false;
  } catch {
    return "a PID namespace cannot be made here";
  }
}

/** unshare(1), which goes on with our PID and exits as PID 1 does, and PID 1 by our numbers. */
async function contain(site: Site): Promise<{ sentry: Sentry; one: number }> {
  const sentry = site.open("unshare", ["-pf", "--mount-proc", ...site.command("start", "sample.ts")]);
  const one = await until("PID 1 is there", () => childrenOf(sentry.pid)[0]?.pid);
  return { sentry, one };
}

function inside(site: Site, one: number, script: string): Promise<{ code: number | null }> {
  return site.run("nsenter", ["-t", String(one), "-p", "-m", "sh", "-c", script]);
}

async function ends(site: Site, sentry: Sentry, code: number): Promise<void> {
  assert.deepEqual(await sentry.ended, { code, signal: null }, [...sentry.lines, sentry.stderr].join("\n"));
  await site.nobodyLeft();
}

/** The number that a process has in there. */
function numberInside(pid: number): string {
  return /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
}

suite("Sentry as PID 1", { concurrency: 2, skip: SKIP }, () => {
  test("supervises, forwards SIGTERM, and exits with 0", async (t: TestContext) => {
    const site = new Site(t);
    site.config(`entry("x", ${shell("trap 'echo got it; exit 3' TERM; echo up; while :; do sleep 0.02; done")}, { delay: 0 })`);
    const { sentry, one } = await contain(site);
    await sentry.line(/^Sentry started \(PID: 1 saved in /);
    await sentry.line(/ up$/);
    assert.equal(numberInside(one), "1");
    const { pid } = await becomes(site, "x:0", "running");
    await inside(site, one, `kill -9 ${pid}`);
    await sentry.line(/Exited at \d+ by SIGKILL/);
    await sentry.line(/ up$/);
    process.kill(one, "SIGTERM");
    await ends(site, sentry, 0);
    assert.ok(sentry.lines.some((line) => line.endsWith(" got it")));
    assert.equal(sentry.lines.at(-1), "Bye.");
  });

  test("reaps every orphan, also of what it never started", async (t: TestContext) => {
    const site = new Site(t);
    site.config(`entry("x", ${shell("(setsid sh -c 'sleep 0.05' &) & (sleep 0.05 & exit) & exec sleep 1000")}, { count: 3 })`);
    const { sentry, one } = await contain(site);
    await becomes(site, "x:2", "running");
    // As by `docker exec`: its parent is none of ours, and is gone at once.
    for (let n = 0; n < 5; n++) assert.equal((await inside(site, one, "setsid sleep 1000 > /dev/null 2>&1 & exit 0")).code, 0);
    const orphans = await until("PID 1 has them", () => {
      const found = childrenOf(one).filter(({ words }) => words === "sleep\x001000\0");
      return found.length === 8 && found; // three slots and five orphans
    });
    const mine = new Set(history(site, "started").map(({ pid }) => String(pid)));
    const strangers = orphans.filter(({ pid }) => !mine.has(numberInside(pid)));
    assert.equal(strangers.length, 5);
    for (const { pid } of strangers) process.kill(pid, "SIGKILL");
    await until("they are reaped", () => strangers.every(({ pid }) => stateOf(pid) === null));
    await until("nothing else is left to be reaped", () => childrenOf(one).every(({ state }) => state !== "Z"));
    assert.equal(history(site, "exited").length, 0);
    process.kill(one, "SIGTERM");
    await ends(site, sentry, 0);
  });

  for (const [what, script, code] of [["7", "exit 7", 7], ["143", "kill -TERM $$", 143], ["0", "exit 0", 0]] as const) {
    test(`leaves with ${what} by exitWhen, and that ends the container`, async (t: TestContext) => {
      const site = new Site(t);
      site.config(`entry("job", ${shell(script)}, { restart: "never", after: ["server"] }), entry("server", "sleep", ["1000"])`, undefined,
        '{ http: false, exitWhen: "any" }');
      const { sentry } = await contain(site);
      await ends(site, sentry, code);
      assert.equal(history(site, "exited").find(({ entry }) => entry === "server")?.cause, "stopped");
    });
  }

  test("goes on over a reload, as the same process", async (t: TestContext) => {
    const site = new Site(t);
    const entries = 'entry("x", "sleep", ["1000"])';
    site.config(entries);
    const { sentry, one } = await contain(site);
    const { pid } = await becomes(site, "x:0", "running");
    site.config(`${entries}, entry("job", "sh", ["-c", "exit 5"], { restart: "never" })`);
    await reloads(site);
    await becomes(site, "job:0", "failed");
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    assert.deepEqual([numberInside(one), childrenOf(sentry.pid).map((child) => child.pid)], ["1", [one]]);
    site.config(`${entries}, entry("job", "sh", ["-c", "exit 5"], { restart: "never" })`, undefined, '{ http: false, exitWhen: "any" }');
    await site.sentry(["reload", "sample.ts"]);
    await ends(site, sentry, 5);
  });

  test("cannot be killed by a process of the container", async (t: TestContext) => {
    const site = new Site(t);
    site.config(`entry("x", ${shell("kill -9 1; kill -STOP 1; echo tried; exec sleep 1000")})`);
    const { sentry, one } = await contain(site);
    await sentry.line(/ tried$/);
    await becomes(site, "x:0", "running");
    process.kill(one, "SIGTERM");
    await ends(site, sentry, 0);
  });

  test("says once that process events are not to be had, and not again after a reload", async (t: TestContext) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const { sentry, one } = await contain(site);
    await sentry.started("x");
    await reloads(site);
    process.kill(one, "SIGTERM");
    await ends(site, sentry, 0);
    assert.deepEqual(sentry.lines.filter((line) => line.includes("process events")), [
      "The kernel's process events are not listened to: the kernel is silent, as it is in a container (user or pid namespace). Exits are exact without them.",
    ]);
  });
});
