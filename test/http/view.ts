/** What the routes look at: an engine in virtual time. */
import type { View } from "../../src/http/view.ts";
import type { Law } from "../../src/core/types.ts";
import { loadAddon } from "../../src/native/load.ts";
import type { Fate } from "../support/kernel.ts";
import { World } from "../support/world.ts";
import { FakePast } from "./past.ts";

export function viewOf(laws: readonly Law[], fateOf?: () => Fate) {
  const world = new World(laws, fateOf).start();
  const past = new FakePast();
  const bugs: unknown[] = [];
  const view: View = {
    engine: world.engine,
    clock: world.agenda,
    past,
    program: (entry) => ({ command: entry === "dummy" ? "sleep" : "node", args: ["4"] }),
    options: (entry) => ({ count: 1, delay: 1000, cwd: `/srv/${entry}` }),
    reload: async () => ({ kind: "done", id: past.lastId + 1 }),
    plan: async () => ({ kind: "plan", changes: [] }),
    peer: () => ({ pid: 4000, uid: 1000 }),
    duplicate: (fd) => loadAddon().duplicate(fd),
    bug: (error) => { bugs.push(error); },
  };
  return { world, past, view, bugs };
}
