/** A disk that is full holds nobody up: what cannot be written waits, then goes, counted and told. docs/output.md. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";

import { once, shell } from "../support/logged.ts";
import { reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const skip = process.getuid?.() !== 0 && "only root can mount a small disk";

interface Disk {
  readonly sentry: Sentry;
  /** As it is seen from here. */
  path(name: string): string;
  read(name: string): string;
}

/** A Sentry in whose site `disk` is a disk of 64 kB, which nobody else sees. */
async function withDisk(site: Site, entries: string): Promise<Disk> {
  site.config(entries);
  const sentry = site.open("unshare", ["-m", "sh", "-c", [
    "mkdir disk", "mount -t tmpfs -o size=64k none disk", 'exec "$0" "$@"',
  ].join(" && "), ...site.command("start", "sample.ts")]);
  await sentry.line(/^Sentry started/);
  const path = (name: string): string => `/proc/${sentry.pid}/root${site.path("disk", name)}`;
  return { sentry, path, read: (name) => existsSync(path(name)) ? readFileSync(path(name), "utf8") : "" };
}

/** Gives the disk another size. */
function remount(site: Site, { sentry }: Disk, size: string): number | null {
  const words = ["-t", String(sentry.pid), "-m", "mount", "-o", `remount,size=${size}`, site.path("disk")];
  return spawnSync("nsenter", words).status;
}

function fill(file: string): void {
  writeFileSync(file, "");
  for (let size = 4096; size > 0; size = Math.floor(size / 2)) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
}

/** Prints once the disk is full, which is not its own doing; what it says when it has done so is not printed. */
const printing = (script: string): string => `echo begin; until [ -e go ]; do sleep 0.01; done; ${script}; touch printed; exec sleep 1000`;

async function fullOf(site: Site, disk: Disk, file = "web.log"): Promise<void> {
  await until("it has begun", () => disk.read(file).includes("begin"));
  fill(disk.path("other"));
  site.write("go", "");
  await until("it has printed, and waits for nobody", () => existsSync(site.path("printed")));
}

const numbersIn = (text: string): number[] => [...text.matchAll(/^(?:.*[ "])?n(\d+)(?:"\})?$/gm)].map(([, number]) => Number(number));

async function lostIn(site: Site): Promise<number> {
  const { stdout } = await site.run("curl", ["-s", "--unix-socket", site.path("sample.run/socket"), "http://localhost/metrics"]);
  return Number(/^sentry_lost_output_lines_total (\d+)$/m.exec(stdout)?.[1]);
}

suite("a log file on a full disk", { concurrency: 2, skip }, () => {
  for (const format of ["raw", "prefixed", "json"] as const) {
    test(`has everything once there is room again, up to 1 MiB: ${format}`, async (t) => {
      const site = new Site(t);
      // 200 kB, which is more than the pipe had before.
      const script = printing("seq -f n%.0f 30000; echo error >&2");
      const disk = await withDisk(site, shell("web", script, { log: { file: "disk/web.log", format, maxSize: "1G" } }));
      await fullOf(site, disk);
      assert.deepEqual(numbersIn(disk.read("web.log")).length < 30000, true);
      assert.equal(remount(site, disk, "16m"), 0);
      await until("all is there", () => disk.read("web.log").includes("n30000") && disk.read("web.log").includes("error"));
      assert.deepEqual(numbersIn(disk.read("web.log")), Array.from({ length: 30000 }, (_, n) => n + 1));
      assert.deepEqual(history(site, "lost"), []);
      assert.equal(await lostIn(site), 0);
      await disk.sentry.stop();
    });

    test(`holds up nobody who prints more than that; what is missing is counted, told, and marked where it is: ${format}`, async (t) => {
      const site = new Site(t);
      const lines = 400_000; // 3 MB
      const script = printing(`seq -f n%.0f ${lines}`);
      const web = shell("web", script, { log: { file: "disk/web.log", format, maxSize: "1G" } });
      const disk = await withDisk(site, `${web}, entry("busy", "sh", ["-c", "sleep 0.05"], 0, 1)`);
      await fullOf(site, disk);
      await until("it is recorded", () => history(site, "lost").length > 0);
      const ends = history(site, "exited").length;
      await until("others are restarted", () => history(site, "exited").length > ends + 3);
      await disk.sentry.line(/^\d\d:\d\d:\d\d web +\d+ lines of output were dropped: the log file takes no more\.$/);
      assert.equal(remount(site, disk, "64m"), 0);
      await until("the newest are there", () => disk.read("web.log").includes(`n${lines}`));
      const counts = () => history(site, "lost").map((record) => record["count"] as number);
      const written = numbersIn(disk.read("web.log"));
      const sum = () => counts().reduce((sum, count) => sum + count, 0);
      await until("each line is there or counted", () => sum() >= lines - written.length);
      assert.equal(sum(), lines - written.length);
      assert.deepEqual(written.toSorted((one, other) => one - other), written);
      for (const record of history(site, "lost")) assert.deepEqual([record["what"], record.entry], ["output", "web"]);
      assert.equal(await lostIn(site), lines - written.length);
      const marks = [...disk.read("web.log").matchAll(format === "json"
        ? /^\{"at":"[^"]+Z","lost":(\d+),"reason":"ENOSPC"\}$/gm : /^Sentry dropped (\d+) lines? here \(ENOSPC\)\.$/gm)];
      assert.equal(marks.reduce((sum, [, count]) => sum + Number(count), 0), format === "raw" ? 0 : lines - written.length);
      const told = disk.sentry.lines.flatMap((line) => Number(/ web +(\d+) lines of output were dropped/.exec(line)?.[1] ?? 0));
      assert.equal(told.reduce((sum, count) => sum + count, 0), lines - written.length);
      await disk.sentry.stop();
    });
  }

  test("comes first with terminal: true; the terminal has the same lines then, and those of others at once", async (t) => {
    const site = new Site(t);
    const script = printing("seq -f n%.0f 5000");
    const disk = await withDisk(site, [
      shell("web", script, { log: { file: "disk/web.log", format: "json", terminal: true } }),
      shell("plain", "until [ -e go ]; do sleep 0.01; done; echo plain; exec sleep 1000"),
    ].join());
    await fullOf(site, disk);
    await disk.sentry.line(/^\S+ plain\.\d+ +plain$/);
    assert.ok(!disk.sentry.lines.some((line) => line.endsWith(" n5000")));
    assert.equal(remount(site, disk, "16m"), 0);
    await disk.sentry.line(/^\S+ web\.\d+ +n5000$/);
    assert.deepEqual(numbersIn(disk.read("web.log")), Array.from({ length: 5000 }, (_, n) => n + 1));
    const shown = disk.sentry.lines.flatMap((line) => Number(/^\S+ web\.\d+ +n(\d+)$/.exec(line)?.[1] ?? 0) || []);
    assert.deepEqual(shown, Array.from({ length: 5000 }, (_, n) => n + 1));
    await disk.sentry.stop();
  });

  for (const [count, what] of [[20_000, "what waits for room"], [400_000, "lines that are dropped"]] as const) {
    test(`hides from nobody the line that makes a process ready, behind ${what}`, async (t) => {
      const site = new Site(t);
      const script = printing(`seq -f n%.0f ${count}; sleep 0.1; echo ready`);
      const disk = await withDisk(site, `entry("web", "sh", ["-c", ${JSON.stringify(script)}], { ready: { log: /^ready$/ }, log: { file: "disk/web.log" } })`);
      await fullOf(site, disk);
      await disk.sentry.line(/ web\.\d+ +Ready at/);
      assert.equal(remount(site, disk, "16m"), 0);
      await until("all is there", () => disk.read("web.log").endsWith("ready\n"));
      const missing = count - numbersIn(disk.read("web.log")).length;
      const lost = () => history(site, "lost").reduce((sum, record) => sum + Number(record["count"]), 0);
      await until("what is missing is counted", () => lost() >= missing);
      assert.deepEqual([lost(), missing > 0], [missing, count > 20_000]);
      await disk.sentry.stop();
    });
  }

  test("is written on after a reload while it is full, with nothing missing", async (t) => {
    const site = new Site(t);
    const script = printing("seq -f n%.0f 20000");
    const disk = await withDisk(site, shell("web", script, { log: { file: "disk/web.log", format: "prefixed", maxSize: "1G" } }));
    await fullOf(site, disk);
    await reloads(site);
    assert.equal(remount(site, disk, "16m"), 0);
    await until("all is there", () => disk.read("web.log").includes("n20000"));
    assert.deepEqual(numbersIn(disk.read("web.log")), Array.from({ length: 20000 }, (_, n) => n + 1));
    await disk.sentry.stop();
  });

  test("is written on by the Sentry that is started after a SIGKILL: all is there but the rest of the line that filled it", async (t) => {
    const site = new Site(t);
    const script = printing("seq -f n%.0f 20000");
    const disk = await withDisk(site, shell("web", script, { log: { file: "disk/web.log", maxSize: "1G" } }));
    await fullOf(site, disk);
    const room = openSync(disk.path("web.log"), "r"); // keeps the disk there, and shows the file
    const namespace = openSync(`/proc/${disk.sentry.pid}/ns/mnt`, "r");
    t.after(() => { closeSync(room); closeSync(namespace); });
    disk.sentry.kill("SIGKILL");
    await disk.sentry.ended;
    const second = site.open("nsenter", [`--mount=/proc/${process.pid}/fd/${namespace}`, ...site.command("start", site.path("sample.ts"))]);
    await second.line(/^Sentry took over 1 process/);
    assert.equal(remount(site, { ...disk, sentry: second }, "16m"), 0);
    const text = () => readFileSync(`/proc/self/fd/${room}`, "utf8");
    await until("all is there", () => text().endsWith("n20000\n"));
    const numbers = numbersIn(text());
    // The line that filled the disk is torn there, and its rest was in the memory of the Sentry that was killed.
    const torn = [...text().matchAll(/^n(\d+)n(\d+)$/gm)].map(([, , next]) => Number(next));
    assert.ok(torn.length <= 1, String(torn));
    const whole = Array.from({ length: 20000 }, (_, n) => n + 1).filter((n) => !torn.some((next) => n === next || n === next - 1));
    assert.deepEqual(numbers, whole);
    await second.stop();
  });

  test("lets processes end and start, and Sentry stop, as if there was room", async (t) => {
    const site = new Site(t);
    const disk = await withDisk(site, [
      `entry("quick", "sh", ["-c", "seq 20000"], 0, 2, { log: { file: "disk/quick.log", format: "prefixed", maxSize: "1G" } })`,
      once("long", "head -c 3000000 /dev/zero", { log: { file: "disk/long.log" } }),
    ].join());
    await until("it is full", () => history(site, "lost").length > 0);
    await disk.sentry.line(/ long\.\d+ +Exited at/);
    const ends = history(site, "exited").length;
    await until("restarts go on", () => history(site, "exited").length > ends + 10);
    await disk.sentry.stop();
  });

  test("has word in the history of what still waited for it when Sentry stopped", async (t) => {
    const site = new Site(t);
    const script = printing("seq -f n%.0f 100000");
    const disk = await withDisk(site, shell("web", script, { log: { file: "disk/web.log", format: "prefixed" } }));
    await fullOf(site, disk);
    const written = disk.read("web.log").split("\n").length - 1;
    await disk.sentry.stop();
    const lost = history(site, "lost");
    assert.ok(lost.every(({ entry }) => entry === "web"));
    const missing = 100_001 - written - lost.map(({ count }) => Number(count)).reduce((sum, count) => sum + count, 0);
    assert.ok(missing === 0 || missing === 1, `${missing} of 100001 lines are nowhere`); // a part of one may be there
  });

  test("is bounded there too: what does not fit is not asked for twice", async (t) => {
    const site = new Site(t);
    const script = printing("seq -f n%.0f 20000");
    const disk = await withDisk(site, shell("web", script, { log: { file: "disk/web.log", maxSize: "8K", keep: 2 } }));
    await until("it has begun", () => disk.read("web.log") !== "");
    site.write("go", "");
    await until("all is there", () => disk.read("web.log").includes("n20000"));
    assert.deepEqual(history(site, "lost"), []);
    const numbers = numbersIn(["web.log.2", "web.log.1", "web.log"].map((name) => disk.read(name)).join(""));
    assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, n) => 20000 - numbers.length + n + 1));
    await disk.sentry.stop();
  });
});
