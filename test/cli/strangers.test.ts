/** Sentry as PID 1 and as a subreaper: it reaps what it never started, and leaves the children of Node alone. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { NO_CGROUPS } from "../support/footing.ts";
import { Members } from "../support/members.ts";
import { childrenOf, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

/** 50 orphans that soon end; each has a session of its own, and says that it has lived. */
const orphans = 'for n in $(seq 50); do (setsid sh -c "echo >> orphans; sleep 0.0$n" &); done';

const lived = (site: Site): number => {
  try {
    return readFileSync(site.path("orphans"), "utf8").length;
  } catch {
    return 0; // none yet
  }
};

async function noZombies(sentry: number): Promise<void> {
  await until("no zombie is left", () => childrenOf(sentry).every(({ state }) => state !== "Z"), () => JSON.stringify(childrenOf(sentry)));
}

function hasNamespaces(): boolean {
  try {
    execFileSync("unshare", ["-pf", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

suite("orphans", { concurrency: 2 }, () => {
  test("are reaped when they end, by the hundred, and are no affair of the entry that they came from", async (t) => {
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(`${orphans}; ${orphans}; echo done; exec sleep 1000`)}])`);
    const sentry = site.start();
    await sentry.line(/ done$/);
    await until("all have lived", () => lived(site) === 100);
    await until("all are over", () => site.alive().length === site.keepers().length + 2, () => site.alive().join());
    await noZombies(sentry.pid);
    assert.deepEqual(history(site).map(({ type }) => type), ["started"]);
    await sentry.stop();
  });

  const skip = !hasNamespaces() && "there are no PID namespaces here";
  test("that somebody else left to Sentry are reaped by it as PID 1 of a container, and it exits 0 as that too", { skip }, async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"]), entry("quick", "sh", ["-c", "exit 3"], 50, 1)');
    const outside = site.open("unshare", ["-pf", "--mount-proc", "--kill-child", ...site.command("start", "sample.ts")]);
    await outside.started("x");
    const first = await until("it is there", () => childrenOf(outside.pid)[0]?.pid);
    // Whoever comes in from outside is no descendant of Sentry, but their orphans are left to PID 1.
    await site.run("nsenter", ["-t", `${first}`, "-p", "sh", "-c", orphans]);
    await until("all have lived", () => lived(site) === 50);
    await until("all are over", () => site.alive().every((pid) => !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("orphans")));
    await noZombies(first);
    const entries = new Set(history(site).map(({ entry }) => entry));
    assert.deepEqual([...entries].sort(), ["quick", "x"]);
    assert.ok(history(site, "exited").every(({ code }) => code === 3));
    process.kill(first, "SIGTERM");
    await outside.endsWell();
  });

  test("take no child from Node: reloads are tried and done while they come", async (t) => {
    const site = new Site(t);
    const script = `while :; do for n in 1 2 3 4 5; do (setsid sh -c "sleep 0.01" &); done; sleep 0.02; done`;
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], { stop: { grace: "1s" } })`);
    const sentry = site.start();
    const pid = await sentry.started("x");
    for (let n = 0; n < 3; n++) await reloads(site);
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    assert.equal(history(site, "reloaded").length, 3);
    await sentry.stop();
    assert.deepEqual(history(site, "fault", "exited").map(({ cause }) => cause), ["stopped"]);
  });
});

suite("strays", { concurrency: 2 }, () => {
  test("are listed by GET /strays and below the table, and never signalled", { skip: NO_CGROUPS.skip }, async (t) => {
    const site = new Site(t);
    const members = new Members(t, site);
    // It is detached before anybody looks, and nothing that it has says whose it is.
    const script = "env -i setsid sh -c \"$M stray tidies & exit 0\" > /dev/null 2>&1; exec $M main";
    site.config(`entry("x", ${members.shell(script)})`, "sample.ts", "{ http: false, processEvents: false }");
    const sentry = NO_CGROUPS.start(site);
    const [stray] = await members.pids("stray", "main");
    const shown = (await site.get("/strays")).body as { pid: number; name: string }[];
    assert.deepEqual(shown.map(({ pid, name }) => [pid, name]), [[stray, "member"]]);
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    assert.match(stdout, new RegExp(String.raw`\n1 process was started by one of these, .*: member \(PID ${stray}\)\. It is left alone;`));
    const json = await site.sentry(["status", "--json", "sample.ts"]);
    assert.deepEqual((JSON.parse(json.stdout) as { id: string }[]).map(({ id }) => id), ["x:0"]);
    assert.equal((await site.sentry(["down", "x", "-c", "sample.ts"])).code, 0);
    await becomes(site, "x:0", "stopped");
    await sentry.stop();
    assert.deepEqual([members.alive(), members.terms("stray")], [["stray"], 0]);
  });
});
