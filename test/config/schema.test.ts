import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { entry, sentry } from "../../src/index.ts";
import type { Program } from "../../src/index.ts";
import { check } from "../../src/config/check.ts";
import { explain } from "../../src/config/explain.ts";
import { readProgram } from "../../src/config/given.ts";
import { checkModule } from "../../src/config/schema.build.ts";
import { signals } from "../../src/config/signals.ts";

/** What the check says, and where it says no, the sentence for it. Types are the editor's; here come those who have none. */
function verdict(program: Program): string | null {
  const given = readProgram(program, "sample.ts");
  return check(given.asked) ? null : explain(given).message;
}
const explained = (options: object) => explain(readProgram(sentry([entry("web", "b", [], options)]), "sample.ts"));
const about = (options: object) => verdict(sentry([entry("web", "b", [], options)]));

test("check.ts is what schema.build.ts makes of the schema", () => {
  const source = new URL("../../../src/config/check.ts", import.meta.url);
  assert.equal(readFileSync(source, "utf8"), checkModule(), "run: node out/src/config/schema.build.js > src/config/check.ts");
});

test("an option of a later version is refused by name, never ignored", () => {
  assert.equal(about({ cgroup: {} }), "option `cgroup` of entry `web` is not built in this version");
});

test("a wrong option of the whole is refused, naming it", () => {
  const wrong: Record<string, unknown[]> = {
    http: [true, 8001, "127.0.0.1", "/run/http.sock", ":80", { address: "nowhere" }, { hosts: "a" }, { port: 80 }, [], null],
    maxCount: [0, -1, 1.5, "5", 100_001],
    processEvents: [1, "no"],
    on: ["notify", true, {}, null],
    exitWhen: ["first", true, null, ["any"]],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) assert.match(verdict(sentry([], { [option]: value } as object)) ?? "accepted", new RegExp(`^(option|unknown) \`${option}`), String(value));
  }
});

const wrong: Record<string, unknown[]> = {
  count: [-1, 1.5, "2", 100_001, Number.NaN, null, 2n],
  delay: [-1, 0.5, "1.5s", "10", "s", "-1s", Infinity, []],
  backoff: [true, 2, [], { factor: 0.9 }, { factor: "2" }, { factor: Infinity }, { max: "1d" }, { jitter: -0.1 }, { jitter: 1.1 }, { resetAfter: null }],
  restart: [true, "Always", "onFailure", "no", null],
  successCodes: [0, "0", {}, [256], [-1], [1.5], ["3"], [null]],
  limit: [10, {}, { count: 10 }, { within: "5m" }, { count: 1001, within: 1 }, { count: -1, within: 1 }, { count: 1, within: "5" }],
  stop: [
    "SIGTERM", [], { signal: "TERM" }, { signal: "sigterm" }, { signal: 15 }, { signal: "SIGIOT" }, { signal: "SIGRTMIN+0" },
    { signal: "SIGRTMIN+30" }, { signal: "SIGTERM\n" }, { grace: -1 }, { grace: "1.5s" }, { scope: "session" }, { scope: null },
  ],
  daemon: ["true", 1, null, {}, [], { pidFile: "" }, { pidFile: 3 }],
  ready: [
    "no", true, null, [], 3, { notify: false }, { fd: 2 }, { fd: 1024 }, { fd: "3" }, { tcp: 0 }, { tcp: 65_536 }, { tcp: [80] }, { http: "" },
    { http: 80 }, { exec: "true" }, { exec: [] }, { exec: ["a", 1] }, { log: "ready" }, { tcp: 80, timeout: "5" }, { tcp: 80, interval: -1 },
  ],
  health: [
    "notify", true, 80, null, [], { tcp: -1 }, { exec: [] }, { tcp: 80, failures: 0 }, { tcp: 80, failures: 1.5 }, { tcp: 80, failures: 1001 },
    { tcp: 80, interval: "1d" },
  ],
  watchdog: [-1, "30", true, {}, null],
  after: ["", 3, null, true, [""], [3], { entry: "" }, { on: "ready" }, { entry: "a", on: "stopped" }, [{ entry: "a", on: null }]],
  schedule: ["", 5, null, [], {}, { timezone: "UTC" }, { cron: 5 }, { cron: "* * * * *", timezone: "" }, { cron: "* * * * *", overlap: "queue" }],
  watch: ["", 3, true, null, [""], [null], {}],
  restartAbove: [-1, "1T", "1", 1.5, null, {}],
  log: [
    "web.log", "Inherit", true, false, null, 3, [], {}, ["none"], { maxSize: "1M" }, { file: "" }, { file: 3 }, { file: "a\0b" },
    { file: "a", maxSize: "1T" }, { file: "a", maxSize: 4096.5 }, { file: "a", maxSize: -1 }, { file: "a", maxSize: Infinity },
    { file: "a", keep: -1 }, { file: "a", keep: 1001 }, { file: "a", keep: 1.5 }, { file: "a", keep: "5" }, { file: "a", keep: Infinity },
    { file: "a", compress: "gzip" }, { file: "a", format: "text" }, { file: "a", format: null }, { file: "a", terminal: 1 },
  ],
  cwd: [3, "", "a\0b"],
  env: [3, [], { A: 1 }, { "": "x" }, { "A=B": "x" }, { A: "\0" }],
  envFile: [1, ""],
  inheritEnv: ["PATH", [1], ["A=B"]],
  user: [-1, 1.5, {}, ""],
  group: [true],
  groups: ["adm", [null]],
  umask: [0o1000, -1, "8", "999"],
  nice: [20, -21, "1"],
  oomScoreAdj: [1001, -1001],
  noNewPrivileges: [1],
  limits: [3, { nofile: -1 }, { cpu: "1G" }, { nofile: { soft: 1 } }, { as: "1T" }],
  listen: [0, 65_536, "", {}, [null]],
};
for (const [option, values] of Object.entries(wrong)) {
  test(`a wrong \`${option}\` is refused, naming entry and option`, () => {
    const sentence = new RegExp(`^option \`${option}.* of entry \`web\`.* must be .*, not `);
    for (const value of values) assert.match(about({ [option]: value }) ?? "accepted", sentence, String(value));
  });
}

test("names are a letter or digit and up to 63 of a few more", () => {
  for (const name of ["", "-a", ".a", "a b", "a/b", "a:0", "ä", 7, null, "x".repeat(65), "a\n"]) {
    assert.match(verdict(sentry([entry(name as string, "b")])) ?? "", /^the name of an entry must be a letter or digit, and then/);
  }
  for (const name of ["a", "0", "a.b_c-d", "x".repeat(64)]) assert.equal(verdict(sentry([entry(name, "b")])), null);
});

test("commands and arguments are texts without NUL bytes", () => {
  for (const command of ["", "a\0", undefined, 3]) {
    assert.match(verdict(sentry([entry("web", command as string)])) ?? "", /^the command of entry `web` must be .*, not /);
  }
  const args = (given: unknown) => verdict(sentry([entry("web", "b", given as string[])]));
  assert.equal(args("c"), 'the arguments of entry `web` must be a list of texts, not "c"');
  assert.equal(args(["c", 3]), "the arguments of entry `web`: number 2 must be text without NUL bytes, not 3");
  assert.equal(args(["", "\n"]), null);
});

test("the nearest known option is offered where one is near", () => {
  assert.equal(about({ zzzzzz: 3 }), "unknown option `zzzzzz` of entry `web`");
  assert.equal(explained({ cuont: 3 }).hint, "; did you mean `count`?");
  assert.equal(explained({ successCode: [0] }).hint, "; did you mean `successCodes`?");
  assert.equal(explained({ stop: { sinal: "SIGINT" } }).message, "unknown `stop.sinal` of entry `web`; did you mean `signal`?");
  assert.equal(explained({ ENV: {} }).hint, "; did you mean `env`?");
  assert.equal(explained({ limits: { nofle: 3 } }).message, "unknown `limits.nofle` of entry `web`; did you mean `nofile`?");
});

test("what is wrong within an option that has several forms is told where it is", () => {
  assert.equal(about({ health: { tpc: 80 } }), "unknown `health.tpc` of entry `web`; did you mean `tcp`?");
  assert.equal(about({ schedule: { cron: "* * * * *", timezon: "UTC" } }), "unknown `schedule.timezon` of entry `web`; did you mean `timezone`?");
  assert.equal(about({ limits: { as: { soft: 1, hard: 2, more: 3 } } }), "unknown `limits.as.more` of entry `web`");
  assert.equal(about({ daemon: { pidFile: "" } }), 'option `daemon.pidFile` of entry `web` must be the path of a file, not ""');
  assert.equal(about({ ready: { exec: ["a", 3] } }), "option `ready.exec` of entry `web`: number 2 must be text without NUL bytes, not 3");
  assert.equal(
    about({ after: ["a", { entry: "b", on: "up" }] }),
    'option `after` of entry `web`: number 2 must be the name of an entry, or { entry, on: "started" or "ready" or "finished" }, '
      + 'not {"entry":"b","on":"up"}',
  );
  assert.equal(about({ log: { file: "a", maxsize: "1M" } }), "unknown `log.maxsize` of entry `web`; did you mean `maxSize`?");
  assert.equal(about({ log: { file: "a", keep: "5" } }), 'option `log.keep` of entry `web` must be a whole number from 0 to 1000, not "5"');
  assert.equal(
    about({ log: "web.log" }),
    'option `log` of entry `web` must be "inherit", "none", or an object with a `file` such as { file: "web.log", maxSize: "10M", keep: 5 }, not "web.log"',
  );
  assert.equal(about({ watch: ["a", 3] }), "option `watch` of entry `web`: number 2 must be a glob, not 3");
  assert.equal(about({ listen: [80, 0] }), 'option `listen` of entry `web`: number 2 must be a port from 1 to 65535, "host:port", or a path with a slash, not 0');
});

test("the bounds themselves are allowed", () => {
  for (const options of [
    { count: 0 }, { count: 10_000 }, { delay: 0 }, { delay: "0ms" }, { nice: -20 }, { nice: 19 }, { umask: 0 }, { umask: 0o777 },
    { umask: "0022" }, { oomScoreAdj: -1000 }, { listen: 65_535 }, { listen: [] }, { limits: {} }, { user: 0 }, { groups: [] },
    { backoff: {} }, { backoff: { factor: 1, jitter: 0, resetAfter: 0 } }, { backoff: { jitter: 1 } }, { successCodes: [] },
    { successCodes: [0, 255, 0] }, { limit: { count: 0, within: 1 } }, { limit: { count: 1000, within: "1h" } }, { stop: {} },
    { stop: { grace: 0 } }, { daemon: false }, { ready: { fd: 3 } }, { ready: { fd: 1023 } }, { ready: { tcp: 1 } }, { ready: { tcp: 65_535 } },
    { health: { tcp: 1, failures: 1 } }, { health: { tcp: 1, failures: 1000 } }, { after: [] }, { watch: [] },
    { log: { file: "a", keep: 0 } }, { log: { file: "a", keep: 1000 } }, { log: "inherit" }, { log: "none" },
  ]) assert.equal(about(options), null, JSON.stringify(options));
});

test("an object of a class is no options, however empty it looks", () => {
  assert.throws(() => about({ env: new Map([["A", "1"]]) }), /`env` in the options of entry `web` must be plain data, not a Map/);
  assert.throws(() => about({ env: /A/ }), /`env` in the options of entry `web` must be plain data, not a RegExp/);
  assert.throws(() => about(new Map()), /the options of entry `web` must be plain data, not a Map/);
});

test("signals are those that the native side knows", () => {
  const native = readFileSync(new URL("../../../native/exit.cc", import.meta.url), "utf8");
  const known = [...native.matchAll(/\{"(SIG[A-Z0-9]+)", SIG/g)].map(([, name]) => name);
  assert.deepEqual([...signals].sort(), [...known, "SIGRTMIN"].sort());
  for (const signal of [...signals, "SIGRTMIN+1", "SIGRTMIN+29"]) assert.equal(about({ stop: { signal } }), null, signal);
});
