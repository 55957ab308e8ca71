/** Sentry goes on, whatever becomes of what it was given as stdin, stdout and stderr. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** An entry that writes a byte to `lives` in each life, prints more than a pipe holds, and ends. */
const busy = `entry("busy", "sh", ["-c", "printf . >> lives; seq 20000"], 0, 1)`;

/** Reads 50 kB a second, in small pieces: never so little that nobody would seem to read. */
const SLOWLY = `while head -c 5000; do sleep 0.1; done`;

function lives(site: Site): number {
  return existsSync(site.path("lives")) ? readFileSync(site.path("lives"), "utf8").length : 0;
}

async function livesGoOn(site: Site): Promise<void> {
  const before = lives(site);
  await until("restarts go on", () => lives(site) > before + 20, () => `${lives(site)} lives, ${before} before`);
}

async function stopped(site: Site, shell: Sentry): Promise<void> {
  const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
  assert.equal(code, 0, stderr);
  await shell.ended;
  await site.nobodyLeft();
}

suite("restarts go on", { concurrency: 2 }, () => {
  for (const [title, words] of [
    ["where stdin is closed", "<&-"],
    ["where stdout is closed", ">&-"],
    ["where stderr is closed", "2>&-"],
    ["where all three are closed", "<&- >&- 2>&-"],
    ["where stdout is a full disk", "> /dev/full"],
    ["where stdout is a file", "> told"],
    ["where stdout can only be read", "1< /dev/null"],
  ] as const) {
    test(title, async (t) => {
      const site = new Site(t);
      site.config(busy);
      const shell = site.open("sh", ["-c", `exec "$0" "$@" ${words}`, ...site.command("start", "sample.ts")]);
      await livesGoOn(site);
      await stopped(site, shell);
      assert.equal(shell.stderr, "");
      assert.equal((await shell.ended).code, 0);
    });
  }

  test("where nobody reads stdout any more: sentry start | head -1", async (t) => {
    const site = new Site(t);
    site.config(busy);
    const shell = site.open("sh", ["-c", '"$0" "$@" | head -1', ...site.command("start", "sample.ts")]);
    await shell.line(/^Sentry started \(PID: \d+ saved in .*sample\.pid\)\.$/);
    await livesGoOn(site);
    await stopped(site, shell);
    assert.equal(shell.lines.length, 1);
    assert.equal(shell.stderr, "");
  });

  test("where a pipe is held open and not read: lines are dropped, counted, and the rest comes when it is read again", async (t) => {
    const site = new Site(t);
    site.config(busy);
    const sentry = site.start();
    await sentry.line(/^Sentry started/);
    sentry.process.stdout?.pause();
    await livesGoOn(site);
    sentry.process.stdout?.resume();
    await sentry.line(/^Sentry dropped \d+ lines here that nobody read\.$/);
    await sentry.line(/ Started at /);
    await sentry.stop();
    const broken = sentry.lines.filter((line) => !/^(\d\d:\d\d:\d\d busy\.\d+ +(\d+|Started.*|Exited.*)|Sentry .*|Bye\.)$/.test(line));
    assert.deepEqual(broken, [], "a gap is between lines, never in one");
  });

  test("where it is read too slowly for all that is printed: what waits is bounded, and so is the wait for the end", async (t) => {
    const site = new Site(t);
    site.config('entry("busy", "sh", ["-c", "printf . >> lives; seq 5000"], 0, 1)');
    const shell = site.open("sh", ["-c", `"$0" "$@" | ${SLOWLY}`, ...site.command("start", "sample.ts")]);
    await shell.line(/^Sentry started/);
    await until("there have been many lives", () => lives(site) > 300);
    const pid = Number(readFileSync(site.path("sample.pid"), "utf8"));
    const held = readdirSync(`/proc/${pid}/fd`).length;
    assert.ok(held < 200, `it holds ${held} descriptors`);
    process.kill(pid, "SIGTERM");
    await until("it has ended", () => !existsSync(site.path("sample.pid")));
  });

  test("where stdout is a socket", async (t) => {
    const site = new Site(t);
    site.config(busy);
    // Node's "pipe" is a socket pair; a shell in between would make it a pipe.
    const sentry = site.start();
    await livesGoOn(site);
    await sentry.stop();
    assert.equal(sentry.lines.at(-1), "Bye.");
  });

  test("where stdout is a disk that becomes full", { skip: process.getuid?.() !== 0 }, async (t) => {
    const site = new Site(t);
    site.config(busy);
    const shell = site.open("unshare", ["-m", "sh", "-c", [
      "mkdir disk", "mount -t tmpfs -o size=64k none disk", 'exec "$0" "$@" > disk/told',
    ].join(" && "), ...site.command("start", "sample.ts")]);
    await livesGoOn(site);
    await stopped(site, shell);
    assert.equal(shell.stderr, "");
  });
});
