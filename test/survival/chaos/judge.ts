/** A campaign as a test: what it counted is shown, and a fault is told with what was done before it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Campaign } from "./campaigns.ts";
import { SEED } from "./dice.ts";

export function judge(t: TestContext, { kills, reloads, requests, counts, faults, story }: Campaign): void {
  t.diagnostic(`CHAOS_SEED=${SEED}: ${kills} kills, ${reloads} reloads, ${requests} requests, ${JSON.stringify(counts)}`);
  assert.ok(faults.length === 0, `CHAOS_SEED=${SEED}: ${story()}`);
}
