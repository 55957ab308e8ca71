import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isAtRest, roomOf } from "../../src/core/state.ts";
import type { Law, Limit, RunId, Scope } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { identityOf } from "../support/kernel.ts";
import type { Ending, Fate, Program } from "../support/kernel.ts";
import { Ledger } from "../support/ledger.ts";
import { Witness } from "../support/witness.ts";
import { someone, World } from "../support/world.ts";

type Action =
  | { readonly do: "pass"; readonly millis: number }
  | { readonly do: "crash"; readonly which: number; readonly ending: Ending }
  | { readonly do: "up" | "down" | "restart" | "signal"; readonly entry: number; readonly slot: number }
  | { readonly do: "roll"; readonly entry: number }
  | { readonly do: "scale"; readonly entry: number; readonly count: number }
  | { readonly do: "stop"; readonly hurry: boolean }
  | { readonly do: "stale"; readonly number: number }
  | { readonly do: "reload"; readonly laws: readonly Law[] | null; readonly replaced: readonly string[]; readonly exec: boolean }
  | { readonly do: "takeOver"; readonly unknown: boolean };

const ending: fc.Arbitrary<Ending> = fc.oneof(
  fc.record({ code: fc.constantFrom(0, 0, 0, 1, 3, 255) }),
  fc.record({ signal: fc.constantFrom("SIGSEGV", "SIGKILL"), coreDumped: fc.boolean() }),
  fc.record({ unknown: fc.constant(true as const) }),
);

/** What is started by a process, or left by it. Most end well and soon, so that much is forked away. */
const program = {
  livesFor: fc.constantFrom(0, 3, 30, 120, 249, 250, 999, 1000, 2000, Infinity, Infinity),
  ending,
  heedsAfter: fc.constantFrom(0, 30, 400, null),
  killedAfter: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 0, 20) }, fc.constantFrom(5000, 12_000)),
  detached: fc.boolean(),
};
const some = (arbitrary: fc.Arbitrary<Program>, most: number): fc.Arbitrary<Program[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<Program[]>([]) }, fc.array(arbitrary, { minLength: 1, maxLength: most }));
const leaf: fc.Arbitrary<Program> = fc.record(program);
const daemon: fc.Arbitrary<Program> = fc.record({ ...program, leaves: some(leaf, 2), forks: some(leaf, 1) });

const fate: fc.Arbitrary<Fate> = fc.record({
  ...program,
  leaves: some(leaf, 2),
  forks: some(daemon, 2),
  search: fc.record({ after: fc.constantFrom(0, 0, 10, 700, Infinity), pidFile: fc.boolean() }),
  answerAfter: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 5, 40, 300) }, fc.constant(Infinity)),
  fault: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.constantFrom("ENOENT", "EAGAIN").map((errno) =>
    ({ step: "exec", errno, message: "it is said to be so", subject: "/no/such" }))),
  toldAfter: fc.constantFrom(0, 0, 2, 60, 1500),
  calledOff: fc.boolean(),
});

const names = ["e0", "e1", "e2"];
const laws: fc.Arbitrary<Law[]> = fc.uniqueArray(fc.record({
  name: fc.constantFrom(...names), count: fc.nat(3),
  restart: fc.constantFrom("always", "always", "on-failure", "never"), successCodes: fc.constantFrom([0], [0], [0, 3], []),
  delay: fc.constantFrom(0, 1, 50, 100, 1000),
  backoff: fc.option(fc.record({
    factor: fc.constantFrom(1, 2, 3), max: fc.constantFrom(50, 700, 10_000), jitter: fc.constantFrom(0, 0.5, 1),
    resetAfter: fc.constantFrom(100, 1000),
  })),
  limit: fc.constant(null),
  stopSignal: fc.constantFrom("SIGTERM", "SIGQUIT", "SIGKILL"), grace: fc.constantFrom(0, 50, 1000),
  scope: fc.constantFrom("tree", "tree", "group", "process"),
  daemon: fc.boolean(), readyTimeout: fc.constantFrom(1, 300, 1000),
}), { maxLength: 3, selector: ({ name }) => name });

/** Of each entry, and for good: which failures of old count under another limit is promised to nobody. */
const limits: fc.Arbitrary<(Limit | null)[]> = fc.array(fc.option(
  fc.record({ count: fc.nat(3), within: fc.constantFrom(100, 1000, 60_000) })), { minLength: 3, maxLength: 3 });

const entry = fc.nat(2);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 10, 100, 700, 1000).map((millis) => ({ do: "pass" as const, millis })) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("crash" as const), which: fc.nat(9), ending }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("up" as const, "down" as const), entry, slot: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("restart" as const, "signal" as const), entry, slot: fc.nat(3) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("roll" as const), entry }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("scale" as const), entry, count: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stale" as const), number: fc.integer({ min: -1, max: 40 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("reload" as const), laws, replaced: fc.subarray(names), exec: fc.boolean() }),
  },
  // The same configuration once more: a rolling restart goes on.
  { weight: 2, arbitrary: fc.constant({ do: "reload" as const, laws: null, replaced: [], exec: true }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeOver" as const), unknown: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), hurry: fc.boolean() }) },
);

/** What is told again, or too late: an exit that is known, a timer that was cancelled, a number that never was. */
function tellStale(world: World, number: number): void {
  const { runs, timers } = world.engine.state;
  const at = world.agenda.now();
  const times = { at, kernelTime: false, userMs: 0, systemMs: 0 };
  const exit = { pid: 100 + (number % 7), code: 0, signal: null, coreDumped: false, maxRssBytes: null, ...times };
  const fault = { step: "exec", errno: "EIO", message: "", subject: "" };
  if (!timers.has(number)) world.put({ kind: "timeUp", token: number });
  if (runs.has(number)) return;
  world.put({ kind: "exited", run: number, exit, alone: true });
  world.put({ kind: "spawned", run: number, pid: 1, at, identity: identityOf(number) });
  world.put({ kind: "fault", run: number, fault, at });
  world.put({ kind: "cleared", run: number });
  world.put({ kind: "followed", run: number, pid: 1, at, identity: identityOf(number), settled: true });
  world.put({ kind: "astray", run: number, fault });
  world.put({ kind: "surviving", run: number, survivors: [] });
}

function perform(world: World, action: Action, limited: (laws: readonly Law[]) => Law[], asked: Promise<unknown>[]): void {
  switch (action.do) {
    case "pass": world.pass(action.millis); return;
    case "crash": {
      const alive = world.kernel.alive();
      const run: RunId | undefined = alive[action.which % alive.length];
      if (run !== undefined) world.kernel.die(run, action.ending);
      return;
    }
    case "up": asked.push(world.up(slotId(`e${action.entry}`, action.slot))); return;
    case "down": asked.push(world.down(slotId(`e${action.entry}`, action.slot))); return;
    case "restart": asked.push(world.restart(slotId(`e${action.entry}`, action.slot))); return;
    case "signal": asked.push(world.signal(slotId(`e${action.entry}`, action.slot), "SIGHUP")); return;
    case "roll": asked.push(world.roll(`e${action.entry}`)); return;
    case "scale": asked.push(world.scale(`e${action.entry}`, action.count)); return;
    case "stop": asked.push(world.stop(action.hurry)); return;
    case "stale": return tellStale(world, action.number);
    case "reload": {
      const { replaced, exec } = action;
      const laws = action.laws !== null ? limited(action.laws) : [...world.engine.state.entries.values()].map(({ law }) => law);
      if (exec && world.left === 0) world.reload(laws, replaced);
      else world.put({ kind: "reload", laws, replaced, by: someone });
      return;
    }
    case "takeOver": if (world.left === 0) world.takeOver(action.unknown); return;
  }
}

test("whatever happens in whatever order, what is promised holds after each step", async () => {
  const lives = fc.array(fate, { minLength: 1, maxLength: 12 });
  await fc.assert(fc.asyncProperty(laws, limits, lives, fc.array(action, { maxLength: 60 }), async (some, limits, fates, actions) => {
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
    world.start();
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

/** What has been let go of has left nothing that was told to end, or that the law says is to be ended. */
function isAlone(world: World, run: RunId, told: Scope | undefined): void {
  const { slot, family } = world.kernel.processes.get(run)!;
  const { entries, removed } = world.engine.state;
  const name = slot.slice(0, 2);
  const scope = told ?? (entries.get(name) ?? removed.get(name))?.law.scope ?? "process";
  if (scope === "process") return; // what that has left is nobody's affair
  assert.equal(family.living(scope).length, 0, `${slot} goes on, and processes of run ${run} are still there`);
}

/** The indexes of the state say the same as its slots. */
function agrees(world: World): void {
  const { course, entries, removed, slots, runs, timers, live, asleep } = world.engine.state;
  const phases = [...slots.values()].map(({ phase }) => phase);
  assert.equal(live, phases.filter((phase) => !isAtRest(phase)).length);
  assert.equal(runs.size, phases.filter((phase) => "run" in phase).length);
  assert.equal(world.timers.size, asleep ? 0 : timers.size);
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
    const isOnTheWay = ["starting", "following", "settling", "stopping", "clearing"].includes(phase.kind);
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
