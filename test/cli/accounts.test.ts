/** Users and groups that this machine does not have: refused when the configuration is loaded, by whoever loads it (promise 5). */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { suite, test } from "node:test";

import { isRefused } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

const unknown: Record<string, readonly [string, RegExp]> = {
  user: ['{ user: "nosuchuser" }', /option `user` of entry `x` names `nosuchuser`, and this machine has no such user/],
  group: ['{ group: "nosuchgroup" }', /option `group` of entry `x` names `nosuchgroup`, and this machine has no such group/],
  groups: ['{ groups: [0, "nosuchgroup"] }', /option `groups` of entry `x` names `nosuchgroup`, and this machine has no such group/],
};

suite("accounts", { concurrency: 2 }, () => {
  for (const [option, [options, expected]] of Object.entries(unknown)) {
    test(`an unknown name as \`${option}\` is refused by check, start, plan and reload, and what runs runs on`, async (t) => {
      const site = new Site(t);
      const spoilt = `entry("x", "sleep", ["1000"], ${options})`;
      site.config(spoilt);
      for (const words of [["check", "sample.ts"], ["start", "sample.ts"], ["start", "-d", "sample.ts"]]) {
        const { code, stdout, stderr } = await site.sentry(words);
        assert.deepEqual([code, stdout], [7, ""], stderr);
        assert.match(stderr, expected);
        assert.ok(stderr.includes(site.path("sample.ts")), stderr);
      }
      site.config(sleeper);
      const sentry = site.start();
      const pid = await sentry.started("x");
      site.config(spoilt);
      const { code, stderr } = await site.sentry(["plan", "sample.ts"]);
      assert.equal(code, 7, stderr);
      assert.match(stderr, expected);
      await isRefused(site);
      assert.deepEqual(history(site).map(({ type, pid: of }) => [type, of]), [["started", pid]]);
      await sentry.stop();
    });
  }

  test("a number needs no name", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"], { user: 4000000, group: "4000001", groups: [4000002] })');
    const { code, stderr } = await site.sentry(["check", "sample.ts"]);
    assert.equal(code, 0, stderr);
  });

  test("a user that goes away later is a fault of the starts that come after", { skip: process.getuid?.() !== 0 && "only root can mount" }, async (t) => {
    const site = new Site(t);
    const users = "root:x:0:0::/:/bin/sh\n";
    site.write("passwd", `${users}guest-of-sentry:x:4000000:4000000::/:/bin/sh\n`);
    site.config('entry("x", "id", ["-u"], { user: "guest-of-sentry", cwd: "/", delay: 100 })');
    const sentry = site.open("unshare", ["-m", "sh", "-c", 'mount --bind passwd /etc/passwd && exec "$0" "$@"', ...site.command("start", "sample.ts")]);
    await sentry.line(/^\S+ x\.\d+ +4000000$/);
    writeFileSync(site.path("passwd"), users);
    await sentry.line(/cannot start x:0: guest-of-sentry: user: ENOENT /);
    await sentry.stop();
  });
});
