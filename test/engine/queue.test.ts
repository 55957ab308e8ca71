import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "../../src/engine/queue.ts";

test("what comes first leaves first, also when it comes between two that leave", () => {
  const queue = new Queue<number>();
  assert.equal(queue.shift(), undefined);
  queue.push(1);
  queue.push(2);
  assert.equal(queue.shift(), 1);
  queue.push(3);
  assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], [2, 3, undefined]);
  queue.push(4);
  assert.equal(queue.shift(), 4);
});
