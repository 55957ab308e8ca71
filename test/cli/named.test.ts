import assert from "node:assert/strict";
import { test } from "node:test";

import { Named } from "../../src/cli/named.ts";
import type { Command } from "../../src/core/command.ts";
import { tidings } from "../support/world.ts";

const names = (run: number, mainPid: number | null): Command => ({ kind: "notified", run, tidings: tidings({ mainPid }) });
const ends = (run: number): Command => ({ kind: "cleared", run });

test("who is to take a process's place is written down when that is said, and not when it is said again", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let written = 0;
  const named = new Named(() => { written++; });
  named.heard([names(7, null), ends(8)]);
  assert.equal(written, 0);
  named.heard([names(7, 4711)]);
  assert.equal(written, 1);
  t.mock.timers.tick(1000);
  named.heard([names(7, 4711)]);
  assert.equal(written, 1);
  named.heard([names(8, 4711)]);
  assert.equal(written, 2, "another run's");
  named.close();
});

test("it is written down once a second at most, and then the last that was said", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let written = 0;
  const named = new Named(() => { written++; });
  for (let pid = 2; pid < 100; pid++) named.heard([names(7, pid)]);
  assert.equal(written, 1);
  t.mock.timers.tick(1000);
  assert.equal(written, 2);
  t.mock.timers.tick(5000);
  assert.equal(written, 2, "and nothing is left to wake up for");
  named.close();
});

test("after the end nothing is written any more", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let written = 0;
  const named = new Named(() => { written++; });
  named.heard([names(7, 2), names(8, 3)]);
  named.heard([names(7, 4)]);
  named.close();
  t.mock.timers.tick(1000);
  assert.equal(written, 1);
});
