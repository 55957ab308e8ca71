/** What `start --detach` waits for. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";

import { FirstStarts } from "../../src/cli/first-starts.ts";
import type { HistoryRecord } from "../../src/core/record.ts";

const about = { at: 7, entry: "web", pid: null, by: null };
const fault = { step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "" };

const ANSWERS: readonly HistoryRecord[] = [
  {
    ...about, type: "started", slot: 0, pid: 1514, run: 7, restarts: 0, mono: 1000, cause: null,
    identity: { startTicks: 17, pipes: [1, 2], cgroup: null },
  },
  { ...about, ...fault, type: "fault", slot: 0, run: 7, cause: null },
  { ...about, type: "stopped", slot: 0, wanted: false, cause: "stopped" },
  { ...about, type: "finished", slot: 0, cause: "exited" },
  { ...about, type: "failed", slot: 0, cause: null },
];

for (const answer of ANSWERS) {
  test(`a process that is ${answer.type} is waited for no longer, and the others still are`, () => {
    let done = 0;
    const starts = new FirstStarts(["web:0", "web:1"], () => { done++; });
    starts.record(answer);
    assert.equal(done, 0);
    starts.record({ ...answer, slot: 1 } as HistoryRecord);
    assert.equal(done, 1);
    starts.record(answer);
    assert.equal(done, 1, "it is done once");
  });
}

test("what is no answer to a start is not taken for one", () => {
  let done = 0;
  const starts = new FirstStarts(["web:0"], () => { done++; });
  starts.record({ ...about, ...fault, type: "fault", slot: 0, run: null, cause: null, step: "kill" });
  starts.record({ ...about, ...fault, type: "fault", slot: null, pid: null, cause: "restarted" });
  starts.record({ ...about, type: "stopping", slot: 0, run: 7, wanted: true, until: 9000, cause: "leftover" });
  starts.record({ ...about, type: "waiting", slot: 0, until: 9000, cause: null });
  starts.record({ at: 7, by: null, type: "stopped", entry: null, slot: null, pid: null, cause: null });
  assert.equal(done, 0);
});

test("with nothing to wait for it is done, once the caller has what it made", async () => {
  let done = 0;
  const starts = new FirstStarts([], () => { done++; });
  assert.deepEqual([typeof starts, done], ["object", 0]);
  await setImmediate();
  assert.equal(done, 1);
});
