import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { COLUMNS } from "../support/sentry.ts";
import { Site } from "../support/site.ts";

suite("the transcript", { concurrency: 2 }, () => {
  test("begins with Sentry's PID and where it is saved, shows each life, and ends with Bye.", async (t) => {
    const site = new Site(t);
    site.config('entry("dummy", "sh", ["-c", "echo a line; exit 3"], 20, 1)');
    const sentry = site.start();
    await sentry.line(/with ExitFailure 3\.$/);
    await sentry.line(/with ExitFailure 3\.$/);
    await sentry.stop();
    const [first, ...rest] = sentry.lines;
    assert.equal(first, `Sentry started (PID: ${sentry.pid} saved in ${site.path("sample.pid")}).`);
    assert.equal(rest.pop(), "Bye.");
    const life = String.raw`\d\d:\d\d:\d\d dummy\.(\d+) +Started at \d{10}\.\n`
      + String.raw`\d\d:\d\d:\d\d dummy\.\1 +a line\n\d\d:\d\d:\d\d dummy\.\1 +Exited at \d{10} with ExitFailure 3\.\n`;
    assert.match(rest.join("\n"), new RegExp(`^${life}`));
    assert.equal(sentry.stderr, "");
  });

  test("names each ending: success, failure with its code, a signal with its name, and a core dump", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("good", "true", [], 60000, 1)', 'entry("bad", "sh", ["-c", "exit 255"], 60000, 1)',
      'entry("fault", "sh", ["-c", "ulimit -c 0; kill -SEGV $$"], 60000, 1)',
      'entry("rt", "bash", ["-c", "kill -RTMIN+2 $$"], 60000, 1)',
    ].join());
    const sentry = site.start();
    await Promise.all([0, 1, 2, 3].map(() => sentry.line(/Exited at/)));
    await sentry.stop();
    const endings = new Map(sentry.lines.flatMap((line) => {
      const found = /^\S+ (\w+)\.\d+ +Exited at \d{10} (.*)\.$/.exec(line);
      return found === null ? [] : [[found[1], found[2]] as const];
    }));
    assert.deepEqual(Object.fromEntries(endings), {
      good: "with ExitSuccess", bad: "with ExitFailure 255", fault: "by SIGSEGV", rt: "by SIGRTMIN+2",
    });
  });

  test("tells a core dump", { skip: coreIsPiped() }, async (t) => {
    const site = new Site(t);
    site.config('entry("fault", "sh", ["-c", "kill -SEGV $$"], 60000, 1, { limits: { core: "unlimited" } })');
    const sentry = site.start();
    await sentry.line(/Exited at \d{10} by SIGSEGV \(core dumped\)\.$/);
    await sentry.stop();
  });

  test("pads the label to 25 columns, or puts one space behind a longer one", async (t) => {
    const site = new Site(t);
    const long = `a${"-long".repeat(12)}.n`;
    site.config(`entry("a", "echo", ["short"], 60000, 1), entry("${long}", "echo", ["long"], 60000, 1)`);
    const sentry = site.start();
    await Promise.all([sentry.line(/Exited/), sentry.line(/Exited/)]);
    await sentry.stop();
    const labelled = sentry.lines.filter((line) => line.includes(".", 9) && /^\d\d:/.test(line));
    assert.equal(labelled.length, 6);
    for (const line of labelled.filter((each) => each.includes(" a."))) {
      assert.match(line.slice(0, COLUMNS), /^\d\d:\d\d:\d\d a\.\d+ +$/);
      assert.match(line.slice(COLUMNS), /^(short|Started .*|Exited .*)$/);
    }
    for (const line of labelled.filter((each) => each.includes(long))) {
      assert.match(line, new RegExp(String.raw`^\S+ ${long}\.\d+ (long|Started at.*|Exited at.*)$`));
    }
  });

  test("tells local time in the label, and seconds of the epoch in the text", async (t) => {
    const site = new Site(t);
    site.config('entry("dummy", "true", [], 60000, 1)');
    const sentry = site.start(undefined, { env: { TZ: "XXX-05:45" } });
    const [, clock = "", epoch] = await sentry.line(/^(\d\d:\d\d:\d\d) .*Exited at (\d{10}) /);
    await sentry.stop();
    const there = new Date((Number(epoch) + (5 * 60 + 45) * 60) * 1000).toISOString().slice(11, 19);
    assert.equal(clock, there);
  });

  test("has the line of an exit after the last line that the process printed", async (t) => {
    const site = new Site(t);
    site.config('entry("many", "sh", ["-c", "seq 5000; echo oops >&2; printf last"], 60000, 1)');
    const sentry = site.start();
    await sentry.line(/Exited at/);
    await sentry.stop();
    const printed = sentry.lines.slice(2, -2).map((line) => line.slice(COLUMNS));
    assert.equal(printed.length, 5002);
    assert.deepEqual(printed.filter((line) => /^\d+$/.test(line)), Array.from({ length: 5000 }, (_, n) => `${n + 1}`));
    assert.ok(printed.includes("oops") && printed.includes("last"));
  });

  test("is plain on a pipe, and coloured per entry on a terminal unless NO_COLOR says otherwise", async (t) => {
    const site = new Site(t);
    site.config('entry("one", "true", [], 60000, 1), entry("two", "true", [], 60000, 1)');
    const plain = site.start();
    await Promise.all([plain.line(/Exited/), plain.line(/Exited/)]);
    await plain.stop();
    assert.ok(!plain.bytes.includes("\x1b"));
    const colours = [];
    for (const env of [{ NO_COLOR: undefined }, { NO_COLOR: "" }, { NO_COLOR: "1" }]) {
      const terminal = site.sentryInTerminal(["start", "sample.ts"], { env });
      await terminal.shows(/Exited[^]*Exited/);
      terminal.type("\x03");
      assert.equal(await terminal.ended, 0);
      assert.match(terminal.screen, /\^CBye\.\r\n$/);
      const found = [...terminal.screen.matchAll(/\x1b\[(\d+)m\d\d:\d\d:\d\d (one|two)\.\d+\x1b\[0m +Started/g)];
      colours.push(new Map(found.map(([, colour, entry]) => [entry, colour])));
      if (found.length === 0) assert.ok(!terminal.screen.includes("\x1b"));
    }
    const [coloured, empty, none] = colours;
    assert.equal(coloured?.size, 2);
    assert.notEqual(coloured.get("one"), coloured.get("two"));
    assert.deepEqual(empty, coloured, "an empty NO_COLOR is none (no-color.org)");
    assert.equal(none?.size, 0);
  });
});

/** A core_pattern that is a pipe dumps whatever the limit is, and one that is relative leaves files about. */
function coreIsPiped(): boolean | string {
  const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
  return pattern.startsWith("|") ? "core_pattern is a pipe" : false;
}
