import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Law, RunId, Scope } from "../../src/core/types.ts";
import { action, perform } from "../support/actions.ts";
import { agrees, isAlone } from "../support/agreement.ts";
import { exitWhen, fate, laws, limits, names } from "../support/fates.ts";
import { Ledger } from "../support/ledger.ts";
import { Witness } from "../support/witness.ts";
import { World } from "../support/world.ts";

test("whatever happens in whatever order, what is promised holds after each step", async () => {
  const lives = fc.array(fate, { minLength: 1, maxLength: 12 });
  const actions = fc.array(action, { maxLength: 60, size: "max" });
  await fc.assert(fc.asyncProperty(laws, limits, exitWhen, lives, actions, async (some, limits, exitWhen, fates, actions) => {
    const limited = (laws: readonly Law[]) => laws.map((law): Law => ({ ...law, limit: limits[names.indexOf(law.name)] ?? null }));
    const laws = limited(some);
    const witness = new Witness(laws);
    const ledger = new Ledger();
    const scopes = new Map<RunId, Scope>();
    const world = new World(laws, (run) => fates[run % fates.length]!, (command, effects, world) => {
      witness.see(command, effects, world.agenda.now().mono, world.engine.state);
      ledger.see(command, effects, world.engine.state);
      agrees(world);
      for (const effect of effects) {
        if (effect.kind === "end") scopes.set(effect.run, effect.scope);
        if (effect.kind === "reap" && command.kind !== "followed") isAlone(world, effect.run, scopes.get(effect.run));
      }
    });
    const asked: Promise<unknown>[] = [];
    world.start(exitWhen);
    for (const action of actions) perform(world, action, limited, asked);
    asked.push(world.stop(false));
    while (world.agenda.next());

    assert.equal(world.left, 1, "it has not left");
    assert.equal(world.timers.size, 0);
    const lives = [...world.kernel.processes.values()].map(({ life }) => life);
    assert.deepEqual(lives.filter((life) => life !== "reaped" && life !== "never"), [], "something lives");
    assert.equal(witness.exitsRecorded, lives.filter((life) => life === "reaped").length);
    await Promise.all(asked); // each has its answer
  }), { numRuns: 3000, includeErrorInReport: true });
});
