/** What `detach` gives, and another `start` in the same process takes up: as where an exec has failed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, existsSync, fstatSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { keeperProgram } from "../../src/native/load.ts";
import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

const lines = (native: Native) => readFileSync(native.printed, "utf8").replaceAll(/^\d\d:\d\d:\d\d x\.\d+ +/gm, "").split("\n");

test("a process, its output and half a line of it go on after a detach, and its exit meanwhile is told with its status", async (t) => {
  const native = new Native(t);
  const run = native.spawn("sh", ["-c", "echo one; printf 'half a '; until [ -e go ]; do sleep 0.01; done; echo line; exit 5"]);
  const spawned = await native.of("spawned", run);
  native.addon.say(native.sink, 0, null, null, "opens", run, null);
  await until("the first line is written", () => lines(native).includes("one"));
  const left = await native.detach();
  const [process] = left.processes;
  assert.ok(process?.pidfd !== null);
  assert.deepEqual(
    [process?.run, process?.pid, process?.startTicks, process?.ended, process?.kept],
    [run, spawned.pid, spawned.startTicks, false, `test.${run} x:0`],
  );
  assert.deepEqual(left.outputs.map(({ run: of, stream, open }) => [of, stream, open]).sort(), [[run, 0, true], [run, 1, true]]);
  const pipes = left.outputs.map(({ fd }) => fstatSync(fd).ino);
  assert.deepEqual(new Set(pipes), new Set([spawned.outPipe, spawned.errPipe]));
  writeFileSync(join(native.folder, "go"), "");
  await until("it has ended", () => stateOf(spawned.pid) === "Z");
  native.resume(left);
  const exit = await native.of("exit", run);
  assert.deepEqual([exit.pid, exit.code, exit.signal], [spawned.pid, 5, null]);
  await until("the whole line is written", () => lines(native).includes("half a line"));
  assert.deepEqual(lines(native), ["opens", "one", "half a line", ""]);
  await until("it is reaped", () => !existsSync(`/proc/${spawned.pid}`));
});

test("an exit that was told before a detach is not told again, and is reaped when that is asked for", async (t) => {
  const native = new Native(t);
  native.reaps = false;
  const run = native.spawn("true");
  const { pid } = await native.of("exit", run);
  const left = await native.detach();
  assert.deepEqual(left.processes.map(({ run: of, ended }) => [of, ended]), [[run, true]]);
  native.resume(left);
  native.addon.reap(run);
  await until("it is reaped", () => !existsSync(`/proc/${pid}`));
  assert.equal(native.all("exit").length, 1);
});

test("a process that is gone, or whose number is another's by now, is not adopted", async (t) => {
  const native = new Native(t);
  const run = native.spawn("sleep", ["1000"]);
  const { pid, startTicks } = await native.of("spawned", run);
  const adoption = { run: 99, pid, startTicks, pidfd: null, ended: false, inheritedRss: 0, threads: null, kept: "", outPipe: 0, errPipe: 0, cgroup: null, mark: "", descendants: [], notify: null, readyPipe: null };
  assert.equal(native.addon.adopt({ ...adoption, startTicks: startTicks + 1 }), false);
  assert.equal(native.addon.adopt({ ...adoption, pid: 2 ** 22 }), false);
});

test("what is asked for while it is quiet does not begin, and comes to nothing by a detach", async (t) => {
  const native = new Native(t);
  native.addon.quiesce(true);
  await native.some("quiet", 1);
  native.spawn("true");
  native.resume(await native.detach());
  const run = native.spawn("true");
  await native.of("exit", run);
  assert.equal(native.all("spawned").length, 1);
});

test("signals that come between a detach and another start are told after it", async (t) => {
  const native = new Native(t);
  const left = await native.detach();
  process.kill(process.pid, "SIGHUP");
  process.kill(process.pid, "SIGUSR2");
  native.resume(left);
  const told = await native.some("signal", 2);
  assert.deepEqual(told.map(({ signal, pid }) => [signal, pid]), [["SIGHUP", process.pid], ["SIGUSR2", process.pid]]);
});

test("a lock and a socket are named by their descriptors, and taking them up again changes nothing", async (t) => {
  const { addon, folder } = new Native(t);
  const [lock, path] = [join(folder, "lock"), join(folder, "socket")];
  assert.throws(() => addon.lockDescriptor(lock), { code: "ENOENT" });
  addon.lockFile(lock);
  const fd = addon.lockDescriptor(lock);
  assert.equal(fstatSync(fd).ino, fstatSync(addon.duplicate(fd)).ino);
  addon.inheritLock(lock, fd);
  assert.equal(addon.lockDescriptor(lock), fd);
  closeSync(addon.listenUnix(path));
  const socket = addon.socketDescriptor(path);
  closeSync(addon.inheritSocket(path, socket));
  const connection = connect(path);
  await once(connection, "connect");
  connection.destroy();
  assert.equal(addon.removeSocket(path), true);
  assert.equal(addon.removeLock(lock), true);
});

test("the keeper has the processes and pipes of all runs, also a keeper that follows one that was killed", async (t) => {
  const native = new Native(t);
  const { addon } = native;
  const path = join(native.folder, "keeper");
  assert.equal(addon.keeperDescriptors(), null);
  assert.equal(addon.takeKeeper(path), null);
  const keeper = () => children().find((pid) => stateOf(pid) !== "Z" && commandOf(pid) === "sentry-keeper") ?? 0;
  const held = () => heldBy(keeper());
  const early = native.spawn("sleep", ["1000"]);
  await native.of("spawned", early);
  addon.startKeeper(keeperProgram(), path);
  t.after(() => addon.endKeeper());
  const late = native.spawn("sleep", ["1000"]);
  await native.of("spawned", late);
  const expected = native.all("spawned")
    .flatMap(({ pid, outPipe, errPipe }) => [`pipe:[${outPipe}]`, `pipe:[${errPipe}]`, `pid ${pid}`]).sort();
  await until("it has all", () => held().join() === expected.join(), () => `${held().join()} instead of ${expected.join()}`);
  process.kill(keeper(), "SIGKILL");
  await native.some("keeperGone", 1);
  addon.startKeeper(keeperProgram(), path);
  await until("the next one has all", () => held().join() === expected.join());
  for (const run of [early, late]) {
    native.addon.say(native.sink, 0, null, null, "opens", run, null);
    addon.end(run, "SIGKILL", "group");
  }
  await until("it has let go of those that have ended", () => held().length === 0, () => held().join());
  assert.equal(native.all("keeperGone").length, 1);
});

test("a memfd has its text from the beginning, and nobody can write to it", (t) => {
  const { addon } = new Native(t);
  const text = "ä".repeat(200_000);
  const fd = addon.memfd(text);
  assert.equal(readFileSync(fd, "utf8"), text);
  assert.throws(() => writeFileSync(`/proc/self/fd/${fd}`, "x"), { code: "EPERM" });
  addon.close(fd);
});

test("an exec that fails throws, and the signals are told as before", async (t) => {
  const native = new Native(t);
  const left = await native.detach();
  assert.throws(() => native.addon.exec("/not/there", ["x"], [], ""), { code: "ENOENT", message: /\/not\/there/ });
  native.resume(left);
  process.kill(process.pid, "SIGTERM");
  assert.equal((await native.some("signal", 1))[0]?.signal, "SIGTERM");
});

/** Processes and pipes that a keeper holds, but for itself. */
function heldBy(keeper: number): string[] {
  const names = readdirSync(`/proc/${keeper}/fd`).map((fd) => {
    try {
      const pidfd = /^Pid:\s+(\d+)/m.exec(readFileSync(`/proc/${keeper}/fdinfo/${fd}`, "utf8"));
      return pidfd === null ? readlinkSync(`/proc/${keeper}/fd/${fd}`) : `pid ${pidfd[1]}`;
    } catch {
      return "pipe: closed just now";
    }
  });
  return names.filter((name) => /^(pipe:|pid )/.test(name) && name !== `pid ${keeper}`).sort();
}

/** Those that were started by this process, on whatever thread. */
function children(): number[] {
  return readdirSync("/proc/self/task").flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter((pid) => pid !== "").map(Number));
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
}
