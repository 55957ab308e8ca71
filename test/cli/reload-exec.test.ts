/** The last step of a reload: what is on disk is run. It may be something else than what runs, or nothing at all. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { halfRequest, history, processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Prints a line each time that the file `go` is put there, and takes it away: words of a configuration. */
const talker = `"sh", ["-c", "n=0; while :; do [ -e go ] && rm go && n=$((n+1)) && echo word $n; sleep 0.02; done"]`;

/** A Sentry that is run by a copy of Node. */
function runByACopy(t: TestContext, entries: string) {
  const site = new Site(t);
  site.config(entries);
  site.write("logs/here", "");
  const node = site.path("node");
  copyFileSync(process.execPath, node);
  const [, ...words] = site.command("start", "sample.ts");
  return { site, node, sentry: site.open(node, words) };
}

/** Node is taken away when it has been tried and before it is run: half a request makes the reload wait just there. */
async function takenAway(site: Site, sentry: Sentry, node: string, more = (): void => {}): Promise<void> {
  const half = await halfRequest(site);
  await sentry.line(/ successfully compiled\.$/);
  renameSync(node, `${node}.away`);
  more();
  half.resume();
}

suite("an exec that fails", { concurrency: 1 }, () => {
  test("leaves everything as it was, is recorded with the promised id, and the next reload works", async (t) => {
    const { site, node, sentry } = runByACopy(t, `entry("talker", ${talker}), entry("waiting", "true", [], 3600000, 1), entry("again", "sleep", ["1000"], 10, 1)`);
    const talks = async (n: number) => {
      site.write("go", "");
      await sentry.line(new RegExp(` word ${n}$`));
    };
    const [, again] = await Promise.all([sentry.started("talker"), sentry.started("again"), sentry.line(/Exited/)]);
    await talks(1);
    const before = await processes(site);
    const { length } = history(site);
    const posted = site.get("/reload", undefined, "POST");
    await takenAway(site, sentry, node);
    const { status, body } = await posted;
    assert.equal(status, 202);
    await sentry.line(new RegExp(`^cannot reload: ${node}: exec: .*ENOENT`));
    const record = await until("it is recorded", () => history(site)[length]);
    assert.deepEqual([record.id, record.type, record.entry, record["errno"]], [(body as { reload: number }).reload, "fault", null, "ENOENT"]);

    assert.deepEqual((await processes(site)).map(({ id, pid, startedAt, restarts }) => [id, pid, startedAt, restarts]),
      before.map(({ id, pid, startedAt, restarts }) => [id, pid, startedAt, restarts]));
    await talks(2);
    process.kill(again, "SIGKILL");
    await sentry.line(new RegExp(String.raw`again\.${again} +Exited at \d+ by SIGKILL`));
    await sentry.started("again");

    renameSync(`${node}.away`, node);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await sentry.line(/^Sentry reexec'd\. Initially started at \d+\.$/);
    await talks(3);
    await sentry.stop();
  });

  test("goes on also where a log file cannot be opened any more", async (t) => {
    const { site, node, sentry } = runByACopy(t, 'entry("x", "sleep", ["1000"], { log: { file: "logs/{slot}.log" } })');
    const pid = await sentry.started("x");
    const posted = site.get("/reload", undefined, "POST");
    await takenAway(site, sentry, node, () => rmSync(site.path("logs"), { recursive: true }));
    await posted;
    await sentry.line(/^The output of x:0 goes here: cannot open .*\/logs\/0\.log: .*ENOENT/);
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
  });

  test("is told by sentry reload, which exits 1", async (t) => {
    const { site, node, sentry } = runByACopy(t, sleeper);
    const pid = await sentry.started("x");
    const reload = site.sentry(["reload", "sample.ts"]);
    await takenAway(site, sentry, node);
    const { code, stdout, stderr } = await reload;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^sentry: .*no such file or directory/);
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
  });
});

suite("an upgrade in place", { concurrency: 2 }, () => {
  test("of Node: the new image runs on the one that is there now", async (t) => {
    const { site, node, sentry } = runByACopy(t, sleeper);
    const pid = await sentry.started("x");
    const running = (): number => statSync(`/proc/${sentry.pid}/exe`).ino;
    assert.equal(running(), statSync(node).ino);
    copyFileSync(process.execPath, `${node}.new`);
    renameSync(`${node}.new`, node);
    assert.notEqual(running(), statSync(node).ino);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    assert.equal(running(), statSync(node).ino);
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
  });

  test("of Sentry: the new version takes over, and writes its name into the state", async (t) => {
    const { site, sentry, pid } = await installed(t);
    const file = site.path("installed/package.json");
    const text = readFileSync(file, "utf8");
    const versionIn = (path: string, name: string): unknown => (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>)[name];
    assert.equal(versionIn(site.path("sample.run/state"), "sentry"), versionIn(file, "version"));
    writeFileSync(file, text.replace(/"version": "[^"]+"/, '"version": "99.9.9"'));
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await until("it is in the state", () => versionIn(site.path("sample.run/state"), "sentry") === "99.9.9");
    assert.equal((await processes(site))[0]?.pid, pid);
    await sentry.stop();
  });

  const broken: Record<string, readonly [(folder: string) => void, RegExp]> = {
    "throws": [(folder) => writeFileSync(`${folder}/dist/cli.js`, 'throw new Error("half an upgrade");\n'), /exit code 1 without an answer/],
    "is gone": [(folder) => rmSync(`${folder}/dist/cli.js`), /without an answer/],
    "has no addon": [(folder) => {
      for (const part of ["build/Release/sentry.node", "prebuilds"]) rmSync(join(folder, part), { recursive: true, force: true });
    }, /native part/],
    "ends by itself": [(folder) => writeFileSync(`${folder}/dist/cli.js`, ""), /exit code 0 without an answer/],
  };
  for (const [what, [breakIt, expected]] of Object.entries(broken)) {
    test(`to a Sentry that ${what} is refused with exit 7, and everything runs on`, async (t) => {
      const { site, sentry, pid } = await installed(t);
      const reload = [...new Site(t).command("reload", site.path("sample.ts"))];
      breakIt(site.path("installed"));
      const { code, stderr } = await site.run(reload[0] ?? "", reload.slice(1));
      assert.equal(code, 7, stderr);
      assert.match(stderr, expected);
      assert.equal((await processes(site))[0]?.pid, pid);
      site.install();
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0, "it was mended");
      await sentry.stop();
    });
  }
});

async function installed(t: TestContext): Promise<{ site: Site; sentry: Sentry; pid: number }> {
  const site = new Site(t);
  site.install();
  site.config(sleeper);
  const sentry = site.start();
  const pid = await sentry.started("x");
  await until("it has written its state", () => statSync(site.path("sample.run/state"), { throwIfNoEntry: false }) !== undefined);
  return { site, sentry, pid };
}
