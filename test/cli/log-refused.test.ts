/** A log file that cannot be opened: no start, no reload; and for a slot that is new, elsewhere. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { suite, test } from "node:test";

import { contentOf, shell, sizeOf } from "../support/logged.ts";
import { isRefused, reloads } from "../support/reloading.ts";
import { processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const SAYS = "echo hello; exec sleep 1000";

/** What is in the way, the exit code of a start, and what is said. */
const ways: Record<string, readonly [lay: (site: Site) => void, code: number, said: RegExp]> = {
  "the folder is not there": [() => {}, 1, /^sentry: cannot use the log file of web: .*ENOENT/],
  "the folder is a file": [(site) => site.write("logs", ""), 1, /^sentry: cannot use the log file of web: .*ENOTDIR/],
  "the file is a link": [
    (site) => { mkdirSync(site.path("logs")); symlinkSync("../elsewhere", site.path("logs/web.0.log")); }, 7,
    /^sentry: option `log\.file` of entry `web` is .*, a link, and output is never written through one/],
};

suite("a log file that cannot be opened", { concurrency: 2 }, () => {
  for (const [what, [lay, expected, said]] of Object.entries(ways)) {
    for (const detached of [false, true]) {
      test(`is an error at the ${detached ? "detached " : ""}start where ${what}`, async (t) => {
        const site = new Site(t);
        lay(site);
        site.config(shell("web", SAYS, { log: { file: "logs/web.{slot}.log" } }));
        const { code, stdout, stderr } = await site.sentry(["start", ...detached ? ["-d"] : [], "sample.ts"]);
        assert.deepEqual([code, stdout], [expected, ""], stderr);
        assert.match(stderr, said);
        await site.nobodyLeft();
        assert.ok(!existsSync(site.path("sample.pid")) && !existsSync(site.path("elsewhere")));
      });
    }
  }

  test("is an error of permission for an ordinary user", { skip: process.getuid?.() !== 0 && "only as root" }, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    mkdirSync(site.path("logs"));
    chmodSync(site.path("logs"), 0o755); // root's
    site.config(shell("web", SAYS, { log: { file: "logs/web.log" } }));
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^sentry: cannot use the log file of web: .*logs\/web\.log.*EACCES|^sentry: cannot use the log file of web: .*EACCES/);
    assert.doesNotMatch(stderr, /--run-dir/);
  });

  test("is refused at a reload, with everything running on, and printing where it did", async (t) => {
    const site = new Site(t);
    const script = "echo hello; until [ -e go ]; do sleep 0.01; done; echo more; exec sleep 1000";
    site.config(shell("web", script, { log: { file: "web.log" } }));
    const sentry = site.start();
    await until("it has printed", () => sizeOf(site, "web.log") > 0);
    const before = await processes(site);
    site.config(shell("web", script, { log: { file: "nowhere/web.log" } }));
    await isRefused(site);
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 7);
    assert.match(stderr, /cannot use the log file .*nowhere\/web\.log: .*ENOENT/);
    assert.deepEqual(await processes(site), before);
    site.write("go", "");
    await until("it has printed more", () => contentOf(site, "web.log") === "hello\nmore\n");
    mkdirSync(site.path("nowhere"));
    await reloads(site);
    assert.deepEqual(await processes(site), before);
    await sentry.stop();
  });

  test("of a slot that is new sends its output to where Sentry's own lines go, which is told", async (t) => {
    const site = new Site(t);
    site.config(shell("web", "echo slot $SENTRY_SLOT; exec sleep 1000", { log: { file: "web.{slot}.log" } }));
    mkdirSync(site.path("web.1.log"));
    const sentry = site.start();
    await until("the first has printed", () => sizeOf(site, "web.0.log") > 0);
    assert.equal((await site.sentry(["scale", "web", "3", "-c", "sample.ts"])).code, 0);
    await sentry.line(/^The output of web:1 goes here: cannot open .*web\.1\.log: .*EISDIR/);
    await sentry.line(/^\d\d:\d\d:\d\d web\.\d+ +slot 1$/);
    await until("the third has printed", () => existsSync(site.path("web.2.log")) && sizeOf(site, "web.2.log") > 0);
    rmSync(site.path("web.1.log"), { recursive: true });
    assert.equal((await site.sentry(["restart", "web:1", "-c", "sample.ts"])).code, 0);
    await until("it has its file now", () => existsSync(site.path("web.1.log")) && sizeOf(site, "web.1.log") > 0);
    assert.equal(readFileSync(site.path("web.1.log"), "utf8"), "slot 1\n");
    await sentry.stop();
    assert.equal(sentry.lines.filter((line) => line.startsWith("The output of")).length, 1);
  });

  test("when Sentry is started after a SIGKILL keeps no process from being taken over", async (t) => {
    const site = new Site(t);
    mkdirSync(site.path("logs"));
    site.config(shell("web", "echo one; until [ -e go ]; do sleep 0.01; done; echo two; exec sleep 1000", { log: { file: "logs/web.log" } }));
    const first = site.start();
    const pid = await first.started("web");
    await until("it has printed", () => sizeOf(site, "logs/web.log") > 0);
    first.kill("SIGKILL");
    await first.ended;
    rmSync(site.path("logs"), { recursive: true });
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await second.line(/^The output of web goes here: cannot open .*logs\/web\.log: .*ENOENT/);
    site.write("go", "");
    await second.line(new RegExp(String.raw`^\S+ web\.${pid} +two$`));
    await second.stop();
  });
});
