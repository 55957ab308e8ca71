/** The verbs that ask a running Sentry. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { answering } from "../support/answering.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Process { readonly id: string; readonly state: string; readonly pid: number | null }

async function running(t: TestContext, entries: string, first: string) {
  const site = new Site(t);
  site.config(entries);
  const sentry = site.start();
  const pid = await sentry.started(first);
  const sentryDoes = (...words: string[]) => site.sentry([...words, "-c", "sample.ts"]);
  const states = async () => ((await site.get("/processes")).body as Process[]).map(({ id, state }) => `${id} ${state}`).join(", ");
  return { site, sentry, pid, sentryDoes, states };
}

const sleepers = 'entry("web", "sleep", ["1000"], { count: 2 }), entry("db", "sleep", ["1000"])';

suite("asking", { concurrency: 2 }, () => {
  test("down, up and scale are accepted, and become what is", async (t) => {
    const { sentry, sentryDoes, states } = await running(t, sleepers, "db");
    const becomes = (what: string) => until(what, async () => await states() === what, () => sentry.lines.join("\n"));
    await becomes("web:0 running, web:1 running, db:0 running");
    const downed = await sentryDoes("down", "web");
    assert.deepEqual([downed.code, downed.stdout, downed.stderr], [0, "web is to be down.\n", ""]);
    await becomes("web:0 stopped, web:1 stopped, db:0 running");
    assert.equal((await sentryDoes("up", "web:1")).stdout, "web:1 is to be up.\n");
    await becomes("web:0 stopped, web:1 running, db:0 running");
    assert.equal((await sentryDoes("scale", "db", "2")).stdout, "db is scaled to 2.\n");
    await becomes("web:0 stopped, web:1 running, db:0 running, db:1 running");
    const json = await sentryDoes("scale", "--json", "db", "0");
    assert.deepEqual((({ name, count, up }) => ({ name, count, up }))(JSON.parse(json.stdout)), { name: "db", count: 0, up: false });
    await becomes("web:0 stopped, web:1 running");
    await sentry.stop();
  });

  test("exits 4 where there is no such entry or slot, and 2 where a word is missing or wrong", async (t) => {
    const { sentry, sentryDoes } = await running(t, sleepers, "db");
    for (const words of [["up", "nobody"], ["down", "web:7"], ["scale", "nobody", "2"], ["why", "nobody"], ["why", "web:7"], ["why", "web:1:2"], ["up", "web:1:2"],
      ["restart", "nobody"], ["restart", "web:7"], ["restart", "--rolling", "nobody"], ["signal", "nobody", "HUP"], ["signal", "web:7", "HUP"]]) {
      const { code, stdout, stderr } = await sentryDoes(...words);
      assert.deepEqual([code, stdout], [4, ""], words.join(" "));
      assert.match(stderr, new RegExp(words.includes("nobody") ? "entry" : "web:[17]"));
    }
    for (const words of [["up"], ["scale", "web"], ["scale", "web", "two"], ["scale", "web", "99999"], ["up", "web", "db"], ["why", "web", "-n", "10001"], ["scale", "web", "-1"], ["why", "web", "-n", "-1"], ["scale", "web:0", "1"], ["logs", "web:0"],
      ["restart"], ["restart", "--rolling", "web:0"], ["signal", "web"]]) {
      const { code, stdout, stderr } = await sentryDoes(...words);
      assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    }
    await sentry.stop();
  });

  for (const words of [
    ["reload"], ["plan"], ["status"], ["events"], ["events", "-f"], ["up", "web"], ["down", "web"], ["scale", "web", "2"], ["why", "web"],
    ["restart", "web"], ["restart", "--rolling", "web"], ["signal", "web", "HUP"],
  ]) {
    test(`sentry ${words.join(" ")} exits 3 where no Sentry runs`, async (t) => {
      const site = new Site(t);
      site.config(sleepers);
      const { code, stdout, stderr } = await site.sentry([...words, "-c", "sample.ts"]);
      assert.deepEqual([code, stdout], [3, ""]);
      assert.match(stderr, new RegExp(site.path("sample.run/socket")));
      assert.ok(stderr.includes(`sentry start ${site.path("sample.ts")}`), "and how to start one");
    });
  }

  test("why tells what happened to a slot, and who asked for it", async (t) => {
    const { sentry, pid, sentryDoes } = await running(t, 'entry("job", "sh", ["-c", "exit 3"], 60000, 1)', "job");
    await sentry.line(/Exited/);
    await sentryDoes("down", "job:0");
    const { code, stdout } = await sentryDoes("why", "job:0");
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n").map((line) => line.slice("2026-11-22 06:34:59  ".length));
    assert.equal(lines[0], `job:0 started (PID ${pid})`);
    assert.match(lines[1] ?? "", /^job:0 exited with code 3 after \d+ ms \(CPU \d\.\d\d s\): restart in 1 min 0 s$/);
    assert.match(lines[2] ?? "", new RegExp(String.raw`^job:0 .*by uid ${process.getuid?.()} \(PID \d+, over the socket\)`));
    const json = JSON.parse((await sentryDoes("why", "--json", "-n", "2", "job")).stdout) as { id: number; type: string }[];
    assert.equal(json.length, 2);
    assert.equal(json[1]!.id, json[0]!.id + 1);
    await sentry.stop();
  });

  test("plan tells what a reload would do, and does not do it; reload does", async (t) => {
    const { site, sentry, sentryDoes, states } = await running(t, sleepers, "db");
    assert.match((await sentryDoes("plan")).stdout, /^web +unchanged\ndb +unchanged\n$/);
    site.config('entry("web", "sleep", ["1000"], { count: 3 }), entry("new", "sleep", ["1000"])');
    const plan = await sentryDoes("plan", "--json");
    assert.deepEqual(JSON.parse(plan.stdout), [
      { entry: "web", change: "inPlace", because: ["count 2 → 3"] },
      { entry: "new", change: "added", because: [] },
      { entry: "db", change: "removed", because: [] },
    ]);
    assert.equal(await states(), "web:0 running, web:1 running, db:0 running");
    const reload = await sentryDoes("reload");
    assert.deepEqual([reload.code, reload.stdout, reload.stderr], [0, `Sentry reloaded ${site.path("sample.ts")}.\n`, ""]);
    const became = "web:0 running, web:1 running, web:2 running, new:0 running";
    await until(became, async () => await states() === became);
    const again = JSON.parse((await sentryDoes("reload", "--json")).stdout) as { type: string; by: { kind: string } };
    assert.deepEqual([again.type, again.by.kind], ["reloaded", "socket"]);
    await sentry.stop();
  });

  test("a configuration that cannot be used is neither planned nor loaded: exit 7, with its message, and all runs on", async (t) => {
    const { site, sentry, pid, sentryDoes } = await running(t, sleepers, "db");
    site.config('entry("web", "sleep", ["1000"], { cuont: 3 })');
    for (const verb of ["plan", "reload"]) {
      const { code, stdout, stderr } = await sentryDoes(verb);
      assert.deepEqual([code, stdout], [7, ""], verb);
      assert.match(stderr, /`cuont`.*`web`.*did you mean `count`/s);
    }
    const [db] = (await site.get("/processes?entry=db")).body as [Process];
    assert.equal(db.pid, pid);
    await sentry.stop();
  });

  test("what is printed has control characters spelled out, the caller's own words among it", async (t) => {
    const site = new Site(t);
    await answering(t, site, { "POST /entries/w%1B%5B2Jb/up": {} });
    assert.equal((await site.sentry(["up", "w\u001b[2Jb", "-c", "sample.ts"])).stdout, "w\\x1b[2Jb is to be up.\n");
  });
});
