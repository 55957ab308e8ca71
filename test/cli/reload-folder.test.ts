/** A reload where something is wrong with the run folder or the disk: whatever it comes to, everything runs on. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { isOver, isRefused, reloads, sleeper, startDetached, stops } from "../support/reloading.ts";
import { pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** A file system of 1 MB, gone with the test. Null where we may not have one. */
function smallDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), "sentry-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder]);
  t.after(() => {
    if (status === 0) spawnSync("umount", ["-l", folder]);
    rmdirSync(folder);
  });
  return status === 0 ? folder : null;
}

function fill(file: string): void {
  for (let size = 64 * 1024; size > 0; size = Math.floor(size / 2)) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
}

suite("a reload, and its run folder:", { concurrency: 2 }, () => {
  test("on a full disk everything runs on, and when there is room again no record is missing", async (t) => {
    const site = new Site(t);
    const disk = smallDisk(t);
    if (disk === null) return t.skip("it needs mount(2)");
    site.config(`${sleeper}, entry("often", "true", [], 20, 1)`);
    const sentry = site.start(["start", "sample.ts", "--run-dir", disk]);
    const pid = await sentry.started("x");
    fill(join(disk, "filler"));
    await sentry.line(/history cannot be written: /);
    sentry.kill("SIGHUP");
    const [reexecd] = await sentry.line(/^(Sentry reexec'd|Problem encountered|The reload is called off)/);
    if (reexecd?.startsWith("Sentry")) await sentry.line(/^cannot write .*state/);
    const { length } = sentry.lines;
    await until("it goes on starting others", () => sentry.lines.slice(length).some((line) => /often\.\d+ +Started/.test(line)));
    assert.ok(!isOver(pid));
    rmSync(join(disk, "filler"));
    await sentry.line(/history is written again; nothing was lost\.$/);
    await sentry.stop();
    const ids = readFileSync(join(disk, "history"), "utf8").trimEnd().split("\n").map((line) => (JSON.parse(line) as { id: number }).id);
    assert.deepEqual(ids, ids.map((_, n) => n + 1));
    assert.equal(sentry.lines.filter((line) => /x\.\d+ +Started/.test(line)).length, 1);
  });

  test("one that was removed comes back with all that belongs in it, and a SIGKILL after that doubles nobody", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { count: 2 })');
    const first = site.start();
    for (let n = 0; n < 2; n++) await first.started("x");
    const before = await pids(site);
    rmSync(site.path("sample.run"), { recursive: true });
    first.kill("SIGHUP");
    await first.line(/^Sentry reexec'd/);
    for (const name of ["socket", "state", "history", "keeper"]) await until(`${name} is there`, () => existsSync(site.path("sample.run", name)));
    assert.deepEqual(await pids(site), before);
    await until("there is one keeper", () => site.keepers().length === 1);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isOver(first.pid));
    const second = site.start();
    await second.line(/^Sentry took over 2 processes /);
    assert.deepEqual(await pids(site), before);
    await stops(site);
    assert.deepEqual(await second.ended, { code: 0, signal: null });
  });

  test("it is refused where the history is a link", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.start();
    const pid = await sentry.started("x");
    const file = site.path("sample.run/history");
    renameSync(file, `${file}.old`);
    symlinkSync(site.write("elsewhere", ""), file);
    await isRefused(site);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    assert.equal(readFileSync(site.path("elsewhere"), "utf8"), "");
    renameSync(`${file}.old`, file);
    await reloads(site);
    await sentry.stop();
  });

  const inTheWay: Record<string, (site: Site) => string> = {
    "logs is a file": (site) => {
      renameSync(site.path("sample.run/logs"), site.path("logs.old"));
      return site.write("sample.run/logs", "");
    },
    "the log file of an added entry is a folder": (site) => {
      site.config(`${sleeper}, entry("y", "sleep", ["1000"])`);
      mkdirSync(site.path("sample.run/logs/y.log"));
      return site.path("sample.run/logs/y.log");
    },
  };
  for (const [what, put] of Object.entries(inTheWay)) {
    test(`detached, it is refused where ${what}`, async (t) => {
      const site = new Site(t);
      site.config(sleeper);
      const sentry = await startDetached(site);
      const before = await pids(site);
      const path = put(site);
      await isRefused(site);
      assert.deepEqual(await pids(site), before);
      rmSync(path, { recursive: true });
      await reloads(site);
      assert.equal((await pids(site)).get("x:0"), before.get("x:0"));
      assert.equal(Number(readFileSync(site.path("sample.pid"), "utf8")), sentry);
      await stops(site);
    });
  }

  test("where only the socket was removed, sentry stop does not say that Sentry is gone, and SIGHUP brings it back", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.start();
    const pid = await sentry.started("x");
    rmSync(site.path("sample.run/socket"));
    const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
    assert.equal(code, 3, stderr);
    assert.doesNotMatch(stderr, /\bgone\b/);
    sentry.kill("SIGHUP");
    await sentry.line(/^Sentry reexec'd/);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await stops(site);
    assert.deepEqual(await sentry.ended, { code: 0, signal: null });
  });
});
