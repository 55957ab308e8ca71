/** A SIGKILL, and something else with it: the keeper, the state, the history. What is left must do. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { until } from "../../support/until.ts";
import { allSorts } from "./entries.ts";
import { Experiment } from "./experiment.ts";
import { isAlive, send } from "./found.ts";
import { faultsOfIds, historyIn, recordedIn } from "./history.ts";
import { lines } from "./lines.ts";
import { exits, overlaps } from "./lives.ts";
import { request } from "./request.ts";

const BOOT = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const ANOTHER_BOOT = "00000000-1111-4222-8333-444444444444";

/** A Sentry that has kept its processes running for a while, and has written down its state. */
async function running(t: TestContext): Promise<Experiment> {
  const experiment = new Experiment(t, { entries: allSorts(1).filter(({ name }) => /steady|quick|flash/.test(name)) });
  await experiment.start();
  const { status, body } = await request(experiment.socket, { method: "POST", path: "/reload" });
  assert.equal(status, 202, body);
  const history = experiment.site.path("sample.run/history");
  await until("it is reloaded, and its processes come and go", () => {
    const { lines: records } = historyIn(history);
    const reloaded = records.findIndex(({ type }) => type === "reloaded");
    return reloaded !== -1 && records.slice(reloaded).filter(({ type }) => type === "exited").length >= 3;
  });
  return experiment;
}

async function crashed(t: TestContext): Promise<Experiment> {
  const experiment = await running(t);
  await experiment.crash();
  return experiment;
}

async function endsWell(experiment: Experiment): Promise<void> {
  const { faults } = await experiment.finish();
  assert.ok(faults.length === 0, experiment.story(faults));
}

/** What has no record any more cannot be compared with it. All that came after can, and all that was printed. */
async function endsWellWithoutItsPast(experiment: Experiment, excused = /is in no record/): Promise<void> {
  // What was told already, and whose record is lost, is told once more, and is waited for anew.
  const isOld = (fault: string): boolean =>
    / has exited twice: .*with unknown status| waited until .* longer| restarts, and now 0 /.test(fault) || isWithinATick(fault);
  const { to: since = 0 } = experiment.gaps.at(-1) ?? {};
  await experiment.stop();
  const { lives, history, logs } = experiment.books();
  const { circumstances } = experiment;
  const starts = new Set(recordedIn(history.lines).map(({ started }) => started["run"]));
  const known = history.lines.filter(({ run }) => starts.has(run));
  const before = lives.filter(({ born }) => born <= since).map(({ mark }) => mark);
  const isExcused = (fault: string): boolean => excused.test(fault) && before.some((mark) => fault.includes(`${mark} `));
  const faults = [
    ...[...experiment.faults, ...lines(lives, logs, circumstances).faults].filter((fault) => !isOld(fault)),
    ...overlaps(lives, circumstances),
    ...history.strange, ...faultsOfIds(history.lines),
    ...exits(lives, known, circumstances).faults.filter((fault) => !isExcused(fault)),
  ];
  assert.ok(faults.length === 0, experiment.story(faults));
  assert.ok(before.length < lives.length);
}

/** Where nothing but the process itself says when it was started, that is known in the clock ticks of /proc: 10 ms. */
function isWithinATick(fault: string): boolean {
  const [, was = "", is = ""] = / was started at (\S+), and now at (\S+)/.exec(fault) ?? [];
  return Math.abs(Date.parse(was) - Date.parse(is)) <= 20;
}

const stateOf = (experiment: Experiment): string => experiment.site.path("sample.run/state");
const historyOf = (experiment: Experiment): string => experiment.site.path("sample.run/history");

/** What could not be trusted is put aside, and the terminal has its name. */
function isPutAside(experiment: Experiment): void {
  const aside = readdirSync(experiment.site.path("sample.run")).filter((name) => name.startsWith("state.bad"));
  assert.equal(aside.length, 1, aside.join());
  const told = experiment.books().logs.join("\n").split("\n").filter((line) => line.includes(aside[0] ?? "state.bad"));
  assert.equal(told.length, 1, told.join("\n"));
}

const damages: Record<string, (text: string) => string> = {
  "cut off in the middle": (text) => text.slice(0, text.length / 2),
  "empty": () => "",
  "of garbage": () => "\0\x01garbage\n".repeat(100),
  "of other types": (text) => JSON.stringify({ ...JSON.parse(text) as object, state: "none", instance: 7 }),
  "of a newer version": (text) => JSON.stringify({ ...JSON.parse(text) as object, version: 1000 }),
};

suite("a Sentry that is killed", { concurrency: 2 }, () => {
  for (const [what, damage] of Object.entries(damages)) {
    test(`and whose state is ${what}, is taken over by its history`, async (t) => {
      const experiment = await crashed(t);
      writeFileSync(stateOf(experiment), damage(readFileSync(stateOf(experiment), "utf8")));
      await experiment.start();
      isPutAside(experiment);
      await endsWell(experiment);
    });
  }

  test("and whose state is gone, is taken over by its history", async (t) => {
    const experiment = await crashed(t);
    rmSync(stateOf(experiment));
    await experiment.start();
    await endsWell(experiment);
  });

  test("and whose state says another boot, though all live, is not doubled", async (t) => {
    const experiment = await crashed(t);
    const text = readFileSync(stateOf(experiment), "utf8");
    assert.ok(text.includes(BOOT));
    writeFileSync(stateOf(experiment), text.replaceAll(BOOT, ANOTHER_BOOT));
    await experiment.start();
    await endsWell(experiment);
  });

  test("with the whole machine, begins again: each process that was lost has one exit, of unknown status", async (t) => {
    const experiment = await crashed(t);
    experiment.withoutKeeper = true;
    // Whoever bears such a number now is somebody else.
    const lost = [...experiment.keepers(), ...experiment.sweep().map(({ pid }) => pid)];
    for (const pid of lost) send(pid, "SIGKILL");
    await until("all are gone", () => !lost.some(isAlive));
    for (const path of [stateOf(experiment), historyOf(experiment)]) {
      writeFileSync(path, readFileSync(path, "utf8").replaceAll(BOOT, ANOTHER_BOOT));
    }
    await experiment.start();
    await endsWell(experiment);
    const { history } = experiment.books();
    assert.ok(history.lines.some(({ type, status }) => type === "exited" && status === "unknown"));
  });

  test("and whose history is gone, is taken over by its state and its keeper", async (t) => {
    const experiment = await crashed(t);
    rmSync(historyOf(experiment));
    await experiment.start();
    await endsWellWithoutItsPast(experiment);
  });

  test("and whose history and state are gone, is taken over by its keeper", async (t) => {
    const experiment = await crashed(t);
    rmSync(historyOf(experiment));
    rmSync(stateOf(experiment));
    await experiment.start();
    await endsWellWithoutItsPast(experiment);
  });

  test("in the middle of a record, is taken over: what is no whole line is cut off", async (t) => {
    const experiment = await crashed(t);
    appendFileSync(historyOf(experiment), '{"id":99999,"type":"exited","entry":"steady","slot":0,"ru');
    await experiment.start();
    await endsWell(experiment);
  });

  test("and whose history has lost its last line and more, is taken over", async (t) => {
    const experiment = await crashed(t);
    const text = readFileSync(historyOf(experiment), "utf8");
    truncateSync(historyOf(experiment), text.lastIndexOf("\n", text.length * 0.9) + 20);
    await experiment.start();
    await endsWellWithoutItsPast(experiment, /is in no record|is recorded as unknown/);
  });

  test("with its keeper, is taken over: its processes live, and are found", async (t) => {
    const experiment = await running(t);
    const { pid } = experiment;
    const [keeper = 0, ...others] = experiment.keepers();
    assert.deepEqual(others, []);
    experiment.withoutKeeper = true;
    // Stopped, it starts no other one.
    process.kill(pid, "SIGSTOP");
    process.kill(keeper, "SIGKILL");
    await until("the keeper is gone", () => !isAlive(keeper));
    await experiment.kill(pid, "with its keeper");
    await experiment.start();
    await endsWell(experiment);
  });

  test("after its keeper was, has another one by then, and is taken over as if nothing had been", async (t) => {
    const experiment = await running(t);
    const [keeper = 0] = experiment.keepers();
    process.kill(keeper, "SIGKILL");
    await until("another keeper holds what the first one held", () => {
      const [other, ...more] = experiment.keepers();
      return other !== undefined && other !== keeper && more.length === 0;
    });
    await experiment.crash();
    await experiment.start();
    await endsWell(experiment);
  });

  test("and started again three times at once, is taken over by one of them, and the others say who it is", async (t) => {
    const experiment = await crashed(t);
    for (let n = 0; n < 2; n++) {
      const commands = [1, 2, 3].map(() => experiment.launch());
      const ends = await Promise.all(commands.map(({ ended }) => ended));
      assert.deepEqual(ends.map(({ code }) => code).sort(), [0, 5, 5], commands.map(({ stderr }) => stderr).join("\n"));
      experiment.isStarted();
      const told = commands.map(({ stderr }) => stderr).filter((text) => text !== "");
      for (const text of told) assert.ok(text.includes(String(experiment.pid)), text);
      await experiment.crash();
    }
    await endsWell(experiment);
  });

  test("has orphans, of which `sentry stop` tells, and which only `--orphans` ends", async (t) => {
    const experiment = await crashed(t);
    const steady = (): string[] =>
      experiment.sweep().filter(({ entry }) => entry === "steady").map(({ mark }) => mark).sort();
    const before = steady();
    assert.equal(before.length, 2);
    const told = await experiment.site.sentry(["stop", "sample.ts"]);
    assert.equal(told.code, 3, told.stderr);
    assert.match(told.stderr, /--orphans/);
    assert.deepEqual(steady(), before);
    const stopped = await experiment.site.sentry(["stop", "--orphans", "sample.ts"]);
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.deepEqual(steady(), []);
    await experiment.nothingLeft();
    assert.deepEqual(experiment.faults, []);
    assert.ok(!existsSync(experiment.site.path("sample.pid")));
  });
});
