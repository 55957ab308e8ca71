/** Sentry in a terminal: one that is not read, one that is closed, and the keys that are typed into it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { EXIT_CODES } from "../../src/errors.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** Prints more than a pipe holds: while nobody takes that, it cannot end. */
const busy = 'entry("busy", "sh", ["-c", "printf . >> lives; seq 14000"], 200, 1)';

function lives(site: Site): number {
  return existsSync(site.path("lives")) ? readFileSync(site.path("lives"), "utf8").length : 0;
}

/** Who stopped it all: the kernel sends a terminal's signals by itself. */
function isStoppedByNobody(site: Site): void {
  assert.deepEqual(history(site, "stopped").at(-1)?.by, { kind: "signal", pid: null, uid: null });
}

async function livesGoOn(site: Site): Promise<void> {
  const before = lives(site);
  await until("restarts go on", () => lives(site) > before + 3);
}

suite("in a terminal", { concurrency: 2 }, () => {
  test("restarts go on while nobody reads it, and afterwards it shows that lines were dropped", async (t) => {
    const site = new Site(t);
    site.config(busy);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/Exited/);
    terminal.stopReading();
    await livesGoOn(site);
    assert.equal((await site.get("/health")).status, 200);
    terminal.resumeReading();
    await terminal.shows(/Sentry dropped \d+ lines here that nobody read\.\r\n/);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  test("what it loses is recorded and counted while nobody reads it", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "until [ -e go ]; do sleep 0.02; done; seq 100000; exec sleep 1000"])');
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/Started/);
    terminal.stopReading();
    site.write("go", "");
    const recorded = (): number => history(site, "lost").reduce((sum, { count }) => sum + Number(count), 0);
    await until("nearly all of it is missing", () => recorded() > 90_000);
    const { stdout } = await site.run("curl", ["-s", "--unix-socket", site.path("sample.run/socket"), "http://localhost/metrics"]);
    const [, counted] = /^sentry_lost_output_lines_total (\d+)$/m.exec(stdout) ?? [];
    terminal.resumeReading();
    const [, shown] = await terminal.shows(/Sentry dropped (\d+) lines here that nobody read\.\r\n/);
    assert.ok(Number(counted) > 90_000);
    await until("each is recorded once", () => recorded() === Number(shown));
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  // Ctrl-C empties a full terminal, and the kernel wakes nobody who waits for room in it (n_tty.c, isig). If then nothing
  // is left that could be read, nobody ever does.
  test("Ctrl-C is answered with Bye. in the middle of a flood", async (t) => {
    const site = new Site(t);
    site.config('entry("flood", "yes", [])');
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await until("the flood is shown", () => terminal.screen.length > 30_000);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    assert.match(terminal.screen.slice(-300), /Exited at \d+ by SIGTERM\.\r\nBye\.\r\n$/);
    await site.nobodyLeft();
  });

  test("restarts go on after Ctrl-S, and Ctrl-Q shows what comes then", async (t) => {
    const site = new Site(t);
    site.config(busy);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/Exited/);
    terminal.type("\x13");
    await livesGoOn(site);
    terminal.type("\x11");
    await terminal.shows(/Sentry dropped \d+ lines here that nobody read\.\r\n/);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  test("an end does not wait for a terminal that nobody reads", async (t) => {
    const site = new Site(t);
    site.config(busy);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/Exited/);
    terminal.stopReading();
    await livesGoOn(site);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    terminal.resumeReading();
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  test("Ctrl-C stops in order, and reaches no process but Sentry", async (t) => {
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", "trap 'echo interrupted' INT; echo up; while :; do sleep 0.02; done"])`);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/ up\r\n/);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    assert.match(terminal.screen, /\^C[^]*Exited at \d+ by SIGTERM\.\r\n(\S*Bye\.)\r\n$/);
    assert.ok(!terminal.screen.includes("interrupted"));
    isStoppedByNobody(site);
    await site.nobodyLeft();
  });

  test("Ctrl-Z does not stop the processes, and they are still Sentry's when it goes on", async (t) => {
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", "echo up; while :; do printf . >> lives; sleep 0.02; done"])`);
    // A session leader does not stop at Ctrl-Z (its group is orphaned): a shell with job control has to be there.
    const terminal = site.terminal("bash", ["-mc", `"$0" "$@"; kill -CONT %1; wait`, ...site.command("start", "sample.ts")]);
    await terminal.shows(/ up\r\n/);
    terminal.type("\x1a");
    await livesGoOn(site);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await terminal.ended;
    await site.nobodyLeft();
  });

  test("its being closed is recorded as a signal that nobody sent", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sh", ["-c", "echo up; exec sleep 1000"])');
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await terminal.shows(/ up\r\n/);
    terminal.close();
    await terminal.ended;
    await site.nobodyLeft();
    isStoppedByNobody(site);
  });

  /** One that takes a moment to tidy up when it is told to end. */
  const tidy = `entry("x", "sh", ["-c", "trap 'sleep 0.3; echo > tidied; exit 0' TERM; echo > up; while :; do sleep 0.02; done"])`;

  for (const [title, code, program, args] of [
    ["Sentry itself leads its session", 0, process.execPath, []],
    ["only its stdin is there", 0, "sh", ["-c", 'exec "$@" > /dev/null 2>&1', "sh", process.execPath]],
    ["only its stdout is there", 0, "sh", ["-c", 'exec "$@" < /dev/null 2> /dev/null', "sh", process.execPath]],
    ["a shell leads the session, which passes the signal on", null, "bash", ["-c", '"$@"; exit $?', "bash", process.execPath]],
    ["an interactive shell does", null, "bash", ["--norc", "-ic", '"$@"; exit $?', "bash", process.execPath]],
  ] as const) {
    test(`its being closed stops everything in order, where ${title}`, async (t) => {
      const site = new Site(t);
      site.config(tidy);
      const [, ...words] = site.command("start", "sample.ts");
      const terminal = site.terminal(program, [...args, ...words]);
      await until("the process is up", () => existsSync(site.path("up")));
      terminal.close();
      const ended = await terminal.ended;
      if (code !== null) assert.equal(ended, code);
      await site.nobodyLeft();
      assert.ok(existsSync(site.path("tidied")), "the process was told with SIGTERM");
      assert.ok(!existsSync(site.path("sample.pid")));
      assert.ok(!existsSync(site.path("sample.run/socket")));
    });
  }

  test("its being closed is a clean end after a reload as well", async (t) => {
    const site = new Site(t);
    site.config(tidy);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await until("the process is up", () => existsSync(site.path("up")));
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    terminal.close();
    assert.equal(await terminal.ended, 0);
    assert.ok(existsSync(site.path("tidied")));
    await site.nobodyLeft();
  });

  test("a clean end it is also where it is closed in the middle of that", async (t) => {
    const site = new Site(t);
    site.config(tidy);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    await until("the process is up", () => existsSync(site.path("up")));
    terminal.type("\x03");
    await terminal.shows(/Bye\./);
    terminal.close();
    assert.equal(await terminal.ended, 0);
    await site.nobodyLeft();
  });

  // In a session of its own it is not sent SIGHUP, which would end it until it takes the signals over.
  test("a start that fails while it is closed says so with its exit code", async (t) => {
    const site = new Site(t);
    site.write("sample.ts", `import { existsSync, writeFileSync } from "node:fs";
writeFileSync("up", "");
while (!existsSync("closed"));
throw new Error("no");
`);
    const terminal = site.terminal("sh", ["-c", `trap '' HUP; setsid --wait "$@" 2> told`, "sh", ...site.command("start", "sample.ts")]);
    await until("it is evaluated", () => existsSync(site.path("up")));
    terminal.close();
    site.write("closed", "");
    assert.equal(await terminal.ended, EXIT_CODES.E_CONFIG_INVALID, readFileSync(site.path("told"), "utf8"));
  });

  test("a child has neither the terminal nor anything to read from it", async (t) => {
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", "cat; (: < /dev/tty) 2> /dev/null && echo has a terminal; echo done"], 60000, 1)`);
    const terminal = site.sentryInTerminal(["start", "sample.ts"]);
    terminal.type("typed\n");
    await terminal.shows(/Exited at \d+ with ExitSuccess/);
    terminal.type("\x03");
    assert.equal(await terminal.ended, 0);
    assert.ok(!terminal.screen.includes("has a terminal"));
    assert.match(terminal.screen, / done\r\n/);
  });
});
