/** Slots in phases of any kind, without a law that brings them there. */
import { emptyState, NOTHING_SAID } from "../../src/core/state.ts";
import type { Phase, Slot, State } from "../../src/core/state.ts";
import { slotId } from "../../src/core/types.ts";
import { NO_FAILURES } from "../../src/core/restart.ts";
import { identityOf } from "../support/kernel.ts";
import { law } from "../support/world.ts";

const timer = { token: 1, at: 9000 };
const started = { pid: 4711, at: { wall: 1_334_081_871_000_000, mono: 1000 }, identity: identityOf(7) };
const ending = { run: 7, signal: "SIGTERM", scope: "tree", grace: timer, patience: null, by: null } as const;

/** One of each kind. */
export const PHASES: { readonly [Kind in Phase["kind"]]: Phase & { kind: Kind } } = {
  stopped: { kind: "stopped" },
  finished: { kind: "finished", code: 0, at: 0 },
  failed: { kind: "failed", code: 1, at: 0 },
  blocked: { kind: "blocked" },
  scheduled: { kind: "scheduled" },
  starting: { kind: "starting", run: 7 },
  following: { kind: "following", run: 7, started, ended: null, deadline: timer, said: null, wasReady: false, proven: false },
  settling: { kind: "settling", run: 7, started, settles: timer, until: 60_000, proven: false },
  readying: { kind: "readying", run: 7, started, deadline: timer, finding: null, said: NOTHING_SAID },
  running: { kind: "running", run: 7, started, settles: null, silence: null, leaves: null, ailing: 0, said: NOTHING_SAID },
  stopping: { kind: "stopping", ...ending, started, cause: "stopped" },
  clearing: { kind: "clearing", ...ending, cause: "leftover", next: { kind: "restart", at: 9000 } },
  waiting: { kind: "waiting", restart: timer },
};

export function slotIn(phase: Phase, number = 0): Slot {
  return { entry: "web", number, wanted: true, starts: 1, lastExit: null, failures: NO_FAILURES, phase };
}

/** The slots of the entry `web`, from 0. */
export function stateOf(...phases: readonly Phase["kind"][]): State {
  const state = emptyState();
  const count = phases.length;
  state.entries.set("web", { law: law("web", { count }), count, rolling: null, opened: true, due: null, missed: 0 });
  for (const [number, kind] of phases.entries()) state.slots.set(slotId("web", number), slotIn(PHASES[kind], number));
  return state;
}
