/** `sentry start --detach` */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Shown { id: string; state: string; pid: number | null }

suite("a detached start", { concurrency: 2 }, () => {
  test("returns when each process has been started or could not be, and the socket answers", async (t) => {
    const site = new Site(t);
    site.config('entry("good", "sleep", ["1000"], { count: 3 }), entry("bad", "./not-there", [], { delay: 60000 })');
    const { code, stdout, stderr } = await site.sentry(["start", "--detach", "sample.ts"]);
    assert.equal(code, 0, stderr);
    const pid = Number(readFileSync(site.path("sample.pid"), "utf8"));
    assert.equal(stdout, `Sentry started (PID: ${pid} saved in ${site.path("sample.pid")}).\n`);
    assert.equal(stderr, "");
    const processes = (await site.get("/processes")).body as Shown[];
    assert.deepEqual(processes.map(({ id, state }) => `${id} ${state}`),
      ["good:0 running", "good:1 running", "good:2 running", "bad:0 waiting"]);
    const files = JSON.stringify({ cwd: "/", stdin: "/dev/null", stdout: "/dev/null" });
    assert.equal(await linksOf(pid), files, "it holds nothing of whoever started it");
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("writes what happens to an entry, and what it prints, to its own file in the run folder", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("one", "sh", ["-c", "echo from one; exit 3"], 60000, 1)',
      'entry("two", "sh", ["-c", "echo from two >&2"], 60000, 1)', 'entry("three", "./not-there", [], { delay: 60000 })',
    ].join());
    const log = (entry: string) => readFileSync(site.path(`sample.run/logs/${entry}.log`), "utf8");
    for (let n = 1; n <= 2; n++) {
      assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
      const life = String.raw`(\S+ one\.\d+ +Started at \d+\.\n\S+ one\.\d+ +from one\n\S+ one\.\d+ +Exited at \d+ with ExitFailure 3\.\n)`;
      await until("the first is written down", () => new RegExp(`^${life}{${n}}$`).test(log("one")), () => log("one"));
      await until("the second is written down", () => log("two").match(/ from two\n.*Exited at \d+ with ExitSuccess\.\n/g)?.length === n);
      await until("the third is written down", () => log("three").match(/cannot start three:0: .*ENOENT/g)?.length === n);
      assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    }
    assert.ok(!log("two").includes("one."));
    assert.equal(statSync(site.path("sample.run/logs/one.log")).mode & 0o777, 0o600);
    assert.equal(statSync(site.path("sample.run/logs")).mode & 0o777, 0o700);
    await site.nobodyLeft();
  });

  test("--json answers with one document", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const { code, stdout } = await site.sentry(["start", "--detach", "--json", "sample.ts", "--run-dir", "there"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      pid: Number(readFileSync(site.path("there/sample.pid"), "utf8")), pidFile: site.path("there/sample.pid"),
      socket: site.path("there/socket"), config: site.path("sample.ts"),
    });
    assert.equal((await site.sentry(["stop", "sample.ts", "--run-dir", "there"])).code, 0);
    await site.nobodyLeft();
  });

  test("outlives the terminal that it was given in, and does not hear its Ctrl-C", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const terminal = site.terminal("sh", ["-c", '"$0" "$@" && echo returned && cat', ...site.command("start", "-d", "sample.ts")]);
    await terminal.shows(/Sentry started \(PID: \d+ saved in \S+\)\.\r\nreturned\r\n/);
    terminal.type("\x03");
    terminal.close();
    await terminal.ended;
    assert.equal((await site.get("/health")).status, 200);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("of a configuration with nothing to start returns as well", async (t) => {
    const site = new Site(t);
    site.config("");
    assert.equal((await site.sentry(["start", "--detach", "sample.ts"])).code, 0);
    assert.equal((await site.get("/health")).status, 200);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("shows what the configuration prints while it is evaluated", async (t) => {
    const site = new Site(t);
    site.write("sample.ts", [
      'import { entry, sentry } from "sentryd";', 'console.log("hello");',
      'export default sentry([entry("x", "sleep", ["1000"])], { http: false });',
    ].join("\n"));
    const { code, stderr } = await site.sentry(["start", "--detach", "sample.ts"]);
    assert.equal(code, 0);
    assert.equal(stderr, "hello\n");
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
  });
});

async function linksOf(pid: number): Promise<string> {
  const { readlink } = await import("node:fs/promises");
  const [cwd, stdin, stdout] = await Promise.all(["cwd", "fd/0", "fd/1"].map((name) => readlink(`/proc/${pid}/${name}`)));
  return JSON.stringify({ cwd, stdin, stdout });
}
