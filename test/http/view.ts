/** What the routes look at: an engine in virtual time. */
import { Tallies } from "../../src/http/tallies.ts";
import type { Consumption, Stray, View } from "../../src/http/view.ts";
import type { Law, RunId, SlotId } from "../../src/core/types.ts";
import { loadAddon } from "../../src/native/load.ts";
import type { Fate } from "../support/kernel.ts";
import { World } from "../support/world.ts";
import { FakePast } from "./past.ts";
import { FakeLogs } from "./printed.ts";

export type FateOf = (run: RunId, slot: SlotId) => Fate;

export function viewOf(laws: readonly Law[], fateOf?: FateOf) {
  const world = new World(laws, fateOf).start();
  const past = new FakePast();
  const logs = new FakeLogs(laws.map(({ name }) => name));
  const bugs: unknown[] = [];
  const told: string[] = [];
  /** What a sweep finds of a process; it finds nothing of the others. */
  const found = new Map<number, Consumption>();
  const sweeps = { count: 0 };
  const strays: Stray[] = [];
  const view: View = {
    engine: world.engine,
    clock: world.agenda,
    past,
    program: (entry) => ({ command: entry === "dummy" ? "sleep" : "node", args: ["4"] }),
    options: (entry) => ({ count: 1, delay: 1000, cwd: `/srv/${entry}` }),
    reload: async () => ({ kind: "done", id: past.lastId + 1 }),
    plan: async () => ({ kind: "plan", changes: [] }),
    version: "1.2.3",
    config: "/srv/größer.ts",
    openapi: () => Buffer.from('{"openapi":"3.1.0"}'),
    maxCount: 10_000,
    async sweep(roots) {
      sweeps.count++;
      return roots.map(({ pid }) => found.get(pid) ?? null);
    },
    strays: async () => strays,
    logs,
    reopenLogs: () => ({ reopened: 0, failed: [] }),
    tallies: new Tallies(),
    peer: () => ({ pid: 4000, uid: 1000 }),
    duplicate: (fd) => loadAddon().duplicate(fd),
    tell: (text) => { told.push(text); },
    bug: (error) => { bugs.push(error); },
  };
  return { world, past, logs, view, bugs, told, found, sweeps, strays };
}
