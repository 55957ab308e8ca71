/** Where processes go on to print whose entry is taken out, or printed elsewhere before; and what is read of that which is not run. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { suite, test } from "node:test";

import { processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const shell = (name: string, script: string, more: object): string =>
  `entry("${name}", "sh", ["-c", ${JSON.stringify(script)}], ${JSON.stringify(more)})`;

/** Has something to say when it is told to end. */
const polite = "trap 'echo bye; exit' TERM; echo hello; while :; do sleep 0.01; done";

const web = (log: object): string => shell("web", polite, log);

const linesOf = (path: string): string[] => existsSync(path) ? readFileSync(path, "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("Terminated")) : [];

async function reload(site: Site): Promise<void> {
  const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
  assert.equal(code, 0, stderr);
}

suite("output of entries that were configured otherwise", { concurrency: 2 }, () => {
  test("the last words of an entry that is taken out are in its file", async (t) => {
    const site = new Site(t);
    site.config(web({ log: { file: "web.log" } }));
    const sentry = site.start();
    await until("it prints", () => linesOf(site.path("web.log")).length === 1);
    site.config("");
    await reload(site);
    await sentry.line(/ web\.\d+ +Exited at /);
    assert.deepEqual(linesOf(site.path("web.log")), ["hello", "bye"]);
    assert.ok(!sentry.lines.some((line) => line.endsWith(" bye")));
    await sentry.stop();
  });

  test("so are those of processes that are replaced by some without a file", async (t) => {
    const site = new Site(t);
    site.config(web({ log: { file: "web.log" } }));
    const sentry = site.start();
    await until("it prints", () => linesOf(site.path("web.log")).length === 1);
    site.config(web({ log: "none" }));
    await reload(site);
    await sentry.line(/ web\.\d+ +Exited at /);
    await sentry.line(/ web\.\d+ +Started at /);
    assert.deepEqual(linesOf(site.path("web.log")), ["hello", "bye"]);
    await sentry.stop();
  });

  test("an entry that has the file of one that is taken out shares it", async (t) => {
    const site = new Site(t);
    site.config(web({ log: { file: "web.log" } }));
    const sentry = site.start();
    await until("it prints", () => linesOf(site.path("web.log")).length === 1);
    site.config(shell("api", "while [ ! -e go ]; do sleep 0.01; done; echo api; sleep 1000", { log: { file: "web.log" } }));
    await reload(site);
    await sentry.line(/ web\.\d+ +Exited at /);
    site.write("go", "");
    await until("both have printed", () => linesOf(site.path("web.log")).length === 3);
    assert.deepEqual(linesOf(site.path("web.log")), ["hello", "bye", "api"]);
    await sentry.stop();
  });

  test("a process that is taken over goes on in its file, though nothing configures it any more", async (t) => {
    const site = new Site(t);
    site.config(shell("web", "n=0; while :; do [ -e go ] && rm go && n=$((n+1)) && echo word $n; sleep 0.01; done", { log: { file: "web.log" } }));
    const first = site.start();
    await first.started("web");
    first.kill("SIGKILL");
    await first.ended;
    site.config("");
    const second = site.start();
    await second.line(/^Sentry took over 1 process /);
    site.write("go", "");
    await until("it goes on", () => linesOf(site.path("web.log")).length === 1);
    assert.equal((await site.sentry(["logs", "web", "-c", "sample.ts"])).stdout, "word 1\n");
    await second.stop();
  });

  test("a file that cannot be opened any more keeps nobody from taking processes over", async (t) => {
    const site = new Site(t);
    site.write("logs/here", "");
    site.config(shell("web", "sleep 1000", { log: { file: "logs/web.log" } }));
    const first = site.start();
    await first.started("web");
    first.kill("SIGKILL");
    await first.ended;
    rmSync(site.path("logs"), { recursive: true });
    const second = site.start();
    await second.line(/^The output of web goes here: cannot open .*\/logs\/web\.log: .*ENOENT/);
    await second.line(/^Sentry took over 1 process /);
    await second.stop();
  });

  test("what an entry has printed is read also while none of its processes is to run, in the form that it has", async (t) => {
    const site = new Site(t);
    site.write("old.json", `{"at":"2026-11-22T06:35:00.123456Z","entry":"web","slot":0,"pid":7,"stream":"stdout","text":"long ago"}\n`);
    site.config(`${shell("web", "", { count: 0, log: { file: "old.json", format: "json" } })}, ${shell("slots", "", { count: 0, log: { file: "nowhere/{slot}.log" } })}`);
    const sentry = site.start();
    await sentry.line(/^Sentry started /);
    const { code, stdout } = await until("it answers", async () => {
      const result = await site.sentry(["logs", "-c", "sample.ts"]);
      return result.code === 0 ? result : null;
    });
    assert.equal(code, 0);
    assert.match(stdout, /^\d\d:\d\d:\d\d web\.7 +long ago\n$/);
    const follower = site.open(process.execPath, site.command("logs", "-f", "-c", "sample.ts").slice(1));
    await follower.line(/ web\.7 +long ago$/);
    await sentry.stop();
    assert.deepEqual([await follower.ended, follower.stderr], [{ code: 0, signal: null }, ""]);
  });

  test("a detached Sentry has nobody who would read what an entry inherits: it has /dev/null, and no file", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"], { log: "inherit" })');
    assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
    const [web] = await processes(site);
    assert.deepEqual([1, 2].map((fd) => readlinkSync(`/proc/${web?.pid}/fd/${fd}`)), ["/dev/null", "/dev/null"]);
    await reload(site);
    assert.deepEqual(readdirSync(site.path("sample.run/logs")), ["_sentry.log"]);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
  });
});
