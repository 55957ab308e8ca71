/** `sentry why`: the history, as a person would tell it. The sentences themselves are story.test.ts's. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { HistoryLine } from "../../src/engine/line.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

suite("sentry why", { concurrency: 2 }, () => {
  test("tells of a life over a reload and a SIGKILL, also of an entry that is configured no more", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"]), entry("db", "sleep", ["1000"])');
    const first = site.start();
    const [pid] = await Promise.all([first.started("web"), first.started("db")]);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(first.pid)));
    const second = site.start();
    await second.line(/^Sentry took over/);
    assert.equal((await site.sentry(["down", "web", "-c", "sample.ts"])).code, 0);
    await second.line(/web\.\d+ +Exited/);
    site.config('entry("db", "sleep", ["1000"])');
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await second.line(/^Process type `web` removed/);
    const { code, stdout, stderr } = await site.sentry(["why", "web", "-c", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const told = stdout.trimEnd().split("\n");
    for (const line of told) assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}web/);
    const sentences = told.map((line) => line.slice("2026-11-22 06:34:59  ".length));
    assert.equal(sentences[0], `web:0 started (PID ${pid})`);
    assert.match(sentences[1] ?? "", /^web:0 was told to end by uid \d+ \(PID \d+, over the socket\)/);
    assert.match(sentences[2] ?? "", /^web:0 was ended by SIGTERM after .*stopped$/);
    assert.match(sentences.at(-1) ?? "", /^web was removed from the configuration/);
    assert.ok(!stdout.includes("db"));
    await second.stop();
  });

  test("tells of a process whose end nobody has seen just that, and nothing of a code", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], 3600000, 1)');
    const first = site.start();
    const pid = await first.started("x");
    const keeper = await until("the keeper is there", () => site.keepers()[0]);
    // Stopped, it starts no other keeper.
    first.kill("SIGSTOP");
    process.kill(keeper, "SIGKILL");
    await until("the keeper is gone", () => [null, "Z"].includes(stateOf(keeper)));
    first.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
    await until("all are gone", () => [first.pid, pid].every((each) => stateOf(each) === null || stateOf(each) === "Z"));
    await until("it was reaped", () => stateOf(pid) === null);
    const second = site.start();
    await second.line(/x\.\d+ +Exited at \d+ with unknown status\.$/);
    const { stdout } = await site.sentry(["why", "x", "-c", "sample.ts"]);
    assert.match(stdout, /x:0 ended, nobody can know how, after/);
    assert.ok(!stdout.includes("code"));
    const [exit] = history(site, "exited");
    assert.deepEqual([exit?.code, exit?.signal, exit?.status], [null, null, "unknown"]);
    await second.stop();
  });

  test("shows what would move the cursor spelled out, but not in --json", async (t) => {
    const site = new Site(t);
    const folder = "/nowhere/\u001b[2Jx\ny";
    site.config(`entry("x", "sleep", ["1"], { cwd: ${JSON.stringify(folder)}, delay: "1h" })`);
    const sentry = site.start();
    await until("the fault is recorded", () => history(site, "fault").length === 1);
    const { stdout } = await site.sentry(["why", "x", "-c", "sample.ts"]);
    assert.ok(stdout.includes(String.raw`/nowhere/\x1b[2Jx\x0ay`), stdout);
    assert.equal(stdout.trimEnd().split("\n").length, 1);
    const json = await site.sentry(["why", "--json", "x", "-c", "sample.ts"]);
    const [fault] = JSON.parse(json.stdout) as HistoryLine[];
    assert.equal(fault?.["subject"], folder);
    await sentry.stop();
  });

  test("--json has the lines of the history, and -n the newest of them", async (t) => {
    const site = new Site(t);
    site.config('entry("job", "sh", ["-c", "exit 3"], 10, 1), entry("x", "sleep", ["1000"], { count: 2 })');
    const sentry = site.start();
    for (let n = 0; n < 5; n++) await sentry.line(/Exited/);
    assert.equal((await site.sentry(["down", "job", "-c", "sample.ts"])).code, 0);
    await until("it is down", () => history(site, "stopped").length === 1);
    const of = (entry: string) => history(site).filter((line) => line.entry === entry);
    const asked = async (...words: string[]) => JSON.parse((await site.sentry(["why", "--json", ...words, "-c", "sample.ts"])).stdout) as HistoryLine[];
    assert.deepEqual(await asked("job"), of("job"));
    assert.deepEqual(await asked("job", "-n", "3"), of("job").slice(-3));
    assert.deepEqual(await asked("job", "--lines", "1"), of("job").slice(-1));
    assert.deepEqual(await asked("x:1"), of("x").filter(({ slot }) => slot === 1));
    const { stdout } = await site.sentry(["why", "job", "-n", "2", "-c", "sample.ts"]);
    assert.equal(stdout.trimEnd().split("\n").length, 2);
    await sentry.stop();
  });
});
