/** Signals to Sentry, and `sentry stop`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** Says that it got the signal, and goes on: words of a configuration. */
const stubborn = `"sh", ["-c", "trap 'echo not me' TERM; echo up; while :; do sleep 0.1; done"]`;

/** The one that listens, and one for each client. proc(5), /proc/net/unix */
const socketsAt = (path: string): number => readFileSync("/proc/net/unix", "utf8").split("\n").filter((line) => line.endsWith(` ${path}`)).length;

suite("stopping", { concurrency: 6 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} stops every process with SIGTERM, waits for each, and exits 0`, async (t) => {
      const site = new Site(t);
      site.config([
        'entry("plain", "sleep", ["1000"], { count: 3 })',
        `entry("tidy", "sh", ["-c", "trap 'echo tidying; exit 6' TERM; echo up; while :; do sleep 0.02; done"])`,
        'entry("waiting", "true", [], 60000, 1)',
      ].join());
      const sentry = site.start();
      await Promise.all([sentry.line(/ up$/), sentry.line(/with ExitSuccess/)]);
      for (let n = 0; n < 3; n++) await sentry.started("plain");
      await sentry.stop(signal);
      const exits = sentry.lines.flatMap((line) => /^\S+ (\w+)\.\d+ +Exited at \d+ (.*)\.$/.exec(line)?.slice(1).join(" ") ?? []);
      assert.deepEqual(exits.sort(), [
        "plain by SIGTERM", "plain by SIGTERM", "plain by SIGTERM", "tidy with ExitFailure 6", "waiting with ExitSuccess",
      ]);
      assert.ok(sentry.lines.some((line) => line.endsWith(" tidying")));
      assert.equal(sentry.lines.at(-1), "Bye.");
    });
  }

  test("what does not end within the grace of 10 s is killed with its group (slow: it takes that long)", async (t) => {
    const site = new Site(t);
    site.config(`entry("stubborn", ${stubborn})`);
    const sentry = site.start();
    await sentry.line(/ up$/);
    const asked = performance.now();
    sentry.kill("SIGTERM");
    await sentry.line(/ not me$/);
    await sentry.line(/Exited at \d+ by SIGKILL\.$/);
    assert.ok(performance.now() - asked >= 10_000, "it had no 10 s");
    await sentry.endsWell();
  });

  test("a second signal does not wait for the grace", async (t) => {
    const site = new Site(t);
    site.config(`entry("stubborn", ${stubborn})`);
    const sentry = site.start();
    await sentry.line(/ up$/);
    sentry.kill("SIGINT");
    await sentry.line(/ not me$/);
    await sentry.stop("SIGINT");
    assert.match(sentry.lines.at(-2) ?? "", /Exited at \d+ by SIGKILL\.$/);
  });

  test("what a process started in its group ends with it, also where it heeds no SIGTERM", async (t) => {
    const site = new Site(t);
    // The process itself ends at once; its child would go on for ever.
    site.config(`entry("parent", "sh", ["-c", ${JSON.stringify("(trap '' TERM; echo up; while :; do sleep 0.1; done) & exec sleep 1000")}])`);
    const sentry = site.start();
    await sentry.line(/ up$/);
    await sentry.stop();
  });

  test("a process that comes up while everything is stopped is stopped too", async (t) => {
    const site = new Site(t);
    site.config('entry("quick", "sh", ["-c", "exit 1"], 0, 10)');
    const sentry = site.start();
    await sentry.line(/Exited/);
    await sentry.stop();
    assert.equal(sentry.lines.at(-1), "Bye.");
  });

  test("SIGTERM during the start, at whatever moment, ends in order", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { count: 20 })');
    const sentry = site.start();
    await sentry.line(/^Sentry started/);
    await sentry.stop();
  });

  test("sentry stop says that it is stopped only once everything is gone", async (t) => {
    const site = new Site(t);
    site.config(`entry("slow", "sh", ["-c", "trap 'sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.02; done"])`);
    const sentry = site.start();
    const ended = sentry.ended;
    await sentry.line(/ up$/);
    const { code, stdout, stderr } = await site.sentry(["stop", "sample.ts"]);
    assert.deepEqual(site.alive(), []);
    assert.ok(!existsSync(site.path("sample.pid")));
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `Sentry stopped for ${site.path("sample.ts")}.\n`, stderr: "" });
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.equal(sentry.lines.at(-1), "Bye.");
  });

  test("sentry stop --json answers with one document", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    const { code, stdout } = await site.sentry(["stop", "--json", "-c", "sample.ts"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { stopped: true, config: site.path("sample.ts") });
    await sentry.endsWell();
  });

  test("two that ask for the stop at once are both answered when it is done", async (t) => {
    const site = new Site(t);
    site.config(`entry("slow", "sh", ["-c", "trap '' TERM; echo up; until [ -e both ]; do sleep 0.02; done"])`);
    const sentry = site.start();
    await sentry.line(/ up$/);
    const answers = [1, 2].map(() => site.sentry(["stop", "sample.ts"]));
    await until("both have connected", () => socketsAt(site.path("sample.run/socket")) === 3);
    site.write("both", "");
    assert.deepEqual((await Promise.all(answers)).map(({ code }) => code), [0, 0]);
    await sentry.endsWell();
  });

  test("sentry stop does not take a connection that is closed for the end of Sentry", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    mkdirSync(site.path("sample.run"));
    const deaf = createServer((socket) => socket.destroy()).listen(site.path("sample.run/socket"));
    await once(deaf, "listening");
    const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
    deaf.close();
    assert.equal(code, 1, stderr);
    assert.match(stderr, /without an answer/);
  });

  test("sentry stop exits 3 where no Sentry runs, and says what was tried", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const { code, stdout, stderr } = await site.sentry(["stop", "sample.ts"]);
    assert.equal(code, 3);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`${site.path("sample.ts")}.*${site.path("sample.run/socket")}`));
  });

  test("SIGUSR2 opens log files anew, and says how many", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    sentry.kill("SIGUSR2");
    await sentry.line(new RegExp(`^SIGUSR2 from PID ${process.pid}: 0 log files were opened anew\\.$`));
    await sentry.stop();
  });

  test("SIGUSR1 opens no debugger, neither while it starts nor later", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await until("it is a Node that has begun", () => existsSync(site.path("sample.run")));
    sentry.kill("SIGUSR1");
    await sentry.started("x");
    sentry.kill("SIGUSR1");
    await sentry.stop();
    assert.ok(!/[Dd]ebugger/.test(sentry.stderr + sentry.lines.join()), sentry.stderr);
  });
});
