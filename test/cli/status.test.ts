/** `sentry status`: a table of processes, for people and for pipes. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { narrowed, table } from "../../src/cli/table.ts";
import { answering, problem } from "../support/answering.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Process { readonly id: string; readonly state: string; readonly pid: number | null }

const exit = {
  pid: 1512, code: null, signal: "SIGSEGV", coreDumped: true, oomKilled: false, status: "known", cause: "exited",
  at: "2026-11-22T06:34:59.120431Z", ranMs: 4003, maxRssBytes: null, userMs: 1, systemMs: 1,
};
const shown = {
  id: "web:0", entry: "web", slot: 0, pid: 1514, state: "running", ready: true, command: "sleep", args: ["4"],
  startedAt: "2026-11-22T06:35:00.123Z", uptimeMs: 7_500_000, restarts: 12, nextStartAt: null, cpuPercent: 99.96,
  memoryBytes: 1_134_592, lastExit: exit,
};

suite("sentry status", { concurrency: 2 }, () => {
  test("has a line for each process, in the order of the configuration; ps is the same", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"], { count: 2 }), entry("job", "sh", ["-c", "exit 3"], 3600000, 1)');
    const sentry = site.start();
    await sentry.line(/job.*Exited/);
    await until("all are started", async () => ((await site.get("/processes")).body as Process[]).every(({ state }) => state !== "starting"));
    const { code, stdout, stderr } = await site.sentry(["status", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const [head = "", ...lines] = stdout.trimEnd().split("\n");
    assert.match(head, /^PROCESS +STATE +PID +UPTIME +RESTARTS +CPU +MEMORY +LAST EXIT$/);
    assert.match(lines[0] ?? "", /^web:0 +running +\d+ +\d/);
    assert.match(lines[1] ?? "", /^web:1 +running +\d+ +\d/);
    assert.match(lines[2] ?? "", /^job:0 +waiting +- +- .*code 3, .* ago; next start in (59m 5\ds|1h 0m)$/);
    assert.equal(lines.length, 3);
    const ps = await site.sentry(["ps", "-c", "sample.ts"]);
    assert.equal(ps.code, 0);
    const ids = (text: string) => text.split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(ids(ps.stdout), ids(stdout));
    await sentry.stop();
  });

  test("--json is the answer of GET /processes, and that alone", async (t) => {
    const site = new Site(t);
    const odd = { ...shown, args: ["\u001b[2J\u009b31m\u202e"] };
    await answering(t, site, { "GET /processes": [odd] });
    const { code, stdout, stderr } = await site.sentry(["status", "--json", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(JSON.parse(stdout), [odd]);
    assert.match(stdout, /\\u001b\[2J\\u009b31m\\u202e/, "a terminal that it comes to by accident is safe");
  });

  test("tells what there is to tell of a process, and of what another version does not say, that it is not known", async (t) => {
    const site = new Site(t);
    await answering(t, site, {
      "GET /processes": [shown, { id: "web:1", state: "dreaming", aField: "of the future" }, { ...shown, id: "web:2", lastExit: { ...exit, signal: "SIGKILL", coreDumped: false, oomKilled: true, cause: "scaled" } }],
    });
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    const [, ...lines] = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^web:0 +running +1514 +2h 5m +12 +100\.0% +1\.1M +SIGSEGV \(core dumped\), .* ago$/);
    assert.match(lines[1] ?? "", /^web:1 +dreaming( +-){6}$/);
    assert.match(lines[2] ?? "", /SIGKILL \(out of memory, scaled\), .* ago$/);
  });

  test("says it where nothing runs", async (t) => {
    const site = new Site(t);
    site.config("");
    const answers = { "GET /processes": [{ ...shown, state: "stopped", pid: null, uptimeMs: null }] as object[] };
    await answering(t, site, answers);
    assert.match((await site.sentry(["status", "sample.ts"])).stdout, /^web:0 +stopped +- [^]*\n\nNothing runs\.\n$/m);
    answers["GET /processes"] = [];
    assert.equal((await site.sentry(["status", "sample.ts"])).stdout, `Nothing is to run for ${site.path("sample.ts")}.\n`);
  });

  test("lists below the table what nobody can say whose it is, and says where that is explained", async (t) => {
    const site = new Site(t);
    const answers = { "GET /processes": [shown], "GET /strays": [] as object[] };
    const { asked } = await answering(t, site, answers);
    const none = (await site.sentry(["status", "sample.ts"])).stdout;
    assert.equal(none.trimEnd().split("\n").length, 2);
    answers["GET /strays"] = [{ pid: 1520, name: "sle\u001bep", state: "S", startedAt: "2026-11-22T06:35:00.123Z" }];
    assert.equal((await site.sentry(["status", "sample.ts"])).stdout,
      `${none}\n1 process was started by one of these, and nothing says by which: sle\\x1bep (PID 1520). It is left alone; docs/stopping.md says why.\n`);
    answers["GET /strays"] = Array.from({ length: 12 }, (_, n) => ({ pid: 1600 + n, name: "sleep", state: "S" }));
    const many = (await site.sentry(["status", "sample.ts"])).stdout;
    assert.match(many, /\n12 processes were started by one of these, .*: sleep \(PID 1600\), .*sleep \(PID 1609\), and 2 more\. They are left alone;/);
    assert.ok(!many.includes("1610"));
    asked.length = 0;
    assert.deepEqual(JSON.parse((await site.sentry(["status", "--json", "sample.ts"])).stdout), [shown]);
    assert.deepEqual(asked, ["GET /processes"]);
  });

  test("shows the others also where Sentry cannot look for such processes", async (t) => {
    const site = new Site(t);
    await answering(t, site, {
      "GET /processes": [shown], "GET /strays": (response) => problem(response, 500, "E_FAILED", "what went wrong stands in Sentry's own output"),
    });
    const { code, stdout, stderr } = await site.sentry(["status", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^web:0 +running[^]*\n\nWhether there are others, .*: what went wrong stands in Sentry's own output\.\n$/m);
  });

  test("has what moves a cursor spelled out", async (t) => {
    const site = new Site(t);
    await answering(t, site, { "GET /processes": [{ ...shown, state: "run\u001b[2Jning\n\u009b" }] });
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    assert.ok(stdout.includes(String.raw`run\x1b[2Jning\x0a\x9b`), stdout);
    assert.equal(stdout.trimEnd().split("\n").length, 2);
  });

  test("fits a terminal, and has a summary there", async (t) => {
    const site = new Site(t);
    await answering(t, site, { "GET /processes": [shown, { ...shown, id: "web:1" }, { ...shown, id: "web:2", state: "waiting", pid: null }] });
    const command = site.command("status", "sample.ts").map((word) => `'${word}'`).join(" ");
    for (const columns of [50, 70, 200]) {
      const terminal = site.terminal("sh", ["-c", `stty cols ${columns}; exec ${command}`]);
      assert.equal(await terminal.ended, 0);
      const lines = terminal.screen.trimEnd().split("\r\n");
      assert.equal(lines.at(-1), "3 in all: 2 running, 1 waiting.");
      for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
      assert.equal(lines[0]?.includes("MEMORY"), columns > 50);
    }
  });
});

test("what has failed is red on a terminal, unless NO_COLOR is set, and plain in a pipe", async (t) => {
  const site = new Site(t);
  const gone = { pid: null, uptimeMs: null };
  await answering(t, site, { "GET /processes": [shown, { ...shown, ...gone, id: "web:1", state: "failed" }, { ...shown, ...gone, id: "web:2", state: "finished" }] });
  const { stdout } = await site.sentry(["status", "sample.ts"]);
  assert.ok(!stdout.includes("\u001b"), stdout);
  const command = site.command("status", "sample.ts").map((word) => `'${word}'`).join(" ");
  for (const [before, isRed] of [["unset NO_COLOR;", true], ["export NO_COLOR=1;", false]] as const) {
    const terminal = site.terminal("sh", ["-c", `${before} stty cols 200; exec ${command}`]);
    assert.equal(await terminal.ended, 0);
    const [, running, failed, finished, , summary] = terminal.screen.trimEnd().split("\r\n");
    assert.equal(/^\u001b\[31mweb:1 +failed .*\u001b\[0m$/.test(failed ?? ""), isRed, failed);
    for (const line of [running, finished]) assert.ok(!line?.includes("\u001b"), line);
    assert.equal(summary, "3 in all: 1 running, 1 failed, 1 finished.");
  }
});

test("a table that is too wide loses the columns that matter least, and never the first or the last", () => {
  const rows = [["NAME", "STATE", "CPU", "WHY"], ["a-long-name", "running", "99.9%", "a sentence of more than a few words"]];
  const shown = (room: number): string[] => table(narrowed(rows, [0, 1, 2, 0], room), room);
  assert.deepEqual(shown(Infinity)[0], "NAME         STATE    CPU    WHY");
  assert.deepEqual(shown(80)[0], "NAME         STATE    CPU    WHY");
  assert.deepEqual(shown(45)[0], "NAME         STATE    WHY");
  assert.deepEqual(shown(40)[0], "NAME         WHY");
  for (const room of [33, 40, 45, 60, 80]) {
    for (const line of shown(room)) assert.ok(line.length <= room, `${room}: ${line}`);
  }
  assert.deepEqual(shown(10)[0], "NAME         WHY");
});

test("all lines of a row are painted, and no other", () => {
  const rows = [["web", "one two three four five six"], ["db", "x"]];
  assert.deepEqual(table(rows, 25, (line, row) => row === 0 ? `<${line}>` : line), ["<web  one two three four>", "<     five six>", "db   x"]);
});
