/** Output that goes to Sentry's own stdout and stderr as it is, to nowhere, to the terminal as well, or there as JSON. */
import assert from "node:assert/strict";
import { existsSync, readlinkSync } from "node:fs";
import { suite, test } from "node:test";

import { contentOf, once, shell, sizeOf } from "../support/logged.ts";
import { reloads } from "../support/reloading.ts";
import { COLUMNS } from "../support/sentry.ts";
import { pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const streamsOf = (pid: number): string[] => [1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));

/** Prints a word on both streams whenever there is a new file `go.N`. */
const BIDDEN = "n=1; while :; do until [ -e go.$n ]; do sleep 0.01; done; echo out $n; echo err $n >&2; n=$((n+1)); done";

suite('log: "inherit"', { concurrency: 2 }, () => {
  test("gives a process Sentry's own stdout and stderr: what it prints is there as it is", async (t) => {
    const site = new Site(t);
    site.config(`${once("x", "printf 'half, '; sleep 0.1; echo out; printf '\\377\\n'; echo err >&2", { log: "inherit" })}, ${once("y", "echo labelled", {})}`);
    const sentry = site.start();
    await Promise.all([sentry.line(/ x\.\d+ +Exited/), sentry.line(/ y\.\d+ +Exited/)]);
    await sentry.stop();
    assert.ok(sentry.bytes.includes(Buffer.from("half, out\n")) || sentry.lines.some((line) => line.endsWith("out")));
    assert.ok(sentry.bytes.includes(Buffer.from([0xff, 10])));
    assert.equal(sentry.stderr, "err\n");
    assert.ok(sentry.lines.some((line) => /^\d\d:\d\d:\d\d y\.\d+ +labelled$/.test(line)));
  });

  test("is the terminal for a process in a terminal", async (t) => {
    const site = new Site(t);
    site.config(once("x", "test -t 1 && test -t 2 && echo it is one", { log: "inherit" }));
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/^it is one\r$/m);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  test("is /dev/null when detached", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "echo lost; echo lost >&2; exec sleep 1000", { log: "inherit" }));
    assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
    const pid = await until("it runs", async () => (await pids(site)).get("x:0"));
    assert.deepEqual(streamsOf(pid), ["/dev/null", "/dev/null"]);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    assert.ok(!existsSync(site.path("sample.run/logs/x.log")));
    assert.doesNotMatch(contentOf(site, "sample.run/logs/_sentry.log"), /lost/);
  });

  test("leaves nothing for sentry logs to read, nor lines for ready: { log } to wait for", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "exec sleep 1000", { log: "inherit" }));
    const sentry = site.start();
    await sentry.started("x");
    const { code, stdout, stderr } = await site.sentry(["logs", "x", "-c", "sample.ts"]);
    assert.deepEqual([code, stdout, /inherit/.test(stderr)], [1, "", true], stderr);
    await sentry.stop();
    site.config('entry("x", "sleep", ["1000"], { ready: { log: /ready/ }, log: "inherit" })');
    const refused = await site.sentry(["check", "sample.ts"]);
    assert.equal(refused.code, 7);
    assert.match(refused.stderr, /inherit/);
  });
});

suite('log: "none"', { concurrency: 2 }, () => {
  test("is /dev/null, and there is no word of it anywhere", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "echo lost; echo lost >&2; touch printed; exec sleep 1000", { log: "none" }));
    const sentry = site.start();
    const pid = await sentry.started("x");
    await until("it has printed", () => existsSync(site.path("printed")));
    assert.deepEqual(streamsOf(pid), ["/dev/null", "/dev/null"]);
    await sentry.stop();
    assert.ok(!sentry.lines.some((line) => line.includes("lost")));
  });

  test("with ready: { log } is thrown away behind the line that makes it ready, however much that is", async (t) => {
    const site = new Site(t);
    const script = "echo listening on 80; head -c 20000000 /dev/zero; echo; echo done >&2; touch printed; exec sleep 1000";
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], { ready: { log: /^listening on / }, log: "none" })`);
    const sentry = site.start();
    const pid = await sentry.started("x");
    await sentry.line(/ x\.\d+ +Ready at/);
    await until("it has printed all", () => existsSync(site.path("printed")));
    assert.ok(streamsOf(pid).every((stream) => stream.startsWith("pipe:")));
    await reloads(site);
    assert.equal((await pids(site)).get("x:0"), pid);
    await sentry.stop();
    assert.ok(!sentry.lines.some((line) => /listening|done/.test(line)));
    assert.ok(sentry.bytes.length < 10_000);
  });
});

test("a process is replaced where its log becomes, or no longer is, inherit or none; otherwise it goes on", async (t) => {
  const site = new Site(t);
  const script = "echo hello; exec sleep 1000";
  const seen: (number | null | undefined)[] = [];
  site.config(shell("x", script, { log: { file: "x.log" } }));
  const sentry = site.start();
  seen.push(await sentry.started("x"));
  for (const [log, replaced] of [["none", true], ["inherit", true], [null, true], [{ file: "y.log", terminal: true }, false]] as const) {
    site.config(shell("x", script, log === null ? {} : { log }));
    await reloads(site);
    if (replaced) seen.push(await sentry.started("x"));
    assert.equal((await pids(site)).get("x:0"), seen.at(-1));
  }
  await sentry.stop();
  assert.equal(new Set(seen).size, 4);
  assert.equal(contentOf(site, "x.log"), "hello\n");
  assert.equal(contentOf(site, "y.log"), "");
});

suite("terminal: true", { concurrency: 2 }, () => {
  for (const format of ["raw", "prefixed", "json"] as const) {
    test(`shows each line with its label, and the file has it as well: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(once("x", "seq 3000; echo err >&2; printf end", { log: { file: "x.log", format, terminal: true } }));
      const sentry = site.start();
      await sentry.line(/Exited at/);
      await sentry.stop();
      const shown = sentry.lines.slice(2, -3).map((line) => line.slice(COLUMNS));
      const expected = [...Array.from({ length: 3000 }, (_, n) => `${n + 1}`), "end", "err"];
      assert.deepEqual(shown.toSorted(), expected.toSorted());
      for (const line of sentry.lines.slice(1, -2)) assert.match(line, /^\d\d:\d\d:\d\d x(\.\d+|:0) +/);
      assert.match(sentry.lines.at(-3) ?? "", /Exited at/, "after its last line");
      const lines = contentOf(site, "x.log").split("\n").filter((line) => line !== "");
      const texts = lines.map((line) => line.replace(/^.*"text":"(.*)"\}$/, "$1").replace(/^\S+ x\.\d+(\/err)? +/, ""));
      // In a raw file nothing ends a last line that has no end; who prints behind it goes on in it.
      if (format === "raw") assert.ok(["err\nend", "enderr\n"].some((end) => contentOf(site, "x.log") === `${expected.slice(0, 3000).join("\n")}\n${end}`));
      else assert.deepEqual(texts.toSorted(), expected.toSorted());
    });
  }

  test("is of no meaning when detached", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "echo hello; exec sleep 1000", { log: { file: "x.log", terminal: true } }));
    assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
    await until("it has printed", () => sizeOf(site, "x.log") > 0);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    assert.doesNotMatch(contentOf(site, "sample.run/logs/_sentry.log"), /hello/);
  });

  test("holds up neither the file nor the process where nobody reads the terminal", async (t) => {
    const site = new Site(t);
    site.config(shell("x", "until [ -e go ]; do sleep 0.01; done; seq 200000; touch printed; exec sleep 1000", { log: { file: "x.log", terminal: true } }));
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/Started at/);
    terminal.stopReading();
    site.write("go", "");
    await until("all is printed", () => existsSync(site.path("printed")));
    await until("all is in the file", () => contentOf(site, "x.log").endsWith("\n200000\n"));
    assert.equal(contentOf(site, "x.log").split("\n").length, 200_001);
    terminal.resumeReading();
    await terminal.shows(/Sentry dropped \d+ lines here that nobody read\./);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    assert.equal(await terminal.ended, 0);
  });
});

suite("--log-format json", { concurrency: 2 }, () => {
  test("has an object a line, for what processes print and for what Sentry says", async (t) => {
    const site = new Site(t);
    site.config(`${once("x", "echo out; echo err >&2; printf '\\377'", {})}, ${once("y", "echo seen", { log: { file: "y.log", terminal: true } })}`);
    const sentry = site.start(["start", "--log-format", "json", "sample.ts"]);
    await Promise.all([sentry.line(/"entry":"x".*"finished"/), sentry.line(/"entry":"y".*"finished"/)]);
    await sentry.stop();
    const lines = sentry.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { at } of lines) assert.match(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const printed = lines.filter(({ stream }) => stream !== "sentry");
    const told = printed.map(({ entry, slot, stream, text, base64 }) => [`${String(entry)}:${String(slot)}`, stream, text ?? base64].join(" "));
    assert.deepEqual(told.toSorted(),
      ["x:0 stderr err", "x:0 stdout /w==", "x:0 stdout out", "y:0 stdout seen"]);
    const ofX = lines.filter(({ entry }) => entry === "x").map(({ type }) => type);
    assert.deepEqual(ofX, ["started", undefined, undefined, undefined, "exited", "finished"]);
    assert.equal(lines[0]?.["text"], `Sentry started (PID: ${sentry.pid} saved in ${site.path("sample.pid")}).`);
    assert.equal(lines.at(-1)?.["text"], "Bye.");
    assert.equal(sentry.stderr, "");
  });

  test("goes on over a reload, and sentry logs shows labels", async (t) => {
    const site = new Site(t);
    site.config(shell("x", BIDDEN));
    const sentry = site.start(["start", "--log-format", "json", "sample.ts"]);
    site.write("go.1", "");
    await sentry.line(/"text":"err 1"/);
    await reloads(site);
    site.write("go.2", "");
    await sentry.line(/"text":"err 2"/);
    const { stdout } = await site.sentry(["logs", "x", "-c", "sample.ts"]);
    assert.match(stdout, /^\d\d:\d\d:\d\d x\.\d+(\/err)? +err 1$/m);
    assert.match(stdout, /^\d\d:\d\d:\d\d x\.\d+ +out 2$/m);
    await sentry.stop();
    for (const line of sentry.lines) assert.doesNotThrow(() => JSON.parse(line), line);
  });

  test("is refused where it would mean nothing", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "true", [], 1000, 1)');
    for (const words of [["-d", "--log-format", "json"], ["--log-format", "yaml"]]) {
      const { code, stderr } = await site.sentry(["start", ...words, "sample.ts"]);
      assert.equal(code, 2);
      assert.match(stderr, /--log-format/);
    }
  });
});
