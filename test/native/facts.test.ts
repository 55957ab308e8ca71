/** Starts, faults and exits as the addon tells them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

for (const processEvents of [false, true]) {
  const how = processEvents ? "with the kernel's process events" : "without process events";

  test(`a run is spawned, and then exits, ${how}`, async (t) => {
    const native = new Native(t, processEvents);
    const run = native.spawn("sh", ["-c", "exit 7"]);
    const exit = await native.of("exit", run);
    const [spawned, ...rest] = native.facts;
    assert(spawned?.kind === "spawned");
    assert.deepEqual(rest, [exit]);
    assert.deepEqual([spawned.run, exit.run, spawned.pid], [run, run, exit.pid]);
    assert.deepEqual([exit.code, exit.signal, exit.coreDumped], [7, null, false]);
    assert.ok(exit.at.mono >= spawned.at.mono && exit.at.wall >= spawned.at.wall);
    assert.ok(exit.userMs >= 0 && exit.systemMs >= 0);
    assert.equal(exit.kernelTime, processEvents && native.eventsFault === null);
  });

  test(`each of 300 processes that end at once has its own exit, ${how}`, async (t) => {
    const native = new Native(t, processEvents);
    const runs = Array.from({ length: 300 }, (_, n) => native.spawn("sh", ["-c", `exit ${n % 256}`]));
    const exits = await native.some("exit", runs.length);
    assert.deepEqual(new Set(exits.map(({ run }) => run)), new Set(runs));
    for (const { run, code } of exits) assert.equal(code, (run - 1) % 256);
    for (const { run } of exits) {
      const kinds = native.facts.filter((fact) => "run" in fact && fact.run === run).map(({ kind }) => kind);
      assert.deepEqual(kinds, ["spawned", "exit"]);
    }
  });
}

test("a start that fails is a fault with its step and errno, and nothing else", async (t) => {
  const native = new Native(t);
  const missing = native.spawn("not-there");
  const folder = native.spawn("true", [], { cwd: "/not/there" });
  const limit = native.spawn("true", [], { limits: [["nofile", 10, 5]] });
  await native.some("fault", 3);
  const told = new Map(native.all("fault").map(({ run, step, errno, message, subject }) => [run, [step, errno, message, subject]]));
  assert.deepEqual(told.get(missing), ["exec", "ENOENT", "no such file or directory", "not-there"]);
  assert.deepEqual(told.get(folder), ["chdir", "ENOENT", "no such file or directory", "/not/there"]);
  assert.deepEqual(told.get(limit), ["limits", "EINVAL", "invalid argument", "nofile"]);
  assert.equal(native.facts.length, 3);
});

test("a signal ends exactly the run that it is for, or its whole group", async (t) => {
  const native = new Native(t);
  const [one, other] = [native.spawn("sleep", ["1000"]), native.spawn("sleep", ["1000"])];
  await native.some("spawned", 2);
  native.addon.signal(one, "SIGUSR1");
  assert.equal((await native.of("exit", one)).signal, "SIGUSR1");
  assert.equal(native.all("exit").length, 1);
  native.addon.end(other, "SIGKILL", "group");
  assert.equal((await native.of("exit", other)).signal, "SIGKILL");
  native.addon.signal(one, "SIGKILL");
  for (const scope of ["process", "group", "tree"] as const) native.addon.end(one, "SIGKILL", scope);
  assert.throws(() => native.addon.signal(one, "SIGNONE"), /SIGNONE/);
});

test("what a process has left behind is told with its exit, and ends when that is asked for", async (t) => {
  const native = new Native(t);
  native.reaps = false;
  native.addon.spare(false);
  const [run, other] = [native.spawn("sh", ["-c", "sleep 1000 & echo $! > left; exit 0"]), native.spawn("true")];
  const exits = await native.some("exit", 2);
  assert.deepEqual(exits.map(({ run, alone }) => [run, alone]).sort(), [[run, false], [other, true]]);
  const left = Number(readFileSync(`${native.folder}/left`, "utf8"));
  assert.equal(isAlive(left), true);
  native.addon.end(run, "SIGTERM", "tree");
  await native.of("cleared", run);
  assert.equal(isAlive(left), false);
  for (const one of [run, other]) native.addon.reap(one);
});

/** All threads of this process but the one that asks: proc_pid_task(5). */
function othersSleep(): boolean {
  const others = readdirSync("/proc/self/task").filter((thread) => Number(thread) !== process.pid);
  return others.every((thread) => /^State:\s+S/m.test(readFileSync(`/proc/self/task/${thread}/status`, "utf8")));
}

test("exits that come while the event loop is busy are delivered together", async (t) => {
  const native = new Native(t);
  const count = 1000;
  for (let n = 0; n < count; n++) native.spawn("sleep", ["1000"]);
  const pids = (await native.some("spawned", count)).map(({ pid }) => pid);
  assert.equal(new Set(pids).size, count);
  for (let run = 1; run <= count; run++) native.addon.signal(run, "SIGKILL");
  // Synchronous, so that no callback can come in between: until all are zombies, and the addon's thread, which sees them
  // meanwhile, has come to rest. On a busy machine it may have to wait for a core.
  for (let quiet = 0; quiet < 10;) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    quiet = pids.every((pid) => stateOf(pid) === "Z") && othersSleep() ? quiet + 1 : 0;
  }
  const before = native.batches.length;
  await native.some("exit", count);
  const batches = native.batches.slice(before).map(({ length }) => length);
  assert.ok(batches.length <= 3, `${count} exits came in batches of ${batches.join(", ")}`);
});

test("Node's own children keep all their exits beside hundreds of ours, and ours beside Node's", async (t) => {
  const native = new Native(t);
  const count = 300;
  native.addon.spare(true);
  const theirs = Array.from({ length: count }, (_, n) => new Promise<[number, number | null]>((resolve) => {
    native.spawn("sh", ["-c", `exit ${n % 100}`]);
    spawn("sh", ["-c", `exit ${n % 100 + 100}`], { stdio: "ignore" }).on("exit", (code) => resolve([n, code]));
  }));
  for (const [n, code] of await Promise.all(theirs)) assert.equal(code, n % 100 + 100);
  const ours = await native.some("exit", count);
  assert.equal(new Set(ours.map(({ run }) => run)).size, count);
  for (const { run, code } of ours) assert.equal(code, (run - 1) % 100);
  native.addon.spare(false);
});

test("nothing is left of hundreds of runs: no descriptor, thread or zombie", async (t) => {
  const native = new Native(t);
  const count = (folder: string) => readdirSync(`/proc/self/${folder}`).length;
  const held = () => ({ descriptors: count("fd"), threads: count("task"), children: children() });
  const close = () => {
    for (const { run } of native.all("exit")) native.addon.say(native.sink, 0, null, null, "over", run, run);
  };
  await native.of("exit", native.spawn("true"));
  close();
  native.addon.flush(1);
  await native.some("flushed", 1);
  await until("the first is settled", () => children() === 0);
  const before = held();
  for (let n = 0; n < 300; n++) native.spawn(n % 3 === 0 ? "not-there" : "true");
  await native.some("exit", 201);
  await native.some("fault", 100);
  close();
  await until("nothing more is held than before", () => JSON.stringify(held()) === JSON.stringify(before), () =>
    `${JSON.stringify(before)} before, ${JSON.stringify(held())} now`);
});

test("start() twice, and calls without it, are refused with an exception", (t) => {
  const native = new Native(t);
  assert.throws(() => native.addon.start({ spawners: 1, processEvents: false, cgroups: "sentry.again", inherited: null }, () => {}), /before/);
  native.addon.stop();
  assert.throws(() => native.spawn("true"), /start\(\)/);
  assert.throws(() => native.addon.flush(1), /start\(\)/);
  native.addon.stop();
});

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
}

function isAlive(pid: number): boolean {
  try {
    return stateOf(pid) !== "Z";
  } catch {
    return false;
  }
}

/** Children of this process, zombies included. */
function children(): number {
  return readdirSync("/proc/self/task").flatMap((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter((pid) => pid !== "");
    } catch {
      return [];
    }
  }).length;
}
