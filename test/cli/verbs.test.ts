/** The words of the command, its answers and its exit codes. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { VERBS } from "../../src/cli/verbs.ts";
import { packageFolder } from "../../src/native/load.ts";
import { Site } from "../support/site.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';
const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };

suite("sentry", { concurrency: 2 }, () => {
  test("--version tells the version of the package", async (t) => {
    const { code, stdout, stderr } = await new Site(t).sentry(["--version"]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("--help tells the verbs, and each verb's --help has examples", async (t) => {
    const site = new Site(t);
    const { code, stdout } = await site.sentry(["--help"]);
    assert.equal(code, 0);
    for (const verb of Object.keys(VERBS)) {
      assert.match(stdout, new RegExp(`^ +${verb} `, "m"));
      const help = await site.sentry([verb, "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`Examples:\\n +sentry ${verb}`));
      assert.match(help.stdout, /--run-dir/);
      assert.match(help.stdout, /--json/);
      assert.equal(help.stderr, "");
    }
    assert.equal((await site.sentry(["ps", "--help"])).stdout, (await site.sentry(["status", "--help"])).stdout);
  });

  for (const [title, words] of [
    ["no verb", []], ["a configuration without a verb", ["./sample.ts"]], ["help with an unknown verb", ["help", "sratt"]],
    ["a run folder without a name", ["start", "--run-dir", ""]], ["an unknown verb", ["sratt"]], ["an unknown option", ["start", "--nonsense"]],
    ["two configurations", ["start", "-c", "sample.ts", "sample.ts"]], ["too many words", ["check", "sample.ts", "other.ts"]],
    ["an option without its value", ["start", "--run-dir"]], ["start --json without --detach", ["start", "--json", "sample.ts"]],
  ] as const) {
    test(`exits 2 for ${title}, with a message on stderr only`, async (t) => {
      const site = new Site(t);
      site.config(sleeper);
      const { code, stdout, stderr } = await site.sentry(words);
      assert.equal(code, 2, stdout + stderr);
      assert.equal(stdout, "");
      assert.notEqual(stderr, "");
      assert.ok(!stderr.includes("    at "), "a stack is for a bug");
    });
  }

  test("exits 2 where the configuration is not there, and says what was tried", async (t) => {
    const site = new Site(t);
    for (const verb of ["start", "check", "stop"]) {
      const file = await site.sentry([verb, "nowhere.ts"]);
      assert.equal(file.code, 2);
      assert.match(file.stderr, new RegExp(site.path("nowhere.ts")));
      const name = await site.sentry([verb, "nowhere"]);
      assert.equal(name.code, 2);
      assert.ok(name.stderr.includes(site.path("nowhere.ts")) && name.stderr.includes(site.path(".sentry/conf/nowhere.ts")), name.stderr);
      const none = await site.sentry([verb]);
      assert.equal(none.code, 2);
      assert.ok(none.stderr.includes(site.path("sentry.ts")) && none.stderr.includes(site.path(".sentry/conf/sentry.ts")), none.stderr);
    }
  });

  test("check says that a configuration is valid, and touches nothing", async (t) => {
    const site = new Site(t);
    site.config('entry("one", "sleep", ["1"], { count: 3 }), entry("two", "echo > touched", [])');
    const said = await site.sentry(["check", "sample.ts"]);
    assert.deepEqual([said.code, said.stdout, said.stderr], [0, `${site.path("sample.ts")} is valid: 2 entries, 4 processes.\n`, ""]);
    const json = await site.sentry(["check", "--json", "-c", "sample.ts"]);
    assert.equal(json.code, 0);
    assert.deepEqual(JSON.parse(json.stdout), { valid: true, config: site.path("sample.ts"), entries: ["one", "two"], processes: 4 });
    assert.ok(!existsSync(site.path("sample.run")) && !existsSync(site.path("sample.pid")) && !existsSync(site.path("touched")));
  });

  for (const [title, text, message] of [
    ["a syntax error", "export default sentry([entry(\"x\" \"true\")]);", /sample\.ts:2:34: .*\n +2 \|.*\n/],
    ["no default export", "export const x = 1;", /default export/],
    ["an unknown option", 'export default sentry([entry("x", "true", [], { dealy: 3 })]);', /`dealy`.*`x`.*sample\.ts:2.*did you mean `delay`/s],
    ["an option of a later version", 'export default sentry([entry("x", "true", [], { cgroup: {} })]);', /`cgroup`.*`x`.*not built/],
    ["a config that throws", 'throw new Error("I cannot");', /I cannot.*sample\.ts:2/s],
    ["a config that ends its process", "process.exit(0);", /process\.exit\(0\)/],
  ] as const) {
    test(`exits 7 for ${title}, with one clear message, and starts nothing`, async (t) => {
      const site = new Site(t);
      site.write("sample.ts", `import { entry, sentry } from "sentryd";\n${text}\n`);
      for (const words of [["check", "sample.ts"], ["start", "sample.ts"], ["start", "--detach", "sample.ts"]]) {
        const { code, stdout, stderr } = await site.sentry(words);
        assert.equal(code, 7, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, message);
        assert.ok(!existsSync(site.path("sample.pid")) && !existsSync(site.path("sample.run")));
      }
    });
  }

  test("start with a configuration that cannot be used says so although another Sentry runs for it", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const sentry = site.start();
    await sentry.started("x");
    site.write("sample.ts", "no program");
    assert.equal((await site.sentry(["start", "sample.ts"])).code, 7);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0, "stop does not evaluate it");
    await sentry.endsWell();
  });

  test("init writes a configuration that is valid and executable, and never over a file", async (t) => {
    const site = new Site(t);
    const made = await site.sentry(["init"]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^\S+sentry\.ts written\./);
    assert.equal(statSync(site.path("sentry.ts")).mode & 0o111, 0o111);
    assert.equal((await site.sentry(["check"])).code, 0);
    const text = readFileSync(site.path("sentry.ts"), "utf8");
    const again = await site.sentry(["init"]);
    assert.equal(again.code, 5);
    assert.match(again.stderr, /sentry\.ts/);
    assert.equal(readFileSync(site.path("sentry.ts"), "utf8"), text);
    const named = await site.sentry(["init", "--json", "other.ts"]);
    assert.deepEqual(JSON.parse(named.stdout), { written: site.path("other.ts") });
    assert.equal((await site.sentry(["init", "no-such-folder/sentry.ts"])).code, 5);
  });
});
