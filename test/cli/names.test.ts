/** Which configuration is meant: a path, a name, none at all, or the file that is its own command. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Site } from "../support/site.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Starts with these words, and sees that it is this configuration that runs. */
async function runs(site: Site, words: readonly string[], config: string, cwd = site.folder): Promise<void> {
  const sentry = site.start(["start", ...words], { cwd });
  await sentry.line(new RegExp(`saved in ${config.replace(/ts$/, "pid")}`));
  await sentry.started("x");
  const { code, stdout, stderr } = await site.sentry(["stop", ...words], { cwd });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `Sentry stopped for ${config}.\n`);
  await sentry.endsWell();
}

function place(t: TestContext): Site {
  const site = new Site(t);
  mkdirSync(site.path("work"));
  return site;
}

suite("a configuration is found", { concurrency: 2 }, () => {
  test("by its path, from wherever the command is given", async (t) => {
    const site = place(t);
    const config = site.config(sleeper, "some/where.ts");
    await runs(site, ["some/where.ts"], config);
    await runs(site, ["../some/where.ts"], config, site.path("work"));
    await runs(site, ["--config", config], config);
  });

  test("by its name, in this folder or else in ~/.sentry/conf", async (t) => {
    const site = place(t);
    const kept = site.config(sleeper, ".sentry/conf/web.ts");
    await runs(site, ["web"], kept, site.path("work"));
    const here = site.config(sleeper, "work/web.ts");
    await runs(site, ["web"], here, site.path("work"));
    await runs(site, ["-c", "web"], here, site.path("work"));
  });

  test("without a name: ./sentry.ts, or else ~/.sentry/conf/sentry.ts", async (t) => {
    const site = place(t);
    const kept = site.config(sleeper, ".sentry/conf/sentry.ts");
    await runs(site, [], kept, site.path("work"));
    const here = site.config(sleeper, "work/sentry.ts");
    await runs(site, [], here, site.path("work"));
  });

  test("through a symbolic link, and its files stand beside the real one", async (t) => {
    const site = place(t);
    const config = site.config(sleeper, "some/where.ts");
    symlinkSync(config, site.path("work/link.ts"));
    await runs(site, ["work/link.ts"], config);
  });

  test("where its name has blanks, quotes and letters of all kinds", async (t) => {
    const site = place(t);
    const config = site.config(sleeper, "work/it's \"größer\".ts");
    await runs(site, [config], config);
  });

  test("by being its own command, with `sentry` on the PATH", async (t) => {
    const site = place(t);
    const [node = "", cli = ""] = site.command();
    site.write("bin/sentry", `#!/bin/sh\nexec '${node}' '${cli}' "$@"\n`, 0o755);
    const env = { PATH: `${site.path("bin")}${delimiter}${process.env["PATH"] ?? ""}` };
    site.write("sample.ts", `#!/usr/bin/env sentry\nimport { entry, sentry } from "sentryd";\nexport default sentry([${sleeper}], { http: false });\n`);
    chmodSync(site.path("sample.ts"), 0o755);
    const sentry = site.open("./sample.ts", ["start"], { env });
    await sentry.started("x");
    const refused = await site.run("./sample.ts", ["start"], { env });
    assert.equal(refused.code, 5);
    assert.equal((await site.run("./sample.ts", ["check", "--json"], { env })).code, 0);
    assert.equal((await site.run("./sample.ts", ["stop"], { env })).code, 0);
    await sentry.endsWell();
    assert.equal((await site.run("./sample.ts", [], { env })).code, 2, "a configuration without a verb is wrong usage");
    for (const words of [["--help"], ["-h"], ["help"], ["help", "stop"], ["stop", "--help"], ["--version"]]) {
      const { code, stdout, stderr } = await site.run("./sample.ts", words, { env });
      assert.deepEqual([code, stdout, stderr], [0, (await site.sentry(words)).stdout, ""], words.join(" "));
    }
  });

  test("and where it is an entry of the default one instead, the answer is the right command", async (t) => {
    const site = place(t);
    const config = site.config('entry("web", "sleep", ["1000"])', "sentry.ts");
    const sentry = site.start(["start"]);
    await sentry.started("web");
    for (const [verb, right] of [["start", "up"], ["stop", "down"], ["reload", "restart"], ["status", "why"], ["events", "why"]] as const) {
      const { code, stdout, stderr } = await site.sentry([verb, "web"]);
      assert.deepEqual([code, stdout, stderr], [2, "", `sentry: \`web\` is an entry of ${config}, not a configuration; use: sentry ${right} web\n`]);
    }
    assert.match((await site.sentry(["stop", "web:0"])).stderr, /`web:0` is a slot of .*; use: sentry down web:0\n$/);
    for (const words of [["stop", "db"], ["stop", "web:1"], ["stop", "web.ts"], ["check", "web"]]) {
      const { code, stderr } = await site.sentry(words);
      assert.equal(code, 2);
      assert.match(stderr, /no configuration found: tried /);
    }
    assert.equal((await site.sentry(["stop"])).code, 0);
    await sentry.endsWell();
    for (const [name, what] of [["web", "an entry"], ["web:0", "a slot"], ["db", "an entry"]] as const) {
      const stop = await site.sentry(["stop", name]);
      assert.equal(stop.code, 2);
      assert.match(stop.stderr, /no configuration found: tried /, "with no Sentry to ask");
      assert.ok(stop.stderr.endsWith(`; if \`${name}\` is ${what} of ${config}, use: sentry down ${name}\n`), stop.stderr);
    }
    for (const words of [["stop", "web.ts"], ["stop", "./web"], ["check", "web"]]) assert.doesNotMatch((await site.sentry(words)).stderr, /use: sentry/);
    const { code, stderr } = await site.sentry(["start", "web"]);
    assert.deepEqual([code, stderr], [2, `sentry: \`web\` is an entry of ${config}, not a configuration; use: sentry up web\n`], "a start may look for itself");
  });
});
