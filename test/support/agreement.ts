/** What holds between the parts of a state, and between it and the world, after each step. */
import assert from "node:assert/strict";

import { derive } from "../../src/core/derived.ts";
import { isAtRest, roomOf } from "../../src/core/state.ts";
import type { State } from "../../src/core/state.ts";
import type { RunId, Scope, Sought } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import type { World } from "./world.ts";

/** What has been let go of has left nothing that was told to end, or that the law says is to be ended. */
export function isAlone(world: World, run: RunId, told: Scope | undefined): void {
  const { slot, family } = world.kernel.processes.get(run)!;
  const { entries, removed } = world.engine.state;
  const name = slot.slice(0, 2);
  const scope = told ?? (entries.get(name) ?? removed.get(name))?.law.scope ?? "process";
  if (scope === "process") return; // what that has left is nobody's affair
  assert.equal(family.living(scope).length, 0, `${slot} goes on, and processes of run ${run} are still there`);
}

/** What has to be looked at from outside. */
function probed(world: World): Map<RunId, Sought> {
  const { slots, entries, removed } = world.engine.state;
  return new Map([...slots.values()].flatMap(({ entry, phase }): [RunId, Sought][] => {
    const law = (entries.get(entry) ?? removed.get(entry))?.law;
    if (phase.kind === "following" || phase.kind === "settling") {
      const isKnown = phase.proven || (phase.kind === "following" && phase.wasReady);
      return law?.ready === "probe" && !isKnown ? [[phase.run, "sign"]] : [];
    }
    if (phase.kind === "readying" && law?.ready === "probe") return [[phase.run, "ready"]];
    return phase.kind === "running" && law?.health !== null && phase.leaves === null ? [[phase.run, "health"]] : [];
  }));
}

/** The indexes of the state say the same as its slots. */
export function agrees(world: World): void {
  const { course, entries, removed, slots, runs, timers, live, asleep } = world.engine.state;
  const phases = [...slots.values()].map(({ phase }) => phase);
  assert.equal(live, phases.filter((phase) => !isAtRest(phase)).length);
  assert.equal(runs.size, phases.filter((phase) => "run" in phase).length);
  assert.equal(world.timers.size, asleep ? 0 : timers.size);
  const again = structuredClone(world.engine.state) as State;
  derive(again);
  for (const part of ["live", "runs", "timers"] as const) assert.deepEqual(world.engine.state[part], again[part]);
  for (const [name, tally] of world.engine.state.tallies) {
    const some = Object.values(tally).some((count) => count !== 0);
    assert.deepEqual(again.tallies.get(name), some || again.tallies.has(name) ? tally : undefined, name);
  }
  if (!asleep) assert.deepEqual(new Map(world.probes), probed(world));
  for (const [name, { live }] of removed) {
    assert(!entries.has(name), `${name} is configured and removed`);
    assert.equal(live, [...slots.values()].filter(({ entry }) => entry === name).length, name);
    assert(live > 0, `${name} is removed, and is still there`);
  }
  for (const [name, { count, rolling }] of entries) {
    if (rolling === null || asleep) continue;
    const [awaited, extra] = [slots.get(slotId(name, rolling.awaited)), slots.get(slotId(name, count))];
    assert(awaited?.wanted && extra?.wanted, `${name} waits for what nobody wants`);
    const { phase } = awaited;
    const isOnTheWay = ["starting", "following", "settling", "readying", "stopping", "clearing"].includes(phase.kind);
    const comes = isOnTheWay || (phase.kind === "running" && phase.settles !== null);
    assert(comes, `${name} waits for what never comes`);
  }
  for (const { entry, number, failures, phase } of slots.values()) {
    const isAwaited = entries.get(entry)?.rolling?.awaited === number;
    assert(isAwaited || phase.kind !== "running" || phase.settles === null, `${entry}:${number} has a timer for nobody`);
    assert(entries.has(entry) || removed.has(entry), `${entry}:${number} has no entry`);
    const configured = entries.get(entry);
    const isIn = number < (configured === undefined ? 0 : roomOf(configured));
    assert(isIn || !isAtRest(phase) || asleep || course !== "keeping", `${entry}:${number} is left over`);
    assert(!isAtRest(phase) || failures.inARow + failures.times.length === 0, `${entry}:${number} rests, and its failures do not`);
  }
}
