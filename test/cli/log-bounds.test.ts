/** Files of `log` stay within their bounds, and with either kind of rotation each line is in exactly one of them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync, truncateSync } from "node:fs";
import { suite, test } from "node:test";

import { allOf, contentOf, counted, COUNTING, enough, grows, namesOf, once, shell, sizeOf, upTo } from "../support/logged.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const formats = ["raw", "prefixed", "json"] as const;
const MEGABYTE = 1 << 20;

async function runsOnce(site: Site): Promise<void> {
  const sentry = site.start();
  await sentry.line(/Exited at/);
  await sentry.stop();
}

/** `web.log` has been moved away, and Sentry is told so; then there is another one. */
async function told(site: Site, pid: number, how: "signal" | "http"): Promise<void> {
  if (how === "signal") {
    process.kill(pid, "SIGUSR2");
    await until("it is opened anew", () => existsSync(site.path("web.log")));
  }
  if (how === "http") assert.deepEqual((await site.get("/reload-logs", undefined, "POST")).body, { reopened: 1, failed: [] });
}

suite("the bounds of a log file", { concurrency: 2 }, () => {
  for (const format of formats) {
    test(`hold for every file, with every line once over all of them: ${format}`, async (t) => {
      const site = new Site(t);
      const script = 'seq -f "$SENTRY_SLOT-%.0f" 5000';
      site.config(once("x", script, { count: 2, log: { file: "x.log", format, maxSize: "16K", keep: 1000 } }));
      const sentry = site.start();
      for (let n = 0; n < 2; n++) await sentry.line(/Exited at/);
      await sentry.stop();
      const names = namesOf(site, "x.log");
      assert.ok(names.length >= 5, names.join());
      for (const name of names) {
        assert.ok(statSync(site.path(name)).size <= 16 * 1024, name);
        assert.equal(contentOf(site, name).at(-1), "\n", `${name} is cut at the end of a line`);
        assert.equal(statSync(site.path(name)).mode & 0o777, 0o600);
      }
      for (const slot of [0, 1]) assert.deepEqual(counted(allOf(site, "x.log"), slot), upTo(5000));
    });

    test(`keep as many older files as keep says, the newest: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(once("x", 'seq -f "$SENTRY_SLOT-%.0f" 20000', { log: { file: "x.log", format, maxSize: "8K", keep: 3 } }));
      await runsOnce(site);
      assert.deepEqual(namesOf(site, "x.log"), ["x.log.3", "x.log.2", "x.log.1", "x.log"]);
      const numbers = counted(allOf(site, "x.log"));
      assert.deepEqual(numbers, upTo(20000).slice(-numbers.length));
    });

    test(`are passed by a single line that is longer, and by no other: ${format}`, async (t) => {
      const site = new Site(t);
      const long = (letter: string) => `head -c 100000 /dev/zero | tr '\\0' ${letter}; echo`;
      site.config(once("x", `seq 500; ${long("a")}; ${long("b")}; seq 500`, { log: { file: "x.log", format, maxSize: "4K", keep: 1000 } }));
      await runsOnce(site);
      const large = namesOf(site, "x.log").filter((name) => sizeOf(site, name) > 4096);
      assert.equal(large.length, 2);
      for (const name of large) assert.equal(contentOf(site, name).split("\n").length, 2, "it stands alone");
      const all = allOf(site, "x.log");
      assert.equal(all.split("\n").length, 1003);
      for (const letter of ["a", "b"]) assert.ok(all.includes(letter.repeat(100_000)));
    });
  }

  test("are 10 MB and five older files, unless the entry says something else, also for what a detached Sentry keeps by itself", async (t) => {
    const site = new Site(t);
    const script = `head -c ${75 * MEGABYTE} /dev/zero | tr '\\0' a | fold -w 1023`;
    site.config(`${once("raw", script, { log: { file: "raw.log" } })}, ${once("own", script, {})}`);
    assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
    const says = (file: string, what: string) => sizeOf(site, file) > 0 && contentOf(site, file).includes(what);
    await until("both have ended", () => ["own", "_sentry"].every((name) => says(`sample.run/logs/${name}.log`, "Finished")));
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    for (const file of ["raw.log", "sample.run/logs/own.log"]) {
      const names = Array.from({ length: 7 }, (_, age) => age === 0 ? file : `${file}.${age}`);
      assert.deepEqual(names.map((name) => existsSync(site.path(name))), [true, true, true, true, true, true, false], file);
      const sizes = names.slice(0, 6).map((name) => statSync(site.path(name)).size);
      assert.ok(Math.max(...sizes) <= 10 * MEGABYTE && Math.min(...sizes.slice(1)) > 9 * MEGABYTE, sizes.join());
    }
  });

  test("let nothing older stay with keep: 0", async (t) => {
    const site = new Site(t);
    site.config(once("x", 'seq -f "$SENTRY_SLOT-%.0f" 5000', { log: { file: "x.log", maxSize: "4K", keep: 0 } }));
    await runsOnce(site);
    assert.deepEqual(namesOf(site, "x.log"), ["x.log"]);
    const numbers = counted(contentOf(site, "x.log"));
    assert.deepEqual(numbers, upTo(5000).slice(-numbers.length));
    assert.ok(sizeOf(site, "x.log") <= 4096);
  });

  test("let old files be compressed in the background, with nothing missing in them", async (t) => {
    const site = new Site(t);
    site.config(shell("x", 'seq -f "$SENTRY_SLOT-%.0f" 20000; exec sleep 1000', { log: { file: "x.log", maxSize: "32K", keep: 1000, compress: true } }));
    const sentry = site.start();
    await until("all older ones are compressed", () => {
      const names = namesOf(site, "x.log");
      return names.length >= 4 && names.slice(0, -1).every((name) => name.endsWith(".gz")) && !existsSync(site.path("x.log.packing"))
        && contentOf(site, "x.log").includes("0-20000\n");
    }, () => namesOf(site, "x.log").join());
    await sentry.stop();
    assert.deepEqual(counted(allOf(site, "x.log")), upTo(20000));
    for (const name of namesOf(site, "x.log")) assert.equal(statSync(site.path(name)).mode & 0o777, 0o600);
  });

  test("count compressed files too, and let those go that are too many after a reload with a smaller keep", async (t) => {
    const site = new Site(t);
    const entry = (keep: number) => shell("x", COUNTING, { log: { file: "x.log", maxSize: "8K", keep, compress: true } });
    site.config(entry(6));
    const sentry = site.start();
    const pid = await sentry.started("x");
    await until("there are as many as may be", () => existsSync(site.path("x.log.6.gz")));
    site.config(entry(2));
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await until("there are fewer", () => [3, 4, 5, 6].every((age) => !existsSync(site.path(`x.log.${age}.gz`)) && !existsSync(site.path(`x.log.${age}`))));
    const count = await enough(site);
    const last = `0-${count}\n`;
    await until("all is there", () => contentOf(site, "x.log").endsWith(last));
    await until("older ones are compressed", () => namesOf(site, "x.log").join() === "x.log.2.gz,x.log.1.gz,x.log");
    process.kill(pid, 0);
    await sentry.stop();
    const numbers = counted(allOf(site, "x.log"));
    assert.deepEqual(numbers, upTo(count).slice(-numbers.length));
  });

  test("are given up where a file cannot be rotated, which is told once; it grows on, and later it is tried again", async (t) => {
    const site = new Site(t);
    mkdirSync(site.path("x.log.1"));
    site.config(shell("x", COUNTING, { log: { file: "x.log", maxSize: "4K", keep: 1 } }));
    const sentry = site.start();
    await sentry.line(/^Cannot rotate .*x\.log, which grows on: .*x\.log\.1: EISDIR/);
    await until("it has grown on", () => sizeOf(site, "x.log") > 16 * 1024);
    rmdirSync(site.path("x.log.1"));
    await until("it is rotated", () => existsSync(site.path("x.log.1")));
    const count = await enough(site);
    await until("all is there", () => contentOf(site, "x.log").endsWith(`0-${count}\n`));
    await sentry.stop();
    assert.equal(sentry.lines.filter((line) => line.startsWith("Cannot rotate")).length, 1);
    assert.ok(sizeOf(site, "x.log") <= 4096);
  });
});

suite("a log file that is moved away", { concurrency: 2 }, () => {
  for (const [format, how] of [["raw", "signal"], ["prefixed", "http"], ["json", "signal"]] as const) {
    test(`under load, by ${how}, has each line that the next one has not: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(shell("web", COUNTING, { count: 2, log: { file: "web.log", format, maxSize: "1G" } }));
      const sentry = site.start();
      const moved: string[] = [];
      for (let n = 0; n < 6; n++) {
        await until("it grows", () => sizeOf(site, "web.log") > 5000);
        moved.push(`moved-${n}`);
        renameSync(site.path("web.log"), site.path(`moved-${n}`));
        await told(site, sentry.pid, how);
      }
      const counts = [await enough(site, 0), await enough(site, 1)];
      const all = () => [...moved, "web.log"].map((name) => contentOf(site, name)).join("");
      await until("all is there", () => counts.every((count, slot) => all().includes(`${slot}-${count}`)));
      await sentry.stop();
      for (const [slot, count] of counts.entries()) assert.deepEqual(counted(all(), slot), upTo(count));
      for (const name of moved) assert.equal(contentOf(site, name).at(-1), "\n");
      const lines = sentry.lines.filter((line) => line.startsWith("SIGUSR2"));
      assert.deepEqual(lines, how === "signal" ? Array(6).fill(`SIGUSR2 from PID ${process.pid}: 1 log files were opened anew.`) : []);
    });
  }

  test("goes on to be written to until that is told, and where it cannot be opened anew", async (t) => {
    const site = new Site(t);
    mkdirSync(site.path("logs"));
    site.config(shell("web", COUNTING, { log: { file: "logs/web.log", maxSize: "1G" } }));
    const sentry = site.start();
    await until("it is there", () => sizeOf(site, "logs/web.log") > 1000);
    renameSync(site.path("logs"), site.path("old"));
    const before = sizeOf(site, "old/web.log");
    await until("it grows on", () => sizeOf(site, "old/web.log") > before);
    const { status, body } = await site.get("/reload-logs", undefined, "POST");
    assert.deepEqual([status, body], [200, { reopened: 0, failed: [`${site.path("logs/web.log")}: ENOENT (no such file or directory)`] }]);
    await sentry.line(/^Cannot open .*web\.log: ENOENT \(no such file or directory\) anew; what is printed still goes to the old file\.$/);
    const then = sizeOf(site, "old/web.log");
    await until("it still grows", () => sizeOf(site, "old/web.log") > then);
    mkdirSync(site.path("logs"));
    assert.deepEqual((await site.get("/reload-logs", undefined, "POST")).body, { reopened: 1, failed: [] });
    const count = await enough(site);
    const all = () => contentOf(site, "old/web.log") + contentOf(site, "logs/web.log");
    await until("all is there", () => all().endsWith(`0-${count}\n`));
    await sentry.stop();
    assert.deepEqual(counted(all()), upTo(count));
  });

  test("by somebody else is not renamed by Sentry's own rotation: the name is opened anew", async (t) => {
    const site = new Site(t);
    site.config(shell("web", COUNTING, { log: { file: "web.log", maxSize: "64K", keep: 1000 } }));
    const sentry = site.start();
    await grows(site, "web.log", 20_000);
    renameSync(site.path("web.log"), site.path("moved"));
    site.write("web.log", "0-0\n"); // what somebody else has put there
    await until("the name has been opened anew", () => sizeOf(site, "web.log") > 4 || existsSync(site.path("web.log.1")));
    const [theirs = ""] = namesOf(site, "web.log").filter((name) => contentOf(site, name).startsWith("0-0\n"));
    assert.ok(sizeOf(site, theirs) > 4, "that is written on, too");
    const count = await enough(site);
    const all = () => contentOf(site, "moved") + allOf(site, "web.log");
    await until("all is there", () => all().endsWith(`0-${count}\n`));
    await sentry.stop();
    assert.deepEqual(counted(all()).toSorted((one, other) => one - other), [0, ...upTo(count)]);
  });

  test("and emptied in its place is written to from its new end on", async (t) => {
    const site = new Site(t);
    site.config(shell("web", "echo one; until [ -e go ]; do sleep 0.01; done; echo two; exec sleep 1000", { log: { file: "web.log" } }));
    const sentry = site.start();
    await until("it has printed", () => sizeOf(site, "web.log") === 4);
    truncateSync(site.path("web.log"));
    site.write("go", "");
    await until("it has printed more", () => sizeOf(site, "web.log") > 0);
    await sentry.stop();
    assert.equal(readFileSync(site.path("web.log"), "utf8"), "two\n");
  });
});
