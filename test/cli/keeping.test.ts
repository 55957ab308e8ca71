/** Processes are kept running, whatever becomes of them. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

suite("sentry start", { concurrency: 2 }, () => {
  test("keeps as many processes as asked for, each in a slot of its own", async (t) => {
    const site = new Site(t);
    site.config('entry("three", "sh", ["-c", "echo slot $SENTRY_SLOT; exec sleep 1000"], 1000, 3)');
    const sentry = site.start();
    const slots = [];
    for (let n = 0; n < 3; n++) slots.push((await sentry.line(/slot (\d)$/))[1]);
    assert.deepEqual(slots.sort(), ["0", "1", "2"]);
    await sentry.stop();
    assert.equal(sentry.lines.filter((line) => line.includes("Started at")).length, 3);
    assert.equal(sentry.lines.filter((line) => /Exited at \d+ by SIGTERM\.$/.test(line)).length, 3);
  });

  test("starts a process anew when it was killed from outside", async (t) => {
    const site = new Site(t);
    site.config('entry("victim", "sleep", ["1000"], 10, 1)');
    const sentry = site.start();
    const pids = new Set<number>();
    for (let n = 0; n < 5; n++) {
      const pid = await sentry.started("victim");
      pids.add(pid);
      process.kill(pid, "SIGKILL");
      await sentry.line(new RegExp(String.raw`victim\.${pid} +Exited at \d+ by SIGKILL\.$`));
    }
    assert.equal(pids.size, 5);
    await sentry.stop();
  });

  test("waits for the delay, counted from the exit", async (t) => {
    const site = new Site(t);
    // Each life says when it begins and when it ends; the difference between two is the delay, and never less.
    const clock = "process.hrtime.bigint() / 1000000n";
    site.config(`entry("x", "node", ["-e", "console.log('at', String(${clock}))"], 300, 1)`);
    const sentry = site.start();
    const moments: number[] = [];
    for (let n = 0; n < 4; n++) moments.push(Number((await sentry.line(/ at (\d+)$/))[1]));
    await sentry.stop();
    for (let n = 1; n < moments.length; n++) assert.ok((moments[n] ?? 0) - (moments[n - 1] ?? 0) >= 300, String(moments));
  });

  test("shows a program that is not there, and tries it again after the delay", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "./later.sh", [], 50, 1)');
    const sentry = site.start();
    const complaint = /^\S+ web:0 +cannot start web:0: (.*)$/;
    assert.equal((await sentry.line(complaint))[1], "./later.sh: exec: ENOENT (no such file or directory)");
    await sentry.line(complaint);
    site.write("later.sh", "#!/bin/sh\necho there now\nexec sleep 1000\n", 0o755);
    await sentry.line(/ there now$/);
    await sentry.stop();
  });

  test("names the step at which a start failed", async (t) => {
    const site = new Site(t);
    site.write("no-program", "text", 0o755);
    site.write("not-executable", "#!/bin/sh\n", 0o644);
    site.config([
      'entry("folder", "sleep", ["1"], { cwd: "nowhere", delay: 60000 })',
      'entry("access", "./not-executable", [], { delay: 60000 })',
      'entry("format", "./no-program", [], { delay: 60000 })',
      'entry("file", "sleep", ["1"], { envFile: "no.env", delay: 60000 })',
    ].join());
    const sentry = site.start();
    for (let n = 0; n < 4; n++) await sentry.line(/cannot start/);
    await sentry.stop();
    const told = sentry.lines.flatMap((line) => /cannot start (.*)$/.exec(line)?.[1] ?? []).sort();
    assert.equal(told.length, 4);
    const [access, file, folder, format] = told;
    assert.equal(access, "access:0: ./not-executable: exec: EACCES (permission denied)");
    assert.equal(file, `file:0: ${site.path("no.env")}: envFile: ENOENT (no such file or directory)`);
    assert.equal(folder, `folder:0: ${site.path("nowhere")}: chdir: ENOENT (no such file or directory)`);
    assert.equal(format, "format:0: ./no-program: exec: ENOEXEC (exec format error)");
  });

  test("lets an entry that fails at once with no delay starve no other", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("missing", "./not-there", [], 0, 20)', 'entry("quick", "false", [], 0, 1)',
      'entry("other", "sh", ["-c", "exit 4"], 20, 1)',
    ].join());
    const sentry = site.start();
    for (let n = 0; n < 20; n++) await sentry.line(/ other\.\d+ +Exited at \d+ with ExitFailure 4\.$/);
    const answer = await site.get("/health");
    assert.equal(answer.status, 200);
    await sentry.stop();
    const faults = sentry.lines.filter((line) => line.includes("cannot start missing:7:")).length;
    const lives = sentry.lines.filter((line) => /other\.\d+ +Exited/.test(line)).length;
    // A failed start waits 100 ms at least; a life of the other takes 20 ms and more.
    assert.ok(faults > 0 && faults <= lives, `${faults} tries for ${lives} lives`);
  });

  test("counts each restart once: as many exits as there were lives", async (t) => {
    const site = new Site(t);
    site.config('entry("quick", "sh", ["-c", "echo >> lives"], 0, 4)');
    const sentry = site.start();
    for (let n = 0; n < 200; n++) await sentry.line(/Exited at/);
    await sentry.stop();
    const exits = sentry.lines.filter((line) => line.includes(" Exited at ")).length;
    const starts = sentry.lines.filter((line) => line.includes(" Started at ")).length;
    assert.equal(exits, starts);
    // One that was told to stop may not have got as far as its line.
    const lives = readFileSync(site.path("lives"), "utf8").length;
    assert.ok(lives <= exits && lives >= exits - 4, `${lives} lives, ${exits} exits`);
  });

  test("keeps zero processes where that is asked for, and stops at once", async (t) => {
    const site = new Site(t);
    site.config('entry("none", "sleep", ["1"], { count: 0 })');
    const sentry = site.start();
    await sentry.line(/^Sentry started/);
    await until("the socket answers", () => site.answers());
    await sentry.stop();
    assert.equal(sentry.lines.length, 2);
  });

  test("says nothing of the kernel's process events where they are not asked for", async (t) => {
    const site = new Site(t);
    site.write("sample.ts", [
      'import { entry, sentry } from "sentryd";',
      'export default sentry([entry("x", "sleep", ["1000"])], { processEvents: false, http: false });',
    ].join("\n"));
    const sentry = site.start();
    await sentry.started("x");
    await sentry.stop();
    assert.ok(!sentry.lines.some((line) => line.includes("process events")));
  });

  test("runs the program that the configuration named, whatever becomes of the configuration meanwhile", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "exit 3"], 10, 1)');
    const sentry = site.start();
    await sentry.line(/Exited/);
    appendFileSync(site.path("sample.ts"), "this is no program any more");
    for (let n = 0; n < 3; n++) await sentry.line(/with ExitFailure 3/);
    await sentry.stop();
  });
});
