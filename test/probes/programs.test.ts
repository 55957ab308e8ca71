/** Looks by programs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { within } from "../../src/probes/look.ts";
import type { Finding } from "../../src/probes/look.ts";
import { until } from "../support/until.ts";
import { stayAlive } from "./alive.ts";
import { exit, programs } from "./world.ts";

stayAlive();

function looking(limit = 30_000) {
  const { world, programs: all } = programs();
  const end = new AbortController();
  const look = all.look("web", 1, "check.sh", ["-q"]);
  const found = (): Promise<Finding> => within(limit, look, end.signal);
  const begun = (n: number): Promise<number> => until(`program ${n} has begun`, () => world.begun[n]);
  return { world, all, end, found, begun };
}

test("a program that ends with 0 is well, and is reaped", async () => {
  const { world, all, found, begun } = looking();
  const wrong = found();
  const run = await begun(0);
  all.take({ kind: "spawned", run });
  all.take(exit(run, {}));
  assert.equal(await wrong, null);
  assert.deepEqual(world.deeds, ["begin web:1 check.sh -q", "reap program 0"]);
});

test("how it has ended otherwise is named", async () => {
  const { all, found, begun } = looking();
  const ends = [[{ code: 1 }, "exit code 1"], [{ signal: "SIGSEGV" }, "ended by SIGSEGV"]] as const;
  for (const [n, [how, words]] of ends.entries()) {
    const wrong = found();
    all.take(exit(await begun(n), how));
    assert.equal(await wrong, `check.sh: ${words}`);
  }
});

test("what it leaves behind is ended first", async () => {
  const { world, all, found, begun } = looking();
  const wrong = found();
  const run = await begun(0);
  all.take(exit(run, { code: 2, alone: false }));
  assert.deepEqual(world.deeds.slice(1), ["end program 0"]);
  all.take({ kind: "cleared", run });
  assert.equal(await wrong, "check.sh: exit code 2");
  assert.deepEqual(world.deeds.slice(1), ["end program 0", "reap program 0"]);
});

test("a start that fails is a look that has found something wrong", async () => {
  const { world, all, found, begun } = looking();
  const wrong = found();
  const run = await begun(0);
  const fault = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "" };
  all.take({ kind: "fault", run, ...fault });
  assert.equal(await wrong, "check.sh: exec: ENOENT (no such file or directory)");
  world.fault = { step: "envFile", errno: "EACCES", message: "permission denied", subject: "/etc/web.env" };
  assert.equal(await found(), "check.sh: /etc/web.env: envFile: EACCES (permission denied)");
  assert.equal(world.begun.length, 1);
});

test("one that takes too long is ended, and the next begins only when it is gone", async () => {
  const { world, all, found, begun } = looking(20);
  const late = found();
  const run = await begun(0);
  all.take({ kind: "spawned", run });
  assert.equal(await late, "check.sh: no answer within 20 ms");
  assert.deepEqual(world.deeds.slice(1), ["end program 0"]);
  assert.equal(await found(), "check.sh: no answer within 20 ms");
  const third = found();
  assert.equal(world.begun.length, 1, "a second one was begun beside the first");
  all.take(exit(run, { signal: "SIGKILL", alone: false }));
  all.take({ kind: "cleared", run });
  all.take(exit(await begun(1), {}));
  assert.equal(await third, null);
  for (let n = 0; n < 10; n++) await turn();
  assert.equal(world.laidOut, 2, "for a look that was over a start was laid out");
});

test("the end of the looking ends a program at once", async () => {
  const { world, found, begun, end } = looking();
  const wrong = found();
  await begun(0);
  end.abort();
  assert.deepEqual(world.deeds.slice(1), ["end program 0"]);
  await wrong;
});

test("a program whose start is still laid out at the end is never begun", async () => {
  const { world, found, end } = looking();
  let layOut: (begin: () => void) => void = () => {};
  world.prepare = () => new Promise((resolve) => { layOut = resolve; world.laidOut++; });
  const wrong = found();
  await until("it is laid out", () => world.laidOut === 1);
  end.abort();
  await wrong;
  layOut(() => world.deeds.push("begin"));
  for (let n = 0; n < 10; n++) await turn();
  assert.deepEqual(world.deeds, []);
});

test("one that is gone is not sent anything", async () => {
  const { world, all, found, begun, end } = looking();
  const wrong = found();
  all.take(exit(await begun(0), {}));
  await wrong;
  end.abort();
  assert.deepEqual(world.deeds.slice(1), ["reap program 0"]);
});

test("a program of an earlier image is ended and reaped", () => {
  const { world, programs: all } = programs();
  const run = 2 ** 41;
  all.take({ kind: "spawned", run });
  all.take(exit(run, { signal: "SIGKILL", alone: false }));
  all.take({ kind: "cleared", run });
  assert.deepEqual(world.deeds.map((deed) => deed.split(" ")[0]), ["end", "end", "reap"]);
});
