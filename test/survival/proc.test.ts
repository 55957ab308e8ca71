import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { bootId, cgroupIn, parseStat, statOf, systemProcesses } from "../../src/survival/proc.ts";
import { until } from "../support/until.ts";

const { sweep, openPipe, pipeOf, monoOf } = systemProcesses;

/** How long ago that was. */
const age = (startTicks: number): number => Number(process.hrtime.bigint()) / 1e6 - monoOf(startTicks);

/** A process with this mark, or none; in a session of its own, or in ours. */
function start(t: TestContext, run: string | null, detached: boolean, command = "sleep", args = ["1000"], more: NodeJS.ProcessEnv = {}): ChildProcess & { pid: number } {
  const mark = run === null ? {} : { SENTRY_RUN: run, SENTRY_ENTRY: "web", SENTRY_SLOT: "3" };
  const child = spawn(command, args, { detached, env: { PATH: process.env["PATH"], ...mark, ...more } });
  t.after(() => child.kill("SIGKILL"));
  assert(child.pid !== undefined);
  return child as ChildProcess & { pid: number };
}

test("the fields of a process are counted from the last parenthesis of its name", () => {
  const rest = "1 1511 1511 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 2000 1 18446744073709551615";
  for (const name of ["sleep", "a b", ") S 1 1 1", "x) (y", ""]) {
    assert.deepEqual(parseStat(`1514 (${name}) S ${rest}\n`), { state: "S", ppid: 1, pgrp: 1511, session: 1511, startTicks: 987654 });
  }
  for (const text of ["", "1514", "1514 (sleep", "1514 (sleep) S 1", "1514 (sleep) S x y z"]) assert.equal(parseStat(text), null);
});

test("what /proc says of this process is true", () => {
  const stat = statOf(process.pid);
  assert.equal(stat?.ppid, process.ppid);
  assert(Math.abs(age(stat?.startTicks ?? 0) - process.uptime() * 1000) < 5000);
  assert.equal(statOf(2 ** 22 + 1), null);
  assert.match(bootId(), /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
});

test("the cgroup of a process names the run of which it is, as long as that is below the instance's own", () => {
  const path = "/system.slice/sentry.service/sentry.3f2a/17";
  for (const text of [`0::${path}\n`, `12:pids:/x\n1:name=systemd:/y\n0::${path}\n`, `0::${path}/inner/most\n`, `0::${path} (deleted)\n`]) {
    assert.deepEqual(cgroupIn(text, "3f2a"), { run: 17, path }, text);
  }
  assert.deepEqual(cgroupIn("0::/sentry.3f2a/1\n", "3f2a"), { run: 1, path: "/sentry.3f2a/1" });
  for (const text of ["", "0::/\n", `1:name=systemd:${path}\n`, "0::/sentry.3f2a\n", "0::/sentry.3f2a/17x\n", "0::/xsentry.3f2a/17\n", "0::/sentry.3f2ab/17\n"]) {
    assert.equal(cgroupIn(text, "3f2a"), null, text);
  }
});

test("the sweep finds the runs whose mark somebody bears, and of each the oldest that leads a session", async (t) => {
  const instance = `beef${process.pid.toString(16)}`;
  const socket = `sentry.${instance}.8.00ff`;
  // A socket that is not of its own run is that of a Sentry around it.
  const [first, second] = [["7", `sentry.${instance}.6.00ff`], ["8", socket]].map(([run, name]) =>
    start(t, `${instance}.${run}`, true, "sleep", ["1000"], { NOTIFY_SOCKET: `@${name}` })) as [ReturnType<typeof start>, ReturnType<typeof start>];
  // Of the same run, and a session leader too: a program that detached itself. It must be younger by a tick.
  await until("a tick has passed", () => (age(statOf(first.pid)?.startTicks ?? 0)) > 30);
  const others = [
    start(t, `${instance}.7`, true), start(t, `${instance}.9`, false), start(t, `${instance}0.7`, true), start(t, null, true),
    start(t, `${instance}.x`, true),
  ];
  await until("all have got as far as exec", () => [first, second, ...others].every(({ pid }) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"));
  const found = sweep(instance).sort((a, b) => a.run - b.run);
  const leaders = [first, second].map(({ pid }) => ({ pid, startTicks: statOf(pid)?.startTicks }));
  assert.deepEqual(found, [...leaders, null].map((leader, index) => ({ run: 7 + index, of: { entry: "web", slot: 3 }, notify: index === 1 ? socket : null, leader, isAlive: true, cgroup: null })));
  assert.deepEqual(sweep("nobody"), []);
});

/** Runs this with the v2 hierarchy mounted at `$1`, for itself alone: whether or not the machine uses it. */
const mounted = (script: string): string[] => ["-m", "sh", "-ec", `mount -t cgroup2 none "$1"; ${script}`, "sh"];

test("without a mark in its environment a process is found by its cgroup, which says no more than the run", async (t) => {
  const folder = tmpdir();
  if (spawnSync("unshare", [...mounted(":"), folder]).status !== 0) return t.skip("no cgroups can be made here");
  const own = `sentry.beef${process.pid.toString(16)}`;
  const tidy = (): number | null => spawnSync("unshare", [...mounted(`rmdir "$1/${own}/7" "$1/${own}"`), folder]).status;
  const script = mounted(`mkdir -p "$1/${own}/7"; echo $$ > "$1/${own}/7/cgroup.procs"; exec env -i sleep 1000`);
  const { pid } = start(t, null, true, "unshare", [...script, folder]);
  t.after(() => { process.kill(pid, "SIGKILL"); return until("its cgroup is gone", () => tidy() === 0); });
  await until("it has got as far as exec", () => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n");
  const startTicks = statOf(pid)?.startTicks;
  assert.deepEqual(sweep(own.slice("sentry.".length)), [{ run: 7, of: null, notify: null, leader: { pid, startTicks }, isAlive: true, cgroup: `/${own}/7` }]);
});

test("a pipe that a process prints into can be read by whoever knows its inode", async (t) => {
  // What Node gives a child are sockets; the shell makes a pipe.
  const shell = start(t, null, true, "sh", ["-c", "exec 3>&1; sh -c 'echo $$ >&3; printf words; exec sleep 1000' | sleep 1000"]);
  t.after(() => spawnSync("kill", ["-KILL", "--", `-${shell.pid}`])); // the other two are of its group
  let told = "";
  shell.stdout?.on("data", (text: Buffer) => { told += text.toString(); });
  const pid = Number(await until("it tells its pid", () => /^(\d+)\n/.exec(told)?.[1], () => told));
  await until("it has got as far as exec", () => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n");
  const inode = pipeOf(pid, 0);
  assert.notEqual(inode, 0);
  assert.equal(openPipe(pid, 0, inode + 1), null);
  assert.equal(openPipe(pid, 0, 0), null);
  assert.equal(openPipe(pid, 1, inode), null);
  const fd = openPipe(pid, 0, inode);
  assert(fd !== null);
  assert.equal(fstatSync(fd).ino, inode);
  const words = Buffer.alloc(100);
  assert.equal(await until("it has printed", () => tryRead(fd, words)), 5);
  assert.equal(words.toString("utf8", 0, 5), "words");
  closeSync(fd);
});

test("what is no pipe is not opened", () => {
  const fd = openSync("/dev/null", "r");
  assert.equal(fstatSync(fd).isFIFO(), false);
  closeSync(fd);
  assert.equal(pipeOf(2 ** 22 + 1, 0), 0);
  assert.equal(openPipe(2 ** 22 + 1, 0, 5), null);
});

function tryRead(fd: number, into: Buffer): number | null {
  try {
    return readSync(fd, into);
  } catch {
    return null; // nothing there yet: EAGAIN
  }
}
