/** The same where Sentry may or can do less: as an ordinary user, without the kernel's process events, in a pid namespace. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";

import { Site } from "../../support/site.ts";
import { atRandom, withReloads } from "./campaigns.ts";
import { SEED } from "./dice.ts";
import { judge } from "./judge.ts";

const permitted = spawnSync("unshare", ["-pf", "--mount-proc", "true"]);
const why = permitted.error?.message ?? permitted.stderr.toString().trim();
const skip = permitted.status === 0 ? false : `no pid namespace here: ${why}`;

suite("killed and reloaded", { concurrency: 2 }, () => {
  test("as an ordinary user", async (t) => {
    judge(t, await atRandom(t, SEED + 3, 4, { ordinary: true }));
    judge(t, await withReloads(t, SEED + 4, 4, { ordinary: true }));
  });

  test("without the kernel's process events", async (t) => {
    judge(t, await atRandom(t, SEED + 5, 4, { processEvents: false }));
    judge(t, await withReloads(t, SEED + 6, 4, { processEvents: false }));
  });

  test("in a pid namespace, and not its first process", { skip }, async (t) => {
    // All of the experiment is in there. The shell is the first process: it gets those who lose their parent, and waits for them.
    const first = ["-pf", "--mount-proc", "--kill-child", "sh", "-c", '"$@"; exit $?', "sh"];
    const long = [join(import.meta.dirname, "long.js"), "--cycles", "4", "--reloads", "4", "--seed", String(SEED + 7)];
    const { code, stdout, stderr } = await new Site(t).run("unshare", [...first, process.execPath, ...long]);
    assert.equal(code, 0, `CHAOS_SEED=${SEED}: ${stdout}${stderr}`);
    t.diagnostic(stdout.trimEnd().split("\n").at(-1) ?? "");
  });

  test("as the first process of a pid namespace, where a SIGKILL would end them all: reloaded only", { skip }, async (t) => {
    judge(t, await withReloads(t, SEED + 8, 4, { pid1: true }));
  });
});
