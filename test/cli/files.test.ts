/** The PID file and the run folder: what they hold, who may use them, and what becomes of them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

suite("Sentry's files", { concurrency: 2 }, () => {
  test("are a PID file and a run folder beside the configuration, for nobody else to read", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.open("sh", ["-c", `umask 000; exec "$0" "$@"`, ...site.command("start", "sample.ts")]);
    await sentry.started("x");
    assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${sentry.pid}\n`);
    assert.equal(modeOf(site.path("sample.pid")), "600");
    assert.equal(modeOf(site.path("sample.run")), "700");
    assert.equal(modeOf(site.path("sample.run/socket")), "600");
    assert.ok(statSync(site.path("sample.run/socket")).isSocket());
    assert.equal(readFileSync(site.path("sample.run/.gitignore"), "utf8"), "*\n");
    await sentry.stop();
    assert.ok(!existsSync(site.path("sample.pid")));
    assert.ok(!existsSync(site.path("sample.run/socket")));
  });

  test("can be used by Sentry itself whatever the umask takes away", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.open("sh", ["-c", `umask 777; exec "$0" "$@"`, ...site.command("start", "sample.ts")]);
    await sentry.started("x");
    assert.equal(modeOf(site.path("sample.run")), "700");
    assert.equal((await site.get("/health")).status, 200);
    await sentry.stop();
  });

  for (const signal of ["SIGKILL", "SIGSEGV"] as const) {
    test(`that a Sentry ended by ${signal} left behind are taken over`, async (t) => {
      const site = new Site(t);
      site.config('entry("x", "true", [], 60000, 1)');
      const first = site.start();
      await first.line(/Exited/);
      first.kill(signal);
      assert.deepEqual(await first.ended, { code: null, signal });
      assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${first.pid}\n`);
      assert.ok(existsSync(site.path("sample.run/socket")));
      assert.equal((await site.sentry(["stop", "sample.ts"])).code, 3);
      const second = site.start();
      await second.line(/^Sentry took over 0 processes/);
      assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${second.pid}\n`);
      assert.equal((await site.get("/health")).status, 200);
      await second.stop();
      assert.ok(!existsSync(site.path("sample.pid")));
    });
  }

  test("that say anything at all but are locked by nobody are taken over", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    for (const text of ["", "1\n", "no number", `${process.pid}\n`, "9".repeat(100)]) {
      writeFileSync(site.path("sample.pid"), text);
      const sentry = site.start();
      await sentry.started("x");
      assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${sentry.pid}\n`);
      await sentry.stop();
    }
  });

  test("keep a second start out: exit 5, naming the PID of the first, which is not disturbed", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    site.write("elsewhere/link.ts", "");
    rmSync(site.path("elsewhere/link.ts"));
    symlinkSync(site.path("sample.ts"), site.path("elsewhere/link.ts"));
    const first = site.start();
    await first.started("x");
    for (const name of ["sample.ts", "./sample.ts", "elsewhere/link.ts", site.path("sample.ts")]) {
      for (const more of [[], ["--detach"]]) {
        const { code, stdout, stderr } = await site.sentry(["start", name, ...more]);
        assert.equal(code, 5, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, new RegExp(`already runs for ${site.path("sample.ts")}.*PID: ${first.pid}\\b`));
      }
    }
    assert.equal((await site.get("/health")).status, 200);
    assert.equal(readFileSync(site.path("sample.pid"), "utf8"), `${first.pid}\n`);
    await first.stop();
  });

  test("let only one of many that start at the same moment run", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const all = Array.from({ length: 6 }, () => site.start());
    const first = await Promise.race(all.map(async (sentry) => {
      await until("one has started", () => sentry.lines.length > 0);
      return sentry;
    }));
    for (const other of all) if (other !== first) assert.deepEqual(await other.ended, { code: 5, signal: null }, other.stderr);
    await first.stop();
  });

  test("may stand where a test, an editor or the user has left other files: those stay", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    site.write("sample.run/mine", "kept");
    chmodSync(site.path("sample.run"), 0o755);
    const sentry = site.start();
    await sentry.started("x");
    await sentry.stop();
    assert.equal(readFileSync(site.path("sample.run/mine"), "utf8"), "kept");
  });

  test("all stand in the folder of --run-dir, or of SENTRY_RUN_DIR", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    for (const [words, env] of [[["--run-dir", "there"], {}], [[], { SENTRY_RUN_DIR: site.path("there") }]] as const) {
      const sentry = site.start(["start", "sample.ts", ...words], { env });
      await sentry.line(new RegExp(`saved in ${site.path("there/sample.pid")}`));
      await sentry.started("x");
      assert.deepEqual(readdirSync(site.path("there")).sort(), [".gitignore", "history", "keeper", "sample.pid", "socket", "state", "token"]);
      assert.deepEqual(readdirSync(site.folder).sort(), ["sample.ts", "there"]);
      assert.equal((await site.sentry(["stop", "sample.ts"])).code, 3, "it is not to be found elsewhere");
      assert.equal((await site.sentry(["stop", "sample.ts", ...words], { env })).code, 0);
      await sentry.endsWell();
      rmSync(site.path("there"), { recursive: true });
    }
  });

  test("of two configurations cannot stand in one folder: the second is refused, and leaves nothing there", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    site.config(sleeper, "other.ts");
    const sentry = site.start(["start", "sample.ts", "--run-dir", "there"]);
    await sentry.started("x");
    const { code, stderr } = await site.sentry(["start", "other.ts", "--run-dir", "there"]);
    assert.equal(code, 5, stderr);
    assert.ok(stderr.includes(site.path("there/socket")), stderr);
    assert.deepEqual(readdirSync(site.path("there")).sort(), [".gitignore", "history", "keeper", "sample.pid", "socket", "state", "token"]);
    assert.equal((await site.get("/health", site.path("there/socket"))).status, 200);
    await sentry.stop();
  });

  test("are reached by a path that is longer than a socket's address may be", async (t) => {
    const site = new Site(t);
    const deep = `${"a-long-name-of-a-folder/".repeat(8)}`;
    site.config(sleeper, `${deep}sample.ts`);
    const sentry = site.start(["start", `${deep}sample.ts`]);
    await sentry.started("x");
    assert.equal((await site.sentry(["stop", `${deep}sample.ts`])).code, 0);
    await sentry.endsWell();
  });

  test("are not put into a folder that others can write to: exit 5", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    mkdirSync(site.path("open"));
    chmodSync(site.path("open"), 0o777);
    const { code, stderr } = await site.sentry(["start", "sample.ts", "--run-dir", "open"]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /open can be written to by others/);
    assert.deepEqual(readdirSync(site.path("open")), []);
  });

  test("are never reached through a symbolic link: exit 5, and what it points to stays as it is", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    mkdirSync(site.path("elsewhere"), { mode: 0o700 });
    symlinkSync(site.path("elsewhere"), site.path("sample.run"));
    const folder = await site.sentry(["start", "sample.ts"]);
    assert.equal(folder.code, 5, folder.stderr);
    assert.match(folder.stderr, new RegExp(site.path("sample.run")));
    assert.deepEqual(readdirSync(site.path("elsewhere")), []);
    rmSync(site.path("sample.run"));

    site.write("precious", "kept");
    symlinkSync(site.path("precious"), site.path("sample.pid"));
    const pidFile = await site.sentry(["start", "sample.ts"]);
    assert.notEqual(pidFile.code, 0);
    assert.match(pidFile.stderr, new RegExp(site.path("sample.pid")));
    assert.equal(readFileSync(site.path("precious"), "utf8"), "kept");
    rmSync(site.path("sample.pid"));

    mkdirSync(site.path("sample.run/logs"), { recursive: true, mode: 0o700 });
    chmodSync(site.path("sample.run"), 0o700);
    symlinkSync(site.path("precious"), site.path("sample.run/logs/x.log"));
    const log = await site.sentry(["start", "sample.ts", "--detach"]);
    assert.notEqual(log.code, 0);
    assert.equal(readFileSync(site.path("precious"), "utf8"), "kept");
    await site.nobodyLeft();
  });

  test("are refused where something else than a folder or a socket has their name", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    site.write("sample.run", "a file");
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 5, stderr);
    assert.equal(readFileSync(site.path("sample.run"), "utf8"), "a file");
    rmSync(site.path("sample.run"));
    site.write("sample.run/socket", "a file");
    const second = await site.sentry(["start", "sample.ts"]);
    assert.notEqual(second.code, 0);
    assert.match(second.stderr, new RegExp(site.path("sample.run/socket")));
    assert.equal(readFileSync(site.path("sample.run/socket"), "utf8"), "a file");
    assert.ok(!existsSync(site.path("sample.pid")), "a start that was refused leaves no PID file");
  });
});
