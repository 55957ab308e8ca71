/** What may be asked, and what may happen: by chance, for the simulation. */
import fc from "fast-check";

import type { Happening } from "../../src/core/command.ts";
import { runOf, startedOf } from "../../src/core/state.ts";
import type { Phase } from "../../src/core/state.ts";
import type { ExitWhen, Law, RunId, Tidings } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { ending, exitWhen, laws, names, says } from "./fates.ts";
import { identityOf } from "./kernel.ts";
import type { Ending } from "./kernel.ts";
import { someone, tidings } from "./world.ts";
import type { World } from "./world.ts";

export type Action =
  | { readonly do: "pass"; readonly millis: number }
  | { readonly do: "crash"; readonly which: number; readonly ending: Ending }
  | { readonly do: "up" | "down" | "restart" | "signal"; readonly entry: number; readonly slot: number }
  | { readonly do: "roll"; readonly entry: number }
  | { readonly do: "scale"; readonly entry: number; readonly count: number }
  | { readonly do: "stop"; readonly hurry: boolean }
  | { readonly do: "stale"; readonly number: number }
  | {
      readonly do: "reload"; readonly laws: readonly Law[] | null; readonly replaced: readonly string[]; readonly exitWhen: ExitWhen;
      readonly exec: boolean;
    }
  | { readonly do: "takeOver"; readonly unknown: boolean }
  | { readonly do: "prove" | "oversize"; readonly which: number }
  | { readonly do: "examine"; readonly which: number; readonly ok: boolean }
  | { readonly do: "notify"; readonly which: number; readonly says: Partial<Tidings> }
  | { readonly do: "name"; readonly which: number; readonly member: number; readonly ending: Ending | null }
  | { readonly do: "change"; readonly entry: number }
  | { readonly do: "due"; readonly entry: number; readonly now: boolean; readonly next: number | null; readonly missed: number };

const entry = fc.nat(2);
export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 14, arbitrary: fc.constantFrom(0, 1, 10, 100, 700, 1000).map((millis) => ({ do: "pass" as const, millis })) },
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
    arbitrary: fc.record({ do: fc.constant("reload" as const), laws, replaced: fc.subarray(names), exitWhen, exec: fc.boolean() }),
  },
  // The same configuration once more: a rolling restart goes on.
  { weight: 2, arbitrary: fc.constant({ do: "reload" as const, laws: null, replaced: [], exitWhen: null, exec: true }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeOver" as const), unknown: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), hurry: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("prove" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("oversize" as const), which: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("examine" as const), which: fc.nat(9), ok: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("notify" as const), which: fc.nat(9), says }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("name" as const), which: fc.nat(9), member: fc.nat(3), ending: fc.option(ending, { freq: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("change" as const), entry }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("due" as const), entry, now: fc.boolean(), next: fc.constantFrom(null, 100, 60_000), missed: fc.constantFrom(0, 0, 2),
    }),
  },
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
  world.put({ kind: "proven", run: number });
  world.put({ kind: "examined", run: number, ok: false, message: "" });
  world.put({ kind: "oversized", run: number, message: "" });
  world.put({ kind: "notified", run: number, tidings: tidings({ ready: true }) });
}

/**
 * Of a run in that phase, where there is one; or of any that has had a process, for nobody promises that what is told does
 * not come too late.
 */
function tellOf(world: World, which: number, kind: Phase["kind"] | null, fact: (run: RunId) => Happening): void {
  const all = [...world.engine.state.slots.values()].flatMap(({ phase }) => {
    const run = startedOf(phase) !== null || phase.kind === "clearing" ? runOf(phase) : null;
    return run === null ? [] : [{ run, kind: phase.kind }];
  });
  const meant = all.filter((one) => one.kind === kind);
  const some = meant.length > 0 ? meant : all;
  const run = some[which % some.length]?.run;
  if (run !== undefined) world.put(fact(run));
}

/** `asked`: to this is added what is to be answered. */
export function perform(world: World, action: Action, limited: (laws: readonly Law[]) => Law[], asked: Promise<unknown>[]): void {
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
      const { replaced, exitWhen, exec } = action;
      const laws = action.laws !== null ? limited(action.laws) : [...world.engine.state.entries.values()].map(({ law }) => law);
      if (exec && world.left === 0) world.reload(laws, replaced, exitWhen);
      else world.put({ kind: "reload", laws, replaced, exitWhen, by: someone });
      return;
    }
    case "takeOver": if (world.left === 0) world.takeOver(action.unknown); return;
    case "prove": return tellOf(world, action.which, "readying", (run) => ({ kind: "proven", run }));
    case "oversize": return tellOf(world, action.which, null, (run) => ({ kind: "oversized", run, message: "3 GB" }));
    case "examine": return tellOf(world, action.which, "running", (run) => ({ kind: "examined", run, ok: action.ok, message: "no answer" }));
    case "notify": {
      const kind = action.says.ready === true ? "readying" : "running";
      return tellOf(world, action.which, kind, (run) => ({ kind: "notified", run, tidings: tidings(action.says) }));
    }
    case "name": return tellOf(world, action.which, "running", (run) => {
      const { family } = world.kernel.processes.get(run)!;
      const all = family.living("tree");
      if (action.ending !== null) world.agenda.in(1, () => world.kernel.die(run, action.ending!));
      return { kind: "notified", run, tidings: tidings({ mainPid: all[action.member % all.length]?.pid ?? null }) };
    });
    case "change": return world.put({ kind: "changed", entry: `e${action.entry}`, file: "server.js" });
    case "due": {
      const { now, missed } = action;
      const next = action.next === null ? null : world.agenda.now().wall + action.next * 1000;
      return world.put({ kind: "due", entry: `e${action.entry}`, now, next, missed });
    }
  }
}
