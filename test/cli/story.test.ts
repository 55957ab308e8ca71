import assert from "node:assert/strict";
import { test } from "node:test";

import { story } from "../../src/cli/story.ts";
import type { Told } from "../../src/cli/story.ts";
import { table } from "../../src/cli/table.ts";

let seconds = 0;
function told(type: string, more: Partial<Told> = {}): Told {
  const at = `2026-11-22T06:34:${String(seconds++ % 60).padStart(2, "0")}.120431Z`;
  return {
    at, type, entry: "web", slot: 0, pid: null, code: null, signal: null, coreDumped: false, status: null, cause: null,
    by: null, ...more,
  };
}

const sentences = (...lines: Told[]): string[] => story(lines).map((line) => {
  assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  /);
  return line.slice("2026-11-22 06:34:59  ".length);
});

const ended = { pid: 1514, status: "known", cause: "exited", ranMs: 4003, userMs: 1, systemMs: 1, mono: 5000 };
const thu = { kind: "socket", pid: 4711, uid: 1000 };

test("an exit is told with its status, its time and what follows", () => {
  assert.deepEqual(sentences(
    told("started", { pid: 1514, restarts: 0 }),
    told("exited", { ...ended, code: 3 }),
    told("started", { slot: 1, pid: 1515, restarts: 2 }),
    told("waiting", { until: 6000 }),
    told("exited", { ...ended, signal: "SIGSEGV", coreDumped: true, ranMs: 200_000, userMs: 1500 }),
    told("waiting", { until: 5000 }),
    told("exited", { ...ended, status: "unknown", cause: "unknown", ranMs: 12 }),
  ), [
    "web:0 started (PID 1514)",
    "web:0 exited with code 3 after 4.0 s (CPU 0.00 s): restart in 1 s",
    "web:1 started (PID 1515, restart 2)",
    "web:0 was ended by SIGSEGV (core dumped) after 3 min 20 s (CPU 1.50 s): restart at once",
    "web:0 ended, nobody can know how, after 12 ms (CPU 0.00 s)",
  ]);
});

test("who asked is told, and how", () => {
  assert.deepEqual(sentences(
    told("stopping", { cause: "stopped", by: thu }),
    told("exited", { ...ended, code: 0, cause: "stopped" }),
    told("stopped"),
    told("waiting", { by: thu, until: 1 }),
    told("scaled", { slot: null, count: 3, by: { ...thu, kind: "token" } }),
    told("stopping", { slot: 3, cause: "scaled", by: thu }),
  ), [
    "web:0 was told to end by uid 1000 (PID 4711, over the socket)",
    "web:0 exited with code 0 after 4.0 s (CPU 0.00 s), stopped",
    "web:0 is stopped",
    "web:0 was asked to be up by uid 1000 (PID 4711, over the socket)",
    "web was scaled to 3 by uid 1000 (PID 4711, over TCP)",
    "web:3 was told to end by uid 1000 (PID 4711, over the socket), for fewer are wanted",
  ]);
});

test("what Sentry itself did is told", () => {
  const own = { entry: null, slot: null };
  const signal = { kind: "signal", pid: 1, uid: 0 };
  assert.deepEqual(sentences(
    told("reloaded", { ...own, by: signal }),
    told("fault", { ...own, step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "" }),
    told("tookOver", { ...own, pid: 1511, processes: 12 }),
    told("added", { slot: null }),
    told("removed", { slot: null }),
    told("stopped", { ...own, by: signal }),
    told("stopped", { ...own, by: { kind: "signal", pid: null, uid: null } }),
  ), [
    "Sentry reloaded the configuration, asked by uid 0 (PID 1, by signal)",
    "Sentry could not reload: exec: ENOENT (no such file or directory)",
    "Sentry took over 12 processes of PID 1511, which is gone",
    "web was added to the configuration",
    "web was removed from the configuration",
    "Sentry was stopped, with all that it ran, asked by uid 0 (PID 1, by signal)",
    "Sentry was stopped, with all that it ran, asked by a signal",
  ]);
});

test("a start that failed is told with its step and its error, and nothing in it can move the cursor", () => {
  const fault = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/srv/\u001b[2Jweb\n" };
  assert.deepEqual(sentences(told("fault", fault), told("waiting", { until: 100 })), [
    "web:0 could not be started: /srv/\\x1b[2Jweb\\x0a: exec: ENOENT (no such file or directory): another try follows",
  ]);
});

const failed = { ...ended, code: 3 };

test("what is not started again is told with how often it was tried, where that is known", () => {
  assert.deepEqual(sentences(
    told("exited", { ...ended, code: 0 }),
    told("finished"),
    told("waiting", { by: thu, until: 1 }),
    told("exited", failed),
    told("failed"),
    told("waiting", { by: thu, until: 1 }),
    told("exited", failed),
    told("waiting", { until: 6000 }),
    told("fault", { step: "exec", errno: "ENOENT", message: "no such file or directory", run: 8 }),
    told("failed", { slot: 1 }),
    told("failed"),
    told("waiting", { by: thu, until: 1 }),
    told("exited", failed),
    told("failed"),
  ).filter((sentence) => !sentence.includes("asked")), [
    "web:0 exited with code 0 after 4.0 s (CPU 0.00 s)",
    "web:0 has finished, and is not started again",
    "web:0 exited with code 3 after 4.0 s (CPU 0.00 s)",
    "web:0 has failed, and is not started again",
    "web:0 exited with code 3 after 4.0 s (CPU 0.00 s): restart in 1 s",
    "web:0 could not be started: exec: ENOENT (no such file or directory)",
    "web:1 has failed, and is not started again",
    "web:0 has failed too often, and is not started again",
    "web:0 exited with code 3 after 4.0 s (CPU 0.00 s)",
    "web:0 has failed, and is not started again",
  ]);
});

test("restarts without a delay are tries as well", () => {
  assert.equal(sentences(told("exited", failed), told("started", { pid: 1515 }), told("exited", failed), told("failed")).at(-1),
    "web:0 has failed too often, and is not started again");
});

test("a daemon is told with the pid that it has from then on", () => {
  assert.deepEqual(sentences(told("ready", { pid: 1520 })), ["web:0 is ready (PID 1520)"]);
});

test("what a process has left behind is told to end, and a restart after that is a line of its own", () => {
  assert.deepEqual(sentences(
    told("exited", { ...ended, code: 0 }),
    told("stopping", { cause: "leftover", until: 15_000 }),
    told("fault", { run: null, step: "kill", errno: "", message: "1520 (dd) is in state D and cannot be interrupted", cause: "leftover" }),
    told("waiting", { until: 90_000 }),
    told("fault", { run: null, step: "follow", errno: "ESRCH", message: "no such process", subject: "/run/web.pid" }),
  ), [
    "web:0 exited with code 0 after 4.0 s (CPU 0.00 s)",
    "web:0 left processes behind, which are told to end",
    "web:0 could not be ended: kill: 1520 (dd) is in state D and cannot be interrupted",
    "web:0 waits for its start",
    "web:0 could not be followed: /run/web.pid: follow: ESRCH (no such process)",
  ]);
});

test("readiness, health, order and schedules are told in words", () => {
  assert.deepEqual(sentences(
    told("blocked", { after: ["db", "migrate"] }), told("ready", { pid: 7 }), told("unhealthy", { failures: 3, message: "GET http://127.0.0.1/: 503" }),
    told("stopping", { cause: "memory", reason: "601M of 512M" }), told("waiting", { cause: "schedule", until: null }),
    { ...told("fault", { cause: "schedule", step: "schedule", message: "it was due, and web:0 had not ended" }), slot: null },
  ), [
    "web:0 waits for db, migrate",
    "web:0 is ready (PID 7)",
    "web:0 was found unhealthy 3 times in a row: GET http://127.0.0.1/: 503",
    "web:0 was told to end, for it took too much memory: 601M of 512M",
    "web:0 waits for the next time of its schedule",
    "web has not run: it was due, and web:0 had not ended",
  ]);
});

test("that a slot waits for its schedule is told once, and not again when the time is known", () => {
  assert.deepEqual(sentences(
    told("waiting", { cause: "schedule", until: null }), told("waiting", { cause: "schedule", until: 9000 }),
    told("started", { pid: 7 }), told("exited", { ...ended, code: 0 }), told("waiting", { cause: "schedule", until: 9000 }),
  ), ["web:0 waits for the next time of its schedule", "web:0 started (PID 7)", "web:0 exited with code 0 after 4.0 s (CPU 0.00 s)"]);
});

test("a type of a later version is told as it is", () => {
  assert.deepEqual(sentences(told("dreamt", { cause: "watchdog" })), ["web:0: dreamt (watchdog)"]);
});

test("a table's columns line up, and its last one keeps to the room that there is", () => {
  const rows = [["web", "replaced", "command sleep → cat, user www → nobody"], ["database", "unchanged", ""]];
  assert.deepEqual(table(rows, Infinity), [
    "web       replaced   command sleep → cat, user www → nobody",
    "database  unchanged",
  ]);
  assert.deepEqual(table(rows, 45), [
    "web       replaced   command sleep → cat,",
    "                     user www → nobody",
    "database  unchanged",
  ]);
});

test("a table shows what would move the cursor spelled out", () => {
  assert.deepEqual(table([["web", "args \u001b[31m"]], 80), ["web  args \\x1b[31m"]);
});

test("what was lost is told with how many, and what", () => {
  assert.deepEqual(sentences(
    told("lost", { entry: null, slot: null, what: "output", count: 7 }),
    told("lost", { entry: null, slot: null, what: "processEvents", count: 2 }),
  ), ["7 lines of output were dropped, for nobody took them", "2 of the kernel's process events were lost"]);
});
