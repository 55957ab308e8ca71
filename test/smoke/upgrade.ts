/**
 * Node is replaced in place while Sentry runs by it, as a package manager does it, and each Node lets a reload through
 * while signals rain: `upgrade.js NODE…`, the Nodes from the oldest to the newest. .ci/node-matrix runs it, as it has them.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const nodes = process.argv.slice(2).map((path) => ({ path, version: versionOf(path) }));
const [oldest, newest] = [nodes[0], nodes.at(-1)];
assert(oldest !== undefined && newest !== undefined && oldest !== newest, "two Nodes are needed");
type Node = typeof oldest;

/** Reloads that each Node has to get through while signals rain. */
const RELOADS = 20;

/** A child that prints numbers, a line each, and never ends. */
const counts = `entry("counter", "sh", ["-c", "n=0; while :; do n=$((n+1)); echo count $n; sleep 0.003; done"])`;

/** A Sentry that is run by the file `node` of its site, which can be any Node. */
class Upgraded {
  readonly site: Site;
  readonly node: string;

  constructor(t: TestContext) {
    this.site = new Site(t);
    this.node = this.site.path("node");
    this.site.config(counts);
  }

  /** By rename: a file that runs cannot be written to. */
  install({ path }: Node): void {
    copyFileSync(path, `${this.node}.new`);
    renameSync(`${this.node}.new`, this.node);
  }

  start(): Sentry {
    return this.site.open(this.node, this.#words("start"));
  }

  async reload(): Promise<void> {
    const { code, stderr } = await this.site.run(this.node, this.#words("reload"));
    assert.equal(code, 0, stderr);
  }

  #words(verb: string): string[] {
    return this.site.command(verb, "sample.ts").slice(1);
  }
}

function versionOf(node: string): string {
  return execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
}

/** What a process runs: the file may have been replaced since, and be there no more. */
function programOf(pid: number): string {
  return `/proc/${pid}/exe`;
}

function counted({ lines }: Sentry): number[] {
  return lines.flatMap((line) => /^\S+ counter\.\d+ +count (\d+)$/.exec(line)?.[1] ?? []).map(Number);
}

/** It prints, and what it prints is written. */
async function goesOn(sentry: Sentry): Promise<void> {
  const before = counted(sentry).length;
  await until("it goes on counting", () => counted(sentry).length > before + 10);
}

/** All numbers from 1 on, each once, but for those that may come again after a SIGKILL. */
function assertComplete(numbers: readonly number[], kills: number): void {
  let again = 0;
  numbers.forEach((number, n) => {
    const last = numbers[n - 1] ?? 0;
    if (number <= last) again++;
    assert(number <= last + 1, `after line ${last} comes line ${number}`);
  });
  assert(again <= kills, `lines came again ${again} times, and Sentry was killed ${kills} times`);
}

/** Whether it listens at the port of Node's debugger. proc_pid_net(5) */
function hasDebugger(pid: number): boolean {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  const sockets = ["tcp", "tcp6"].flatMap((kind) => readFileSync(`/proc/net/${kind}`, "utf8").split("\n").slice(1));
  return sockets.some((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/ +/);
    return local.endsWith(":240D") && state === "0A" && own.has(`socket:[${inode}]`); // 9229, LISTEN
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

suite("Node", { concurrency: 1 }, () => {
  const way = [...nodes.slice(1), oldest];

  test(`is upgraded in place, ${[oldest, ...way].map(({ version }) => version).join(", ")}: nothing is lost`, async (t) => {
    const upgraded = new Upgraded(t);
    upgraded.install(oldest);
    const sentry = upgraded.start();
    const child = await sentry.started("counter");
    const { pid } = sentry;
    for (const node of way) {
      await goesOn(sentry);
      upgraded.install(node);
      assert.notEqual(versionOf(programOf(pid)), node.version);
      await upgraded.reload();
      assert.equal(statSync(programOf(pid)).ino, statSync(upgraded.node).ino);
      assert.equal(versionOf(programOf(pid)), node.version);
    }
    await goesOn(sentry);
    assert.deepEqual(history(upgraded.site, "started").map((record) => record.pid), [child], "it is still that process");
    await sentry.stop();
    assertComplete(counted(sentry), 0);
    t.diagnostic(`${way.length} upgrades of Sentry ${pid}: ${counted(sentry).length} lines of child ${child}, each once`);
  });

  test(`is another one after a SIGKILL, ${oldest.version} and ${newest.version}: everything is taken over`, async (t) => {
    const upgraded = new Upgraded(t);
    upgraded.install(oldest);
    const first = upgraded.start();
    const child = await first.started("counter");
    await goesOn(first);
    first.kill("SIGKILL");
    await first.ended;
    upgraded.install(newest);
    const second = upgraded.start();
    await second.line(/^Sentry took over 1 process of PID \d+, which is gone\.$/);
    await goesOn(second);
    assert.equal(versionOf(programOf(second.pid)), newest.version);
    assert.deepEqual(history(upgraded.site, "started").map(({ pid }) => pid), [child], "it is still that process");
    await second.stop();
    const numbers = [...counted(first), ...counted(second)];
    assertComplete(numbers, 1);
    t.diagnostic(`child ${child} was taken over: ${numbers.at(-1)} lines, ${numbers.length - (numbers.at(-1) ?? 0)} came again`);
  });

  for (const node of nodes) {
    test(`${node.version} goes through ${RELOADS} reloads while signals rain, and opens no debugger`, async (t) => {
      const upgraded = new Upgraded(t);
      upgraded.install(node);
      const sentry = upgraded.start();
      const child = await sentry.started("counter");
      const signals = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
      let sent = 0;
      let looks = 0;
      const rain = setInterval(() => sentry.kill(signals[sent++ % signals.length] ?? "SIGHUP"), 2);
      try {
        for (let n = 1; n <= RELOADS; n++) {
          await until(`it has reloaded ${n} times`, () => {
            assert(![null, "Z"].includes(stateOf(sentry.pid)), "it lives");
            assert.equal(hasDebugger(sentry.pid), false);
            looks++;
            return history(upgraded.site, "reloaded").length >= n;
          }, () => sentry.lines.slice(-20).join("\n"));
        }
      } finally {
        clearInterval(rain);
      }
      await goesOn(sentry);
      assert.deepEqual(history(upgraded.site, "started").map(({ pid }) => pid), [child], "it is still that process");
      await sentry.stop();
      assertComplete(counted(sentry), 0);
      assert.doesNotMatch(sentry.stderr, /[Dd]ebugger/);
      const reloads = history(upgraded.site, "reloaded").length;
      t.diagnostic(`${reloads} execs under ${sent} signals, ${looks} looks for a debugger, `
        + `${counted(sentry).length} lines, each once`);
    });
  }
});
