/** What is looked at while an experiment goes on, shown what it must find. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { HistoryLine } from "../../../src/engine/line.ts";
import { attention } from "./attention.ts";
import type { Found } from "./found.ts";
import type { Life } from "./life.ts";
import { unfounded } from "./reloads.ts";
import { changes, compare } from "./survey.ts";
import type { Shown } from "./survey.ts";

suite("a look at a Sentry that has taken over", () => {
  const found = (mark: string, pid: number, slot: number): Found => ({ mark, pid, entry: "x", slot });
  const shown = (pid: number | null, slot: number, more: Partial<Shown> = {}): Shown =>
    ({ id: `x:${slot}`, pid, state: "running", startedAt: "then", nextStartAt: null, restarts: 2, lastExit: null, ...more });
  const survey = { before: [found("i.1", 11, 0)], after: [found("i.1", 11, 0), found("i.2", 12, 1)], books: import.meta.dirname };

  test("finds nothing wrong where each is in its place", () => {
    assert.deepEqual(compare({ ...survey, shown: [shown(11, 0), shown(12, 1)] }), []);
    assert.deepEqual(compare({ ...survey, shown: [shown(11, 0)] }), [], "it may have ended in between");
    const restarted = shown(13, 1, { restarts: 3, startedAt: "now" });
    assert.deepEqual(changes([shown(11, 0), shown(12, 1)], [shown(11, 0), restarted]), []);
  });

  test("finds who is shown nowhere, elsewhere, or twice", () => {
    assert.match(compare({ ...survey, shown: [shown(12, 1)] }).join(), /i\.1 lives in x:0 as pid 11, and is shown nowhere/);
    assert.match(compare({ ...survey, shown: [shown(11, 1)] }).join(), /i\.1 lives in x:0 as pid 11, and is shown as x:1/);
    const after = [found("i.1", 11, 0), found("i.2", 12, 0)];
    assert.match(compare({ ...survey, after, shown: [shown(11, 0)] }).join(), /x:0 has two processes: i\.1 and i\.2/);
  });

  test("finds another start time, another count of restarts, and another end of a wait", () => {
    assert.match(changes([shown(11, 0)], [shown(11, 0, { startedAt: "now" })]).join(), /was started at then, and now at now/);
    assert.match(changes([shown(11, 0)], [shown(11, 0, { restarts: 0 })]).join(), /had 2 restarts, and now 0/);
    const waiting = (nextStartAt: string) => shown(null, 0, { state: "waiting", nextStartAt });
    const [then, later] = ["2026-11-22T06:34:59.120Z", "2026-11-22T06:34:59.620Z"];
    assert.match(changes([waiting(then)], [waiting(later)]).join(), /waited until .*59\.120Z, and now 500 ms longer/);
    assert.deepEqual(changes([waiting(then)], [waiting("2026-11-22T06:34:59.121Z")]), []);
    const timed = (nextStartAt: string, missedRuns: number) => shown(null, 0, { state: "waiting", nextStartAt, missedRuns });
    assert.deepEqual(changes([timed(then, 3)], [timed(later, 4)]), [], "its time has come and gone");
    assert.match(changes([timed(then, 3)], [timed(then, 2)]).join(), /had missed 3 runs, and now 2/);
  });

  test("finds who was ended for a silence that was not its own, and who has begun too early", () => {
    const line = (id: number, type: string, entry: string, more: object = {}) => ({ id, type, entry, slot: 0, cause: null, run: id, ...more }) as unknown as HistoryLine;
    for (const cause of ["readyTimeout", "watchdog", "unhealthy", "memory"]) {
      assert.match(attention([], [line(1, "stopping", "x", { cause })], new Map()).join(), new RegExp(`x:0, id 1: ended for its ${cause}`));
    }
    const forked = { entry: "x", pid: 12, steps: [11, 11] } as unknown as Life;
    assert.deepEqual(attention([forked], [line(1, "stopping", "x", { cause: "readyTimeout" })], new Map()), []);
    const order = new Map([["later", "x"]]);
    const [ready, later] = [line(2, "ready", "x"), line(3, "started", "later")];
    assert.deepEqual([attention([], [line(1, "started", "x"), ready, later], order), attention([], [ready, later], order)], [[], []]);
    assert.match(attention([], [line(1, "started", "x"), later], order).join(), /later:0, id 3: started, and x was not ready yet/);
  });

  test("finds an end that the configuration gave no reason for", () => {
    const stopping = (entry: string, slot: number, cause: string) => ({ type: "stopping", entry, slot, cause }) as HistoryLine;
    const once = [stopping("x", 0, "replaced"), stopping("x", 1, "replaced")];
    assert.deepEqual(unfounded(once, new Map([["x replaced", 1]])), []);
    const twice = [...once, stopping("x", 0, "replaced")];
    assert.match(unfounded(twice, new Map([["x replaced", 1]])).join(), /x:0 replaced 2 times, .* 1 reasons/);
    assert.match(unfounded([stopping("y", 0, "scaled")], new Map([["x scaled", 1]])).join(), /y:0 scaled 1 times, .* 0 reasons/);
  });
});
