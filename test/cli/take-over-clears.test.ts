/** After a SIGKILL, with less left than usual: what a start, or `sentry stop --orphans`, makes of it and clears up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { history, pids, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

const isOver = (pid: number): boolean => [null, "Z"].includes(stateOf(pid));

async function crash(sentry: Sentry): Promise<void> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => isOver(sentry.pid));
}

/** What the keeper holds of runs: their pidfds and pipes. It has a pidfd of itself as well. */
function heldBy(keeper: number): string[] {
  const isItsOwn = (fd: string): boolean => new RegExp(`^Pid:\\s+${keeper}$`, "m").test(readFileSync(`/proc/${keeper}/fdinfo/${fd}`, "utf8"));
  return readdirSync(`/proc/${keeper}/fd`).flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/${keeper}/fd/${fd}`);
      return /pidfd|pipe:/.test(what) && !isItsOwn(fd) ? [what] : [];
    } catch {
      return []; // let go of since
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

suite("a start after a SIGKILL", { concurrency: 2 }, () => {
  test("moves a history that is a link aside, says so, and takes the processes over", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const first = site.start();
    const pid = await first.started("x");
    await crash(first);
    const file = site.path("sample.run/history");
    const elsewhere = site.write("elsewhere", "not a history\n");
    renameSync(file, `${file}.old`);
    symlinkSync(elsewhere, file);
    const second = site.start();
    const [, aside = ""] = await second.line(/^The history cannot be used: .*; moved to (.*)\.$/);
    await second.line(/^Sentry took over 1 process /);
    assert.equal(readlinkSync(aside), elsewhere);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await second.stop();
    assert.equal(readFileSync(elsewhere, "utf8"), "not a history\n");
    assert.equal(history(site, "exited").length, 1, "there is a history again");
  });

  test("goes on ending what a process has left behind, whose exit was recorded and not reaped, and the keeper lets go of it", async (t) => {
    const site = new Site(t);
    const stubborn = `sh -c "trap '' TERM; echo \\$\\$ > grandchild; exec sleep 7777"`;
    const script = `${stubborn} & until [ -s grandchild ]; do sleep 0.02; done; exit 3`;
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], 3600000, 1, { stop: { grace: "2s" } })`);
    const first = site.start();
    await first.line(/Left processes behind/);
    await crash(first);
    const grandchild = Number(readFileSync(site.path("grandchild"), "utf8"));
    assert.ok(!isOver(grandchild), "it takes no SIGTERM");
    const [keeper = 0] = site.keepers();
    assert.notDeepEqual(heldBy(keeper), []);
    const second = site.start();
    await until("the grandchild is gone", () => isOver(grandchild));
    await until("the keeper holds nothing of that run", () => heldBy(keeper).length === 0, () => heldBy(keeper).join());
    assert.deepEqual(history(site, "exited").map(({ code, status }) => [code, status]), [[3, "known"]]);
    await second.stop();
    assert.equal(history(site, "exited").length, 1);
  });

  test("takes over who has an address without the keeper too, says that it is in use, and binds it anew when that one has ended", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    site.config(`entry("web", "sleep", ["1000"], { delay: 50, listen: ["127.0.0.1:${port}"] })`);
    const first = site.start();
    const pid = await first.started("web");
    await crash(first);
    for (const keeper of site.keepers()) process.kill(keeper, "SIGKILL");
    await until("the keeper is gone", () => site.keepers().length === 0);
    const second = site.start();
    await second.line(/^Sentry took over 1 process /);
    await second.line(new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
    assert.deepEqual([...await pids(site)], [["web:0", pid]]);
    process.kill(pid, "SIGKILL");
    const next = await second.started("web");
    assert.notEqual(next, pid);
    const client = connect(port, "127.0.0.1");
    await once(client, "connect");
    client.destroy();
    await second.stop();
  });

  test("with a state that is garbage: a plan still says what was replaced and removed, and a reload does it", async (t) => {
    const site = new Site(t);
    site.config(`${sleeper}, entry("gone", "sleep", ["1000"])`);
    const first = site.start();
    const [x, gone] = await Promise.all([first.started("x"), first.started("gone")]);
    await crash(first);
    site.write("sample.run/state", "garbage");
    site.config('entry("x", "sleep", ["2000"])');
    const second = site.start();
    await second.line(/^Sentry took over 2 processes/);
    await second.line(/^The state file .*; moved to .*state\.bad-1\.$/);
    const { stdout } = await site.sentry(["plan", "--json", "sample.ts"]);
    const changes = JSON.parse(stdout) as { entry: string; change: string }[];
    assert.deepEqual(changes.map(({ entry, change }) => `${entry} ${change}`).sort(), ["gone removed", "x replaced"]);
    assert.deepEqual([isOver(x), isOver(gone)], [false, false]);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    const next = await second.started("x");
    await until("the old ones are gone", () => isOver(x) && isOver(gone));
    await until("there is only the new one", async () => JSON.stringify([...await pids(site)]) === JSON.stringify([["x:0", next]]));
    assert.match(readFileSync(`/proc/${next}/cmdline`, "utf8"), /2000/);
    await second.stop();
  });
});

suite("sentry stop --orphans", { concurrency: 2 }, () => {
  test("sends SIGTERM once", async (t) => {
    const site = new Site(t);
    // It never sleeps, so that its trap misses no signal.
    site.config(`entry("x", "sh", ["-c", "trap 'echo TERM >> terms' TERM; touch up; while ! [ -e go ]; do :; done"], 3600000, 1)`);
    const sentry = site.start();
    await sentry.started("x");
    await until("it is up", () => existsSync(site.path("up")));
    await crash(sentry);
    const stopped = site.sentry(["stop", "--orphans", "sample.ts"]);
    await until("it was told", () => existsSync(site.path("terms")));
    await until("all that there is to do at once is done", async () => {
      try {
        return (await site.get("/health")).status === 200;
      } catch {
        return false; // nobody listens yet
      }
    });
    site.write("go", "");
    const { code, stderr } = await stopped;
    assert.equal(code, 0, stderr);
    assert.equal(readFileSync(site.path("terms"), "utf8"), "TERM\n");
    assert.equal(history(site, "stopping").filter(({ entry }) => entry === "x").length, 1);
    await site.nobodyLeft();
  });

  test("ends the processes also where the keeper alone knows of them", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { count: 2 })');
    const sentry = site.start();
    const started = [await sentry.started("x"), await sentry.started("x")];
    await crash(sentry);
    for (const name of ["state", "history"]) rmSync(site.path("sample.run", name));
    const { code, stdout, stderr } = await site.sentry(["stop", "--orphans", "sample.ts"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Stopped 2 processes /);
    assert.ok(started.every(isOver));
    await site.nobodyLeft();
  });

  test("exits 3 where the last process has ended since, and leaves no keeper", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], 3600000, 1)');
    const sentry = site.start();
    const pid = await sentry.started("x");
    await crash(sentry);
    process.kill(pid, "SIGKILL");
    await until("it has ended", () => isOver(pid));
    const { code, stdout, stderr } = await site.sentry(["stop", "--orphans", "sample.ts"]);
    assert.deepEqual([code, stdout], [3, ""], stderr);
    await site.nobodyLeft();
    assert.ok(!existsSync(site.path("sample.run/keeper")));
  });
});
