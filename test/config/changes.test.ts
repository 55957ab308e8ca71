import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { changesBetween } from "../../src/config/changes.ts";
import type { Change, Present } from "../../src/config/changes.ts";
import { complete } from "../../src/config/complete.ts";
import type { EntryConfiguration } from "../../src/config/configuration.ts";
import { definitionOf } from "../../src/config/definition.ts";
import type { Definition } from "../../src/config/definition.ts";
import { readProgram } from "../../src/config/given.ts";
import { entry, sentry } from "../../src/index.ts";
import type { EntryOptions } from "../../src/index.ts";
import { inFolder } from "./folder.ts";

function configured(name: string, command = "sleep", args: string[] = ["4"], options: EntryOptions = {}): EntryConfiguration {
  const [made] = complete("/sample.ts", "/", readProgram(sentry([entry(name, command, args, options)]), "/sample.ts")).entries;
  assert(made !== undefined);
  return made;
}

function defined(...given: Parameters<typeof configured>): Definition {
  // As it comes back from the state file.
  return JSON.parse(JSON.stringify(definitionOf(configured(...given)))) as Definition;
}

function present({ law, process, attention }: Definition, more: Partial<Present> = {}): Present {
  return { law, process, attention, count: law.count, down: [], ...more };
}

/** What becomes of `web`, made of the one thing, when it is to be made of the other. */
function change(before: EntryOptions, after: EntryOptions, now: Partial<Present> = {}): Change {
  const [only, ...more] = changesBetween([present(defined("web", "sleep", ["4"], before), now)], [defined("web", "sleep", ["4"], after)]);
  assert(only !== undefined && more.length === 0);
  return only;
}

test("processes of which nobody knows what they were made of are replaced", () => {
  assert.deepEqual(change({}, {}, { process: null }), { entry: "web", change: "replaced", because: ["what its processes were made of is not known any more"] });
});

test("nothing changed is nothing to be done", () => {
  assert.deepEqual(change({ count: 2, env: { A: "1", B: "2" } }, { count: 2, env: { B: "2", A: "1" } }), { entry: "web", change: "unchanged", because: [] });
});

test("entries are matched by name, in the order of the new configuration; what is gone comes last", () => {
  const before = ["gone", "a", "b", "away"].map((name) => present(defined(name)));
  const after = [defined("new"), defined("b"), defined("a", "cat")];
  assert.deepEqual(changesBetween(before, after).map((one) => [one.entry, one.change]), [
    ["new", "added"], ["b", "unchanged"], ["a", "replaced"], ["gone", "removed"], ["away", "removed"],
  ]);
});

test("what only says when and how many is changed in place", () => {
  assert.deepEqual(change({ count: 2 }, { count: 3, delay: "2s" }), {
    entry: "web", change: "inPlace", because: ["count 2 → 3", "delay 1000 ms → 2000 ms"],
  });
});

test("how it ends and is restarted is changed in place, and each reason is told", () => {
  const cases: [EntryOptions, string[]][] = [
    [{ restart: "on-failure" }, ["restart always → on-failure"]],
    [{ successCodes: [3, 0] }, ["successCodes [0] → [0,3]"]],
    [{ backoff: { max: "5s" } }, ["backoff none → factor 2, max 5000 ms, jitter 0.2, resetAfter 30000 ms"]],
    [{ limit: { count: 10, within: "5m" } }, ["limit none → 10 within 300000 ms"]],
    [{ stop: { signal: "SIGQUIT", grace: 0, scope: "group" } },
      ["stop.signal SIGTERM → SIGQUIT", "stop.grace 10000 ms → 0 ms", "stop.scope tree → group"]],
  ];
  for (const [after, because] of cases) {
    assert.deepEqual(change({}, after), { entry: "web", change: "inPlace", because });
    assert.equal(change(after, {}).change, "inPlace");
    assert.equal(change(after, after).change, "unchanged");
  }
  assert.deepEqual(change({ successCodes: [3, 0] }, { successCodes: [0, 3, 3] }).change, "unchanged");
  assert.deepEqual(change({ daemon: true }, { daemon: true, ready: { timeout: "5s" } }), {
    entry: "web", change: "inPlace", because: ["ready.timeout 60000 ms → 5000 ms"],
  });
});

test("a daemon is another process than one that is none, or one with another file", () => {
  const cases: [EntryOptions, EntryOptions, string][] = [
    [{}, { daemon: true }, "daemon none → true"],
    [{ daemon: true }, { daemon: { pidFile: "a.pid" } }, "daemon true → /a.pid"],
    [{ daemon: { pidFile: "a.pid" } }, { daemon: { pidFile: "/b.pid" } }, "daemon /a.pid → /b.pid"],
    [{ daemon: { pidFile: "a.pid" } }, { daemon: false }, "daemon /a.pid → none"],
  ];
  for (const [before, after, because] of cases) assert.deepEqual(change(before, after), { entry: "web", change: "replaced", because: [because] });
});

test("what an older version has left, which knew of no daemons, is no change", () => {
  const { law, process } = defined("web");
  const { daemon: _, ...older } = process;
  const before: Present = { law, process: older as typeof process, attention: null, count: 1, down: [] };
  assert.equal(changesBetween([before], [defined("web")])[0]?.change, "unchanged");
  assert.deepEqual(changesBetween([before], [defined("web", "sleep", ["4"], { daemon: true })])[0]?.because, ["daemon none → true"]);
});

test("what is looked at from outside, and when it runs, is changed in place", () => {
  const cases: [EntryOptions, EntryOptions, string[]][] = [
    [{}, { ready: { tcp: 80 } }, ["ready none → tcp localhost:80 every 250 ms"]],
    [{ ready: { tcp: "[::1]:80" } }, { ready: { http: "http://[::1]/", interval: 5 } }, ["ready tcp [::1]:80 every 250 ms → http http://[::1]/ every 5 ms"]],
    [{ ready: { log: /a/i } }, { ready: { exec: ["a", "b c"] } }, ['ready log /a/i → exec ["a","b c"] every 250 ms']],
    [{ ready: { tcp: 80 } }, { ready: { tcp: 80, timeout: 5 } }, ["ready.timeout 60000 ms → 5 ms"]],
    [{}, { health: { tcp: 80 } }, ["health none → tcp localhost:80 every 10000 ms within 1000 ms, 3 failures"]],
    [{ health: { exec: ["a"] } }, { health: { exec: ["a"], interval: 1, timeout: 2, failures: 5 } },
      ['health exec ["a"] every 10000 ms within 1000 ms, 3 failures → exec ["a"] every 1 ms within 2 ms, 5 failures']],
    [{}, { schedule: "0 4 * * *" }, ["schedule none → 0 4 * * *, skip"]],
    [{ schedule: "@daily" }, { schedule: { cron: "@daily", timezone: "UTC", overlap: "kill" } }, ["schedule @daily, skip → @daily, UTC, kill"]],
    [{}, { watch: "src/**" }, ["watch none → /src/**"]],
    [{ watch: ["a", "b"] }, {}, ["watch /a, /b → none"]],
    [{}, { restartAbove: "1K" }, ["restartAbove none → 1024 bytes"]],
  ];
  for (const [before, after, because] of cases) {
    assert.deepEqual(change(before, after), { entry: "web", change: "inPlace", because });
    assert.equal(change(after, before).change, "inPlace");
    assert.equal(change(after, after).change, "unchanged");
  }
});

test("what it comes after is changed in place, as often as something in it changes", () => {
  const others = [entry("a", "b", { restart: "never" }), entry("c", "d")];
  const of = (after: EntryOptions["after"]): Definition => {
    const { entries } = complete("/s.ts", "/", readProgram(sentry([entry("web", "x", after === undefined ? {} : { after }), ...others]), "/s.ts"));
    return definitionOf(entries[0] ?? assert.fail());
  };
  const told = (before: EntryOptions["after"], after: EntryOptions["after"]) => changesBetween([present(of(before))], [of(after)])[0]?.because;
  assert.deepEqual(told(undefined, "a"), ["after none → a (ready)"]);
  assert.deepEqual(told(["a", "c"], { entry: "a", on: "finished" }), ["after a (ready), c (ready) → a (finished)"]);
  assert.deepEqual(told(["a"], [{ entry: "a" }]), []);
  assert.deepEqual(told(["a"], []), ["after a (ready) → none"]);
});

test("what a process is given when it is started takes a new process", () => {
  const cases: [EntryOptions, EntryOptions, string[]][] = [
    [{}, { ready: "notify" }, ["ready none → notify"]],
    [{ ready: { fd: 3 } }, { ready: { fd: 4 } }, ["ready fd 3 → fd 4"]],
    [{ ready: { fd: 3 } }, { ready: { tcp: 80 } }, ["ready fd 3 → tcp localhost:80 every 250 ms"]],
    [{}, { watchdog: "30s" }, ["watchdog none → 30000 ms"]],
    [{ watchdog: "30s" }, { watchdog: "10s" }, ["watchdog 30000 ms → 10000 ms"]],
    [{ ready: "notify" }, { ready: { tcp: 80 }, watchdog: "30s" }, ["watchdog none → 30000 ms", "ready notify → tcp localhost:80 every 250 ms"]],
  ];
  for (const [before, after, because] of cases) {
    assert.deepEqual(change(before, after), { entry: "web", change: "replaced", because });
    assert.equal(change(after, before).change, "replaced");
    assert.equal(change(after, after).change, "unchanged");
  }
  // The socket is the watchdog's as well, and stays.
  assert.equal(change({ ready: "notify", watchdog: "30s" }, { watchdog: "30s" }).change, "inPlace");
});

test("where its output goes is changed in place, as long as it goes through a pipe, and each reason is told", () => {
  const all: EntryOptions = { log: { file: "b", maxSize: "4K", keep: 0, format: "json", terminal: true } };
  const cases: [EntryOptions, EntryOptions, string[]][] = [
    [{}, { log: { file: "a" } }, ["log default → /a, raw, 10485760 bytes, keep 5"]],
    [all, {}, ["log /b, json, 4096 bytes, keep 0, terminal → default"]],
    [{ log: { file: "a" } }, { log: { file: "/srv/b.{slot}.log" } }, ["log.file /a → /srv/b.{slot}.log"]],
    [{ log: { file: "b" } }, all, ["log.maxSize 10485760 bytes → 4096 bytes", "log.keep 5 → 0", "log.format raw → json", "log.terminal false → true"]],
    [{ log: { file: "b" } }, { log: { file: "b", compress: true } }, ["log.compress false → true"]],
    [{ ready: { log: /a/ }, log: "none" }, { ready: { log: /a/ } }, ["log none → default"]],
  ];
  for (const [before, after, because] of cases) {
    assert.deepEqual(change(before, after), { entry: "web", change: "inPlace", because });
    assert.equal(change(after, before).change, "inPlace");
    assert.equal(change(after, after).change, "unchanged");
  }
});

test("what its stdout and stderr are takes a new process", () => {
  const cases: [EntryOptions, EntryOptions, string[]][] = [
    [{}, { log: "inherit" }, ["log default → inherit"]],
    [{ log: "inherit" }, { log: "none" }, ["log inherit → none"]],
    [{ log: "none" }, { log: { file: "a", compress: true } }, ["log none → /a, raw, 10485760 bytes, keep 5, compress"]],
    [{ log: "none" }, { log: "none", ready: { log: /a/ } }, ["ready none → log /a/"]],
    [{ log: "inherit", delay: 1 }, { delay: 2 }, ["log inherit → default", "delay 1 ms → 2 ms"]],
  ];
  for (const [before, after, because] of cases) {
    assert.deepEqual(change(before, after), { entry: "web", change: "replaced", because });
    assert.equal(change(after, before).change, "replaced");
    assert.equal(change(after, after).change, "unchanged");
  }
});

test("what an older version has left, which knew of no log, is no change, and had a pipe", () => {
  const { law, process, attention } = defined("web");
  const { log: _log, ...older } = attention;
  const before: Present = { law, process, attention: older as typeof attention, count: 1, down: [] };
  const told = (log: EntryOptions["log"]): Change | undefined => changesBetween([before], [defined("web", "sleep", ["4"], log === undefined ? {} : { log })])[0];
  assert.equal(told(undefined)?.change, "unchanged");
  assert.deepEqual(told({ file: "a" }), { entry: "web", change: "inPlace", because: ["log default → /a, raw, 10485760 bytes, keep 5"] });
  assert.deepEqual(told("none"), { entry: "web", change: "replaced", because: ["log default → none"] });
});

test("what an older version has left, which looked at nothing, is no change", () => {
  const { law, process } = defined("web");
  const { after: _after, schedule: _schedule, watchdog: _watchdog, health: _health, ready: _ready, ...older } = law;
  const before: Present = { law: older as typeof law, process, attention: null, count: 1, down: [] };
  assert.deepEqual(changesBetween([before], [defined("web")]), [{ entry: "web", change: "unchanged", because: [] }]);
  assert.deepEqual(changesBetween([before], [defined("web", "sleep", ["4"], { ready: "notify" })])[0]?.because, ["ready none → notify"]);
});

test("what a process is made of takes a new process, and each reason is told", () => {
  const [one] = changesBetween([present(defined("web"))], [defined("web", "cat", ["5", "a b"], { delay: 7 })]);
  assert.deepEqual(one, {
    entry: "web", change: "replaced",
    because: ["command sleep → cat", 'args ["4"] → ["5","a b"]', "delay 1000 ms → 7 ms"],
  });
  const cases: [EntryOptions, EntryOptions, string[]][] = [
    [{}, { cwd: "/srv" }, ["cwd / → /srv"]],
    [{ inheritEnv: ["A"] }, { inheritEnv: false }, ['inheritEnv ["A"] → false']],
    [{ user: "a" }, { user: "b", group: 5, groups: ["x"] }, ["user a → b", "group none → 5", 'groups none → ["x"]']],
    [{ umask: "022" }, { umask: "007" }, ["umask 022 → 007"]],
    [{ nice: 0 }, { nice: 5, oomScoreAdj: -7, noNewPrivileges: true }, ["nice 0 → 5", "oomScoreAdj none → -7", "noNewPrivileges false → true"]],
    [{ limits: { nofile: 10, core: "unlimited" } }, { limits: { nofile: { soft: 10, hard: 20 }, cpu: 1 } },
      ["limits.nofile 10 → 10:20", "limits.core unlimited → none", "limits.cpu none → 1"]],
    [{ listen: [80, "[::1]:81"] }, { listen: "/run/x.sock" }, ["listen *:80, [::1]:81 → /run/x.sock"]],
  ];
  for (const [before, after, because] of cases) {
    assert.deepEqual(change(before, after), { entry: "web", change: "replaced", because });
    assert.equal(change(after, before).change, "replaced");
  }
});

test("of an environment the names are told, and no value is kept", () => {
  const before = { A: "hunter2", B: "same", C: "1", D: "AB" };
  assert.deepEqual(change({ env: before }, { env: { ...before, A: "hunter3", C: undefined, E: "" } }).because, ["environment: A, C, E"]);
  assert.deepEqual(change({ env: { A: "1", B: "2" } }, { env: { A: "2", B: "1" } }).because, ["environment: A, B"]);
  const kept = JSON.stringify(defined("web", "sleep", [], { env: before }));
  assert(!kept.includes("hunter2"));
  assert.match(kept, /"A":"[0-9a-f]{32}"/);
});

test("a function for the environment is another when its text is", () => {
  const because = ["the function `env` changed"];
  assert.deepEqual(change({ env: () => ({ A: "1" }) }, { env: () => ({ A: "1" }) }).change, "unchanged");
  assert.deepEqual(change({ env: () => ({ A: "1" }) }, { env: () => ({ A: "2" }) }), { entry: "web", change: "replaced", because });
  assert.deepEqual(change({}, { env: () => ({}) }).because, because);
  assert(!JSON.stringify(defined("web", "sleep", [], { env: () => ({ A: "secret" }) })).includes("secret"));
});

test("a file of variables is another by its name or its content; one that could not be read had nothing to do with what runs", async () => {
  await inFolder({ "a.env": "A=1", "b.env": "A=1" }, (folder) => {
    const [a, b] = [join(folder, "a.env"), join(folder, "b.env")];
    assert.deepEqual(change({ envFile: a }, { envFile: b }).because, [`envFile ${a} → ${b}`]);
    const before = present(defined("web", "sleep", [], { envFile: a }));
    writeFileSync(a, "A=2");
    const after = [defined("web", "sleep", [], { envFile: a })];
    assert.deepEqual(changesBetween([before], after).map(({ because }) => because), [[`the content of ${a} changed`]]);
    const unread = present(defined("web", "sleep", [], { envFile: `${a}.x` }));
    writeFileSync(`${a}.x`, "A=1");
    assert.equal(changesBetween([unread], [defined("web", "sleep", [], { envFile: `${a}.x` })])[0]?.change, "unchanged");
  });
});

test("what was scaled and told to be down holds, and is shown, until the configuration changes the count", () => {
  assert.deepEqual(change({ count: 2 }, { count: 2 }, { count: 5, down: [1, 3] }), {
    entry: "web", change: "unchanged", because: ["scaled to 5 holds (count 2)", "web:1 is down", "web:3 is down"],
  });
  assert.deepEqual(change({ count: 2 }, { count: 3, delay: 1000 }, { count: 5, down: [1, 4] }), {
    entry: "web", change: "inPlace", because: ["count 2 → 3", "scaled to 5 is dropped", "web:1 comes up again"],
  });
  assert.deepEqual(change({ count: 2 }, { count: 2, nice: 1 }, { down: [0] }).because, ["nice none → 1", "web:0 is down"]);
});
