import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

import fastify from "fastify";

import { metrics } from "../../src/http/routes/metrics.ts";
import { Tallies } from "../../src/http/tallies.ts";
import type { Used } from "../../src/http/usage.ts";
import type { Law, SlotId } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Fate } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { lost } from "./lost.ts";
import { viewOf } from "./view.ts";

/** The checkout, from what tsc has made of this file. */
const root = resolve(import.meta.dirname, "../../..");

const noPromtool = spawnSync("promtool", ["--version"]).error === undefined ? false : "promtool is not installed (Debian's package prometheus)";

function served(laws: readonly Law[], fateOf?: () => Fate) {
  const { world, view } = viewOf(laws, fateOf);
  const tallies = new Tallies();
  const used = new Map<SlotId, Used>();
  const app = fastify();
  let reads = 0;
  metrics(app, { ...view, tallies, version: "1.2.3" }, { read: async () => {
    reads++;
    return used;
  } });
  const ask = () => app.inject("/metrics");
  /** All lines but comments. */
  const lines = async () => (await ask()).payload.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  /** The value of the one line that begins so. */
  const value = async (series: string) => {
    const found = (await lines()).filter((line) => line.startsWith(`${series} `));
    assert.equal(found.length, 1, `${series} is there ${found.length} times`);
    return Number(found[0]?.slice(series.length));
  };
  /** All that has happened so far is counted. */
  const tell = () => { for (const record of world.records) tallies.record(record); };
  return { world, used, tallies, ask, lines, value, tell, reads: () => reads };
}

const under = (lines: readonly string[], name: string) => lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

test("metrics are given as Prometheus reads them", async () => {
  const { ask } = served([law("web")]);
  const answer = await ask();
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(answer.payload, /^# HELP sentry_process_up .*\n# TYPE sentry_process_up gauge\nsentry_process_up\{entry="web",slot="0"\} 1\n/);
  assert.match(answer.payload, /\nsentry_build_info\{version="1\.2\.3"\} 1\n/);
});

test("a slot is up and ready while it has a process, and its restarts are counted", async () => {
  const { world, lines } = served([law("web", { count: 2 })]);
  world.end("web:0").pass(1000).end("web:0");
  const now = await lines();
  assert.deepEqual(under(now, "sentry_process_up"), ['sentry_process_up{entry="web",slot="0"} 0', 'sentry_process_up{entry="web",slot="1"} 1']);
  assert.deepEqual(under(now, "sentry_process_ready"),
    ['sentry_process_ready{entry="web",slot="0"} 0', 'sentry_process_ready{entry="web",slot="1"} 1']);
  assert.deepEqual(under(now, "sentry_process_restarts_total"),
    ['sentry_process_restarts_total{entry="web",slot="0"} 1', 'sentry_process_restarts_total{entry="web",slot="1"} 0']);
  const started = world.slot("web:1").phase;
  assert(started.kind === "running");
  assert.deepEqual(under(now, "sentry_process_start_time_seconds"),
    [`sentry_process_start_time_seconds{entry="web",slot="1"} ${started.started.at.wall / 1e6}`]);
});

test("an entry says how many are wanted, and in which states its slots are", async () => {
  const { world, lines } = served([law("web", { count: 3 }), law("db", { count: 0 })]);
  world.end("web:0");
  void world.down("web:1");
  world.pass(0);
  const now = await lines();
  assert.deepEqual(under(now, "sentry_entry_wanted_processes"),
    ['sentry_entry_wanted_processes{entry="web"} 2', 'sentry_entry_wanted_processes{entry="db"} 0']);
  const states = under(now, "sentry_processes");
  for (const state of ["stopped", "running", "waiting"]) assert(states.includes(`sentry_processes{entry="web",state="${state}"} 1`), state);
  assert(states.includes('sentry_processes{entry="web",state="stopping"} 0'));
  assert(states.includes('sentry_processes{entry="db",state="running"} 0'));
});

test("what waits for its schedule is not missing: it is wanted when it is due", async () => {
  const { world, lines } = served([law("job", { schedule: "skip" })], () => longLife);
  assert.deepEqual(under(await lines(), "sentry_entry_wanted_processes"), ['sentry_entry_wanted_processes{entry="job"} 0']);
  void world.up("job:0");
  world.pass(0);
  assert.deepEqual(under(await lines(), "sentry_entry_wanted_processes"), ['sentry_entry_wanted_processes{entry="job"} 1']);
});

test("while an entry is restarted one after the other, its extra process is not a wanted one", async () => {
  const { world, lines } = served([law("web")], () => ({ ...longLife, answerAfter: 10 }));
  world.pass(10);
  void world.roll("web");
  world.pass(0);
  const now = await lines();
  assert.equal(under(now, "sentry_process_up").length, 2);
  assert.deepEqual(under(now, "sentry_entry_wanted_processes"), ['sentry_entry_wanted_processes{entry="web"} 1']);
});

test("memory and CPU time are those of the trees, and left out where they are not known", async () => {
  const { used, lines } = served([law("web", { count: 2 })]);
  used.set("web:0", { cpuPercent: 1, memoryBytes: 4096, cpu: 1500 }).set("web:1", { cpuPercent: null, memoryBytes: null, cpu: null });
  const now = await lines();
  assert.deepEqual(under(now, "sentry_process_resident_memory_bytes"), ['sentry_process_resident_memory_bytes{entry="web",slot="0"} 4096']);
  assert.deepEqual(under(now, "sentry_process_cpu_seconds_total"), ['sentry_process_cpu_seconds_total{entry="web",slot="0"} 1.5']);
});

test("exits are told by how they ended, and starts that failed also where none has", async () => {
  const { world, lines, tell } = served([law("web", { delay: 0 }), law("db")]);
  world.end("web:0", { code: 3 }).end("web:0", { signal: "SIGSEGV" }).end("web:0", { unknown: true });
  tell();
  const now = await lines();
  assert.deepEqual(under(now, "sentry_process_exits_total"), [
    'sentry_process_exits_total{entry="web",code="3",signal=""} 1',
    'sentry_process_exits_total{entry="web",code="",signal="SIGSEGV"} 1',
    'sentry_process_exits_total{entry="web",code="",signal=""} 1',
  ]);
  assert.deepEqual(under(now, "sentry_process_start_failures_total"),
    ['sentry_process_start_failures_total{entry="web"} 0', 'sentry_process_start_failures_total{entry="db"} 0']);
});

test("a bucket of a histogram has what is in the lower ones as well", async () => {
  const { world, value, tell } = served([law("web", { delay: 1000 })]);
  world.end("web:0").pass(1000).end("web:0").pass(1000);
  tell();
  for (const [le, count] of [["0.55", 0], ["1.1", 2], ["330", 2], ["+Inf", 2]] as const) {
    assert.equal(await value(`sentry_exit_to_start_seconds_bucket{le="${le}"}`), count, le);
  }
  assert.deepEqual([await value("sentry_exit_to_start_seconds_sum"), await value("sentry_exit_to_start_seconds_count")], [2, 2]);
});

test("what Sentry itself costs is told by the names that every client has", async () => {
  const { value } = served([]);
  const open = await value("process_open_fds");
  const fd = openSync("/dev/null", "r");
  try {
    assert.equal(await value("process_open_fds"), open + 1);
  } finally {
    closeSync(fd);
  }
  assert(await value("process_max_fds") > open);
  assert(await value("process_resident_memory_bytes") > 1e6);
  assert(await value("sentry_loop_lag_seconds") > 0);
  const [cpu, busy] = [await value("process_cpu_seconds_total"), await value("sentry_loop_busy_seconds_total")];
  for (const end = process.cpuUsage().user + 20_000; process.cpuUsage().user < end;);
  assert(await value("process_cpu_seconds_total") - cpu >= 0.02);
  assert(await value("sentry_loop_busy_seconds_total") > busy);
  // In seconds, and not in ticks or since the boot: a process is about as old as the JavaScript in it.
  assert(Math.abs(await value("process_start_time_seconds") - performance.timeOrigin / 1000) < 60);
});

test("labels are bounded by the configuration: there is no pid in them", async () => {
  const { lines, tell } = served([law("web", { count: 3 })]);
  tell();
  const labels = new Set((await lines()).flatMap((line) => [...line.matchAll(/[{,]([a-z]+)="/g)].map(([, name]) => name)));
  assert.deepEqual([...labels].sort(), ["entry", "le", "slot", "state", "version"]);
});

test("those who ask at the same time are answered from one look", async () => {
  const { ask, reads } = served([law("web")]);
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.equal(reads(), 1);
  assert.equal(new Set(answers.map(({ payload }) => payload)).size, 1);
  await ask();
  assert.equal(reads(), 2);
});

test("promtool finds nothing to say of the metrics, with entries of odd names", { skip: noPromtool }, async () => {
  const { world, used, ask, tell, tallies } = served([law("constructor"), law("0.a-b_c", { count: 12, delay: 0 }), law("toString")]);
  used.set("0.a-b_c:0", { cpuPercent: 1.5, memoryBytes: 4096, cpu: 0.001 });
  world.end("0.a-b_c:0", { signal: "SIGSEGV" }).end("constructor:0", { code: 255 });
  tell();
  tallies.record(lost("output", 7));
  const { payload } = await ask();
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: payload, encoding: "utf8" });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
});

for (const words of ["check config examples/prometheus.yml", "check rules --lint-fatal examples/alerts.yml", "test rules test/fixtures/alerts.yml"]) {
  test(`promtool ${words} finds nothing wrong`, { skip: noPromtool }, () => {
    const { status, stdout, stderr } = spawnSync("promtool", words.split(" "), { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
}

test("docs/monitoring.md tells of every metric and no other, and alerts are about those", async () => {
  const { ask } = served([law("web")]);
  const known = [...(await ask()).payload.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const [docs, alerts] = ["docs/monitoring.md", "examples/alerts.yml"].map((file) => readFileSync(resolve(root, file), "utf8"));
  assert.deepEqual([...docs!.matchAll(/^\| `([a-z_]+)/gm)].map(([, name]) => name), known);
  for (const [name] of alerts!.matchAll(/\b(sentry|process)_[a-z_]+/g)) assert(known.includes(name), name);
});
