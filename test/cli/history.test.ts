/** The file `history` in the run folder: what other tools may read. */
import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import type { HistoryLine } from "../../src/engine/line.ts";
import { history, processes, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const ALL = ["id", "at", "type", "entry", "slot", "pid", "code", "signal", "coreDumped", "status", "cause", "by"];

/** What docs/survival.md promises besides. */
const MORE: Partial<Record<HistoryLine["type"], readonly string[]>> = {
  started: ["mark", "boot", "identity", "restarts"], exited: ["ranMs", "userMs", "systemMs", "maxRssBytes"],
  waiting: ["until"], stopping: ["until"], fault: ["step", "errno", "message"],
};

const isGone = (pid: number): boolean => [null, "Z"].includes(stateOf(pid));

suite("the history", { concurrency: 2 }, () => {
  test("has one JSON object a line with every key, and ids that grow by one over a reload, a SIGKILL and a stop", async (t) => {
    const site = new Site(t);
    const config = (more = "") => site.config(`entry("web", "sleep", ["1000"], { count: 2 }), entry("job", "sh", ["-c", "exit 3"], 50, 1), entry("missing", "./nowhere", [], { delay: "1h" })${more}`);
    config(', entry("old", "sleep", ["1000"])');
    const first = site.start();
    await Promise.all([first.started("web"), first.started("old"), first.line(/cannot start missing/), first.line(/job.*Exited/)]);
    for (const words of [["scale", "web", "3"], ["down", "web:0"], ["up", "web:0"]]) {
      assert.equal((await site.sentry([...words, "-c", "sample.ts"])).code, 0);
    }
    await until("web:0 is there again", async () => (await processes(site)).filter(({ entry, state }) => entry === "web" && state === "running").length === 3);
    config(', entry("new", "sleep", ["1000"])');
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await first.started("new");
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isGone(first.pid));
    const second = site.start();
    await second.line(/^Sentry took over/);
    await second.stop();
    const third = site.start();
    await third.started("new");
    await third.stop();

    assert.equal(statSync(site.path("sample.run/history")).mode & 0o777, 0o600);
    const lines = history(site);
    assert.ok(readFileSync(site.path("sample.run/history"), "utf8").endsWith("}\n"));
    assert.deepEqual(lines.map(({ id }) => id), lines.map((_, n) => n + 1));
    const types = new Set(lines.map(({ type }) => type));
    for (const type of ["started", "exited", "fault", "stopping", "stopped", "waiting", "scaled", "added", "removed", "reloaded", "tookOver"] as const) {
      assert.ok(types.has(type), `there is no ${type}`);
    }
    for (const line of lines) {
      assert.deepEqual(Object.keys(line).slice(0, ALL.length), ALL, JSON.stringify(line));
      for (const key of MORE[line.type] ?? []) assert.ok(key in line, `${key} is missing in ${JSON.stringify(line)}`);
      assert.match(line.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.equal(line.status, line.type === "exited" ? "known" : null, JSON.stringify(line));
    }
    const own = lines.filter(({ entry }) => entry === null).map(({ type, by }) => `${type} ${by?.kind ?? "nobody"}`);
    assert.deepEqual(own, ["reloaded socket", "tookOver nobody", "stopped signal", "stopped signal"]);
    // Each start has its one exit, of the same pid.
    const runs = (type: HistoryLine["type"]) => history(site, type).map((line) => `${String(line["run"])} ${line.entry}:${line.slot} ${line.pid}`).sort();
    assert.deepEqual(runs("started"), runs("exited"));
  });

  test("says who asked: the signal's sender, or the peer of the socket", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("x");
    const uid = process.getuid?.();
    const scale = site.start(["scale", "x", "2", "-c", "sample.ts"]);
    const { pid } = scale;
    assert.equal((await scale.ended).code, 0);
    await sentry.started("x");
    sentry.kill("SIGHUP");
    await sentry.line(/^Sentry reexec'd/);
    await sentry.stop("SIGINT");
    const asked = history(site, "scaled", "reloaded", "stopping", "stopped").filter(({ by }) => by !== null).map(({ type, by }) => [type, by]);
    const signal = { kind: "signal", pid: process.pid, uid };
    assert.deepEqual(asked.filter(([type]) => type === "scaled"), [["scaled", { kind: "socket", pid, uid }]]);
    assert.deepEqual(asked.filter(([type]) => type === "reloaded"), [["reloaded", signal]]);
    assert.ok(asked.filter(([type]) => type === "stopping").length === 2);
    for (const [type, by] of asked) if (type !== "scaled") assert.deepEqual(by, signal, JSON.stringify(type));
  });

  test("and all other files have nothing of a process's environment, nor has what is handed over", async (t) => {
    const site = new Site(t);
    site.write("secrets", "FROM_FILE=hush-file\n");
    site.config([
      'entry("a", "sleep", ["1000"], { env: { PASSWORD: "hush-option" }, envFile: "./secrets" })',
      'entry("b", "sleep", ["1000"], { env: ({ slot }) => ({ TOKEN: ["hush", "function", slot].join("-") }) })',
      'entry("c", "./nowhere", [], { env: { PASSWORD: "hush-fault" }, delay: "1h" })',
    ].join());
    const env = { INHERITED: "hush-inherited" };
    const first = site.start(undefined, { env });
    const [a, b] = await Promise.all([first.started("a"), first.started("b"), first.line(/cannot start c/)]);
    const has = (pid: number): string => readFileSync(`/proc/${pid}/environ`, "utf8");
    assert.match(has(a), /hush-option/);
    assert.match(has(a), /hush-file/);
    assert.match(has(a), /hush-inherited/);
    assert.match(has(b), /hush-function-0/);
    const clean = (when: string): void => {
      for (const name of readdirSync(site.path("sample.run"), { recursive: true, encoding: "utf8" })) {
        const path = join(site.path("sample.run"), name);
        if (statSync(path).isFile()) assert.ok(!readFileSync(path, "utf8").includes("hush"), `${when}: ${name}`);
      }
    };
    clean("at first");
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    clean("after a reload");
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isGone(first.pid));
    clean("after a SIGKILL");
    const second = site.start(undefined, { env });
    await second.line(/^Sentry took over/);
    clean("after a take-over");
    await second.stop();
    clean("at last");
  });

  test("whose last line was torn goes on after the last whole one", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["1000"])');
    const first = site.start();
    await first.started("x");
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isGone(first.pid));
    const before = history(site);
    appendFileSync(site.path("sample.run/history"), `{"id":${before.length + 1},"at":"2026-11-22T06:34:59.1204`);
    const second = site.start();
    await second.line(/^Sentry took over 1 process/);
    await second.stop();
    const after = history(site);
    assert.deepEqual(after.slice(0, before.length), before);
    assert.ok(after.length > before.length);
    assert.deepEqual(after.map(({ id }) => id), after.map((_, n) => n + 1));
  });
});
