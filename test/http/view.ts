/** What the routes look at: an engine in virtual time. */
import type { View } from "../../src/http/view.ts";
import type { Law } from "../../src/core/types.ts";
import type { Fate } from "../support/kernel.ts";
import { World } from "../support/world.ts";

export function viewOf(laws: readonly Law[], fateOf?: () => Fate) {
  const world = new World(laws, fateOf).start();
  const bugs: unknown[] = [];
  const view: View = {
    engine: world.engine,
    clock: world.agenda,
    program: (entry) => ({ command: entry === "dummy" ? "sleep" : "node", args: ["4"] }),
    peer: () => ({ pid: 4000, uid: 1000 }),
    bug: (error) => { bugs.push(error); },
  };
  return { world, view, bugs };
}
