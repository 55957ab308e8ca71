/** What processes say of themselves: sd_notify(3), as far as it is the law's affair. */
import type { Draft } from "./draft.ts";
import type { ExitedEvent } from "./event.ts";
import { timer } from "./moves.ts";
import type { Said, Started, Timer } from "./state.ts";
import type { Tidings } from "./types.ts";

/** Why its watchdog ends it, where it has said WATCHDOG=trigger. */
export const TRIGGERED = "it has asked for that itself";

/** What is not said stays as it was. Whoever has said that it stops stays at that; a reload is over with the next READY. */
export function hear(said: Said, { doing, ready, status, errno, mainPid, watchdogEvery }: Tidings): Said {
  const still = ready ? null : said.doing;
  return {
    doing: said.doing === "stopping" ? said.doing : doing ?? still, status: status ?? said.status, errno: errno ?? said.errno,
    mainPid: mainPid ?? said.mainPid, watchdogEvery: watchdogEvery ?? said.watchdogEvery,
  };
}

/** It needs more time, from now on. Never less. */
export function extended(draft: Draft, before: Timer, { extend }: Tidings): Timer {
  const at = draft.now.mono + (extend ?? 0);
  return at > before.at ? timer(draft, at) : before;
}

/** It has left something, and has said who of that is to be taken for it. */
export function hasNamedAnother({ said, started }: { readonly said: Said; readonly started: Started }, { alone }: ExitedEvent): boolean {
  return !alone && said.mainPid !== null && said.mainPid !== started.pid;
}
