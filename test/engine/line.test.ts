import assert from "node:assert/strict";
import { test } from "node:test";

import { lineOf } from "../../src/engine/line.ts";

test("a line has every field that all have, and what its type has beyond them", () => {
  const record = { at: 1_334_000_000_120_431, entry: "web", slot: 0, pid: 1514, cause: null, by: { kind: "token", pid: null, uid: null } } as const;
  assert.deepEqual(lineOf({ type: "waiting", ...record, until: 5000 }, 17), {
    id: 17, at: "2012-04-09T19:33:20.120431Z", type: "waiting", entry: "web", slot: 0, pid: 1514, code: null, signal: null,
    coreDumped: false, status: null, cause: null, by: { kind: "token", pid: null, uid: null }, until: 5000,
  });
});

test("the signal of a line is the one that ended a process, or the one that it was sent", () => {
  const record = { type: "signalled", at: 0, entry: "web", slot: 0, pid: 1514, signal: "SIGHUP", cause: null, by: null } as const;
  const { signal, code, status } = lineOf(record, 1);
  assert.deepEqual([signal, code, status], ["SIGHUP", null, null]);
});
