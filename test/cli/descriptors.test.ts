/** Where descriptors are few: what cannot be is refused, and what may be is tried. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** The command's words, to be run with so many descriptors. */
const withFew = (limit: number): string[] => ["-c", `ulimit -n ${limit}; exec "$0" "$@"`];

suite("descriptors", { concurrency: 2 }, () => {
  test("more processes than there can be descriptors for are refused, with the numbers", async (t) => {
    const site = new Site(t);
    site.config('entry("m", "sleep", ["1000"], { count: 1000 })');
    const { code, stderr } = await site.run("sh", [...withFew(2000), ...site.command("start", "sample.ts")]);
    assert.equal(code, 5);
    assert.match(stderr, /wants 1000 processes, which need about 4\d\d\d descriptors; this process may have 2000/);
    await site.nobodyLeft();
  });

  for (const [what, options, need] of [
    ["what processes speak through and are looked at by", 'count: 300, ready: { fd: 3 }, watchdog: "1m", health: { exec: ["true"] }', /wants 300 processes, which need about 26\d\d /],
    ["a file for each slot", 'count: 400, log: { file: "{slot}.log" }', /wants 400 processes, which need about 22\d\d /],
  ] as const) {
    test(`${what} counts as well`, async (t) => {
      const site = new Site(t);
      site.config(`entry("m", "sleep", ["1000"], { ${options} })`);
      const { code, stderr } = await site.run("sh", [...withFew(2000), ...site.command("start", "sample.ts")]);
      assert.equal(code, 5);
      assert.match(stderr, new RegExp(`${need.source}descriptors; this process may have 2000`));
      await site.nobodyLeft();
    });
  }

  test("a start for which none is left is a fault that is tried again, and ends nothing", async (t) => {
    const site = new Site(t);
    site.config('entry("m", "sleep", ["1000"], { count: 60 })');
    const shell = site.open("sh", [...withFew(120), ...site.command("start", "sample.ts")]);
    const faults = (): number => shell.lines.filter((line) => /cannot start m:\d+: .*EMFILE \(too many open files\)/.test(line)).length;
    await until("starts fail", () => faults() > 0);
    const before = faults();
    await until("they are tried again", () => faults() > before * 2);
    const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
    assert.equal(code, 0, stderr);
    await shell.ended;
    await site.nobodyLeft();
  });
});
