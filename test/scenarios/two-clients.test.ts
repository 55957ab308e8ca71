import assert from "node:assert/strict";
import { test } from "node:test";

import { draw } from "../../src/core/chance.ts";
import type { SlotId } from "../../src/core/types.ts";
import { longLife } from "../support/kernel.ts";
import type { Program } from "../support/kernel.ts";
import { law, World } from "../support/world.ts";

const child: Program = { livesFor: Infinity, ending: { code: 0 }, heedsAfter: 20, killedAfter: 0, detached: true };

/** How many processes of the slot are there, of whatever run. */
function living(world: World, slot: SlotId): number {
  const ofSlot = [...world.kernel.processes.values()].filter((process) => process.slot === slot);
  return ofSlot.reduce((sum, { family }) => sum + family.living("tree").length, 0);
}

test("stop, start, restart and scale from two clients at once for a minute never give too many, and end where the last said", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const world = new World([law("web", { count: 3, delay: 10, grace: 30 })],
      (run) => ({ ...longLife, answerAfter: 2, heedsAfter: run % 5 === 0 ? null : run % 40, leaves: run % 3 === 0 ? [child] : [] })).start();
    let chance = seed;
    const upTo = (count: number): number => {
      const drawn = draw(chance);
      chance = drawn.seed;
      return Math.floor(drawn.random * count);
    };
    const wanted = new Map<SlotId, boolean>([["web:0", true], ["web:1", true], ["web:2", true]]);
    const ask = (): void => {
      const slots = [...wanted.keys()];
      const slot = slots[upTo(slots.length)]!;
      const what = upTo(4);
      if (what === 3) {
        const count = 1 + upTo(5);
        void world.scale("web", count);
        for (let n = slots.length; n < count; n++) wanted.set(`web:${n}`, true);
        for (let n = count; n < slots.length; n++) wanted.delete(`web:${n}`);
      } else {
        void world[(["up", "down", "restart"] as const)[what]!](slot);
        wanted.set(slot, what !== 1);
      }
    };
    for (let passed = 0; passed < 60_000; passed += 1 + upTo(100)) {
      for (let client = 0; client < 2; client++) ask();
      world.pass(upTo(30));
      for (let n = 0; n < 6; n++) assert(living(world, `web:${n}`) <= 2, "a process, and the one that it has started");
      for (const id of world.engine.state.slots.keys()) {
        const runs = [...world.kernel.processes.values()].filter(({ slot, family }) => slot === id && family.living("tree").length > 0);
        assert(runs.length <= 1, `${id} has two runs at once`);
      }
    }
    world.pass(1000);
    assert.deepEqual([...world.engine.state.slots.keys()].toSorted(), [...wanted.keys()].toSorted());
    for (const [slot, up] of wanted) assert.equal(world.phase(slot), up ? "running" : "stopped");
    assert.equal(world.kernel.alive().length, [...wanted.values()].filter((up) => up).length);
  }
});
