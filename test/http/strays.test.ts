/** Processes of ours of which nobody can say whose they are. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import type { Answered } from "../../src/http/schema.ts";
import { served } from "./app.ts";

/** Field 22 of /proc/PID/stat, from behind the name of the program. */
function startTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}

test("strays are shown with what there is to tell of them, and mostly there are none", async (t) => {
  const { app, strays } = served([]);
  assert.deepEqual((await app.inject("/strays")).json(), []);

  const child = spawn("sleep", ["1000"]);
  t.after(() => child.kill("SIGKILL"));
  const pid = child.pid!;
  strays.push({ pid, name: "sle\u001bep", state: "S", startTicks: startTicks(pid) });
  const [shown, ...more] = (await app.inject("/strays")).json<Answered<"Stray">[]>();
  assert.deepEqual([{ ...shown, startedAt: "" }, more], [{ pid, name: "sle\u001bep", state: "S", startedAt: "" }, []]);
  // The kernel says to the second when it was booted.
  assert(Math.abs(Date.parse(shown!.startedAt) - Date.now()) < 60_000, shown!.startedAt);
});

test("those who ask at the same time are answered from one look", async () => {
  const { app, view } = served([]);
  let looks = 0;
  let answer = (): void => {};
  view.strays = () => new Promise((resolve) => {
    looks++;
    answer = () => resolve([]);
  });
  const answers = [app.inject("/strays"), app.inject("/strays")];
  while (looks === 0) await new Promise((resolve) => { setImmediate(resolve); });
  // Both have been asked by now: a request is handled in the turn of the loop in which it comes.
  await new Promise((resolve) => { setImmediate(resolve); });
  answer();
  for (const { statusCode } of await Promise.all(answers)) assert.equal(statusCode, 200);
  assert.equal(looks, 1);
});

test("a look that fails is a bug, and the next one is another", async () => {
  const { app, view, bugs, strays } = served([]);
  const { strays: look } = view;
  view.strays = async () => { throw new Error("torn"); };
  assert.equal((await app.inject("/strays")).statusCode, 500);
  assert.equal(bugs.length, 1);
  view.strays = look;
  strays.push({ pid: 1520, name: "sleep", state: "S", startTicks: 1 });
  assert.equal((await app.inject("/strays")).json<unknown[]>().length, 1);
});
