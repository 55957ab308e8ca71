/** Each line is where it belongs, once, over reloads, other options, and a SIGKILL of Sentry, while processes print on. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";

import { allOf, contentOf, counted, COUNTING, enough, grows, namesOf, shell, sizeOf, upTo } from "../support/logged.ts";
import { isOver, reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const formats = ["raw", "prefixed", "json"] as const;

async function killed(sentry: Sentry): Promise<void> {
  sentry.kill("SIGKILL");
  await until("Sentry is gone", () => isOver(sentry.pid));
}

suite("lines in log files", { concurrency: 2 }, () => {
  for (const format of formats) {
    test(`are there once, and in order, over reloads under load: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(shell("web", COUNTING, { count: 2, log: { file: "web.{slot}.log", format, maxSize: "256K", keep: 1000 } }));
      const sentry = site.start();
      for (let n = 0; n < 2; n++) await sentry.started("web");
      const before = await pids(site);
      for (let n = 1; n <= 2; n++) {
        await grows(site, "web.0.log", 2000 * n);
        await reloads(site);
      }
      assert.deepEqual(await pids(site), before);
      for (const slot of [0, 1]) {
        const count = await enough(site, slot);
        await until("all is there", () => allOf(site, `web.${slot}.log`).includes(`${slot}-${count}`));
        assert.deepEqual(counted(allOf(site, `web.${slot}.log`), slot), upTo(count));
      }
      await sentry.stop();
    });
  }

  test("go on in another file, in another form, with other bounds, with the same process: what was printed before is in the old one", async (t) => {
    const site = new Site(t);
    const logs = [
      { file: "a.log" }, { file: "b.log", format: "json" }, { file: "b.{slot}.log", format: "prefixed", maxSize: "16K", keep: 1000 },
      { file: "c.log", terminal: true }, { file: "c.log", format: "json", maxSize: "1M", keep: 1000 },
    ] as const;
    const files = ["a.log", "b.log", "b.0.log", "c.log"];
    site.config(shell("web", COUNTING, { log: logs[0] }));
    const sentry = site.start();
    const pid = await sentry.started("web");
    for (const [n, log] of logs.entries()) {
      if (n > 0) {
        site.config(shell("web", COUNTING, { log }));
        await reloads(site);
      }
      const file = log.file.replace("{slot}", "0");
      const others = files.filter((other) => other !== file);
      const before = others.map((other) => sizeOf(site, other));
      await grows(site, file, sizeOf(site, file) + 1000);
      assert.deepEqual(others.map((other) => sizeOf(site, other)), before, "nothing goes to another file any more");
    }
    const count = await enough(site);
    const all = () => files.map((file) => allOf(site, file)).join("");
    await until("all is there", () => all().includes(`0-${count}"`));
    assert.equal((await pids(site)).get("web:0"), pid);
    await sentry.stop();
    assert.deepEqual(counted(all()), upTo(count));
  });

  test("go from the terminal to a file, and back, with the same process", async (t) => {
    const site = new Site(t);
    const entry = (log: object | null) => shell("web", COUNTING, log === null ? {} : { log });
    site.config(entry(null));
    const sentry = site.start();
    const pid = await sentry.started("web");
    const shown = () => sentry.lines.flatMap((line) => Number(/^\S+ web\.\d+ +0-(\d+)$/.exec(line)?.[1] ?? 0) || []);
    await until("the terminal has some", () => shown().length > 10);
    site.config(entry({ file: "web.log" }));
    await reloads(site);
    await grows(site, "web.log", 1000);
    site.config(entry(null));
    await reloads(site);
    const end = sizeOf(site, "web.log");
    const before = shown().length;
    await until("the terminal has more", () => shown().length > before + 10);
    assert.equal(sizeOf(site, "web.log"), end);
    const count = await enough(site);
    await until("all is shown", () => shown().at(-1) === count);
    assert.equal((await pids(site)).get("web:0"), pid);
    await sentry.stop();
    assert.deepEqual([...counted(contentOf(site, "web.log")), ...shown()].toSorted((one, other) => one - other), upTo(count));
  });

  test("are there exactly once in raw after a SIGKILL of Sentry, under load and with rotation", async (t) => {
    const site = new Site(t);
    site.config(shell("web", COUNTING, { count: 3, log: { file: "web.log", maxSize: "32K", keep: 1000 } }));
    let sentry = site.start();
    for (let n = 0; n < 3; n++) await sentry.started("web");
    for (let n = 1; n <= 3; n++) {
      const before = namesOf(site, "web.log").length;
      await until("it is rotated", () => namesOf(site, "web.log").length > before);
      await killed(sentry);
      sentry = site.start();
      await sentry.line(/^Sentry took over 3 processes/);
    }
    const counts = [await enough(site, 0), await enough(site, 1), await enough(site, 2)];
    await until("all is there", () => counts.every((count, slot) => allOf(site, "web.log").includes(`\n${slot}-${count}\n`)));
    await sentry.stop();
    for (const [slot, count] of counts.entries()) assert.deepEqual(counted(allOf(site, "web.log"), slot), upTo(count));
  });

  for (const format of ["prefixed", "json"] as const) {
    test(`are all there after a SIGKILL of Sentry, under load and with rotation, and at most its last batch is there twice: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(shell("web", COUNTING, { log: { file: "web.log", format, maxSize: "64K", keep: 1000 } }));
      let sentry = site.start();
      await sentry.started("web");
      for (let n = 1; n <= 3; n++) {
        const before = namesOf(site, "web.log").length;
        await until("it is rotated", () => namesOf(site, "web.log").length > before);
        await killed(sentry);
        sentry = site.start();
        await sentry.line(/^Sentry took over 1 process/);
      }
      const count = await enough(site);
      await until("all is there", () => allOf(site, "web.log").includes(`0-${count}${format === "json" ? '"' : "\n"}`));
      await sentry.stop();
      // Half a line that was written when Sentry was killed is ended, and printed again as a whole.
      const whole = format === "json" ? /^\{.*\}$/ : /^\d\d:\d\d:\d\d web\.\d+ +0-\d+$/;
      const lines = allOf(site, "web.log").split("\n").slice(0, -1);
      assert.ok(lines.filter((line) => !whole.test(line)).length <= 3);
      const numbers = counted(lines.filter((line) => whole.test(line)).map((line) => `${line}\n`).join(""));
      assert.deepEqual([...new Set(numbers)].toSorted((one, other) => one - other), upTo(count));
      const backwards = numbers.filter((number, n) => n > 0 && number <= numbers[n - 1]!);
      assert.ok(backwards.length <= 3, "each time no more than one batch comes again");
    });
  }

  test("that were printed while there was no Sentry are there, and those of a process that has ended meanwhile", async (t) => {
    const site = new Site(t);
    const script = "echo before; until [ -e go ]; do sleep 0.01; done; printf 'half '; seq 2000; printf end; touch said";
    site.config([
      shell("lives", `${script}; exec sleep 1000`, { log: { file: "lives.log" } }),
      shell("ends", script.replace("said", "ended"), { restart: "never", log: { file: "ends.log" } }),
    ].join());
    const first = site.start();
    await until("both have printed", () => sizeOf(site, "lives.log") > 0 && sizeOf(site, "ends.log") > 0);
    await killed(first);
    site.write("go", "");
    await until("both have printed more", () => existsSync(site.path("said")) && existsSync(site.path("ended")));
    const second = site.start();
    await second.line(/ends\.\d+ +Exited at/);
    const lines = ["before", "half 1", ...upTo(2000).slice(1)].map((line) => `${line}\n`).join("");
    await until("the rest is there", () => contentOf(site, "lives.log") === lines);
    assert.equal(contentOf(site, "ends.log"), `${lines}end`);
    await second.stop();
    assert.equal(contentOf(site, "lives.log"), `${lines}end`, "what had no newline comes when nobody can print the rest");
  });

  test("of a process that a reload lets go are in its file to the last", async (t) => {
    const site = new Site(t);
    const script = "trap 'echo last; echo words >&2; exit' TERM; echo first; while :; do sleep 0.01 2> /dev/null; done";
    const other = 'entry("other", "sleep", ["1000"])';
    site.config(`${shell("web", script, { log: { file: "web.{slot}.log", format: "json" } })}, ${other}`);
    const sentry = site.start();
    await until("it has printed", () => sizeOf(site, "web.0.log") > 0);
    site.config(other);
    await reloads(site);
    await sentry.line(/ web\.\d+ +Exited at/);
    await until("all is there", () => contentOf(site, "web.0.log").split("\n").length === 4, () => contentOf(site, "web.0.log"));
    assert.match(contentOf(site, "web.0.log"), /"first".*\n.*"(last|words)".*\n.*"(last|words)"/);
    await sentry.stop();
  });

  test("half of which was printed before a reload are whole", async (t) => {
    const site = new Site(t);
    const script = "printf half; touch printed; until [ -e go ]; do sleep 0.01; done; echo ' and half'; exec sleep 1000";
    site.config(shell("web", script, { log: { file: "web.log", format: "json" } }));
    const sentry = site.start();
    await until("the first half is printed", () => existsSync(site.path("printed")));
    site.config(shell("web", script, { log: { file: "other.log" } }));
    await reloads(site);
    site.write("go", "");
    await until("it is there", () => sizeOf(site, "other.log") > 0);
    await sentry.stop();
    assert.deepEqual([contentOf(site, "web.log"), contentOf(site, "other.log")], ["", "half and half\n"]);
  });
});
