/** What is left of a Sentry that is gone: to be told, or to be stopped. No configuration is read for either. */
import type { Configuration } from "../config/configuration.ts";
import { systemClock } from "../engine/clock.ts";
import { SentryError } from "../errors.ts";
import { loadAddon } from "../native/load.ts";
import { readPast } from "../survival/history.ts";
import { bootId, systemProcesses } from "../survival/proc.ts";
import { readSnapshot } from "../survival/snapshot.ts";
import { survey } from "../survival/takeover.ts";
import { beginHere } from "./beginning.ts";
import { Keeper } from "./keeper.ts";
import { lock, ownRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { supervise } from "./supervise.ts";

/** How many processes live on, and whose they were. Looks, and touches nothing. */
export function orphansOf(place: Place): { living: number; oldPid: number | null } {
  try {
    const read = readSnapshot(place.state);
    const snapshot = read.kind === "ok" ? read.snapshot : null;
    const lines = readPast(place.history, snapshot?.lastId ?? 0);
    return survey({ snapshot, lines, held: [], processes: systemProcesses, boot: bootId(), now: systemClock.now(), laws: [] });
  } catch {
    return { living: 0, oldPid: null }; // not ours to read
  }
}

/**
 * Takes over as a start does, with the same checks of who is who, and stops at once.
 * @throws SentryError E_RUNNING where a Sentry lives, E_NOT_RUNNING where nothing is left
 */
export async function stopOrphans(place: Place, json: boolean): Promise<void> {
  const { living, oldPid } = orphansOf(place);
  if (living === 0) throw new SentryError("E_NOT_RUNNING", `no process of a Sentry that is gone is left for ${place.config}`);
  const addon = loadAddon();
  ownRunFolder(place);
  lock(addon, place);
  // All that is needed of the entries is in what the dead Sentry has left: none of them is started.
  const configuration: Configuration = { path: place.config, entries: [], processEvents: true, code: null };
  const circumstances = { place, configuration, addon, keeper: new Keeper(addon, place) };
  const beginning = beginHere(circumstances);
  const by = { kind: "socket", pid: process.pid, uid: process.getuid?.() ?? 0 } as const;
  const stop = { kind: "stop", hurry: false, by, reply: null } as const;
  await supervise({ ...circumstances, detached: true, started: null }, { ...beginning, first: [...beginning.first, stop] });
  print(json ? { stopped: true, processes: living, pid: oldPid, config: place.config }
    : `Stopped ${living} ${living === 1 ? "process" : "processes"} of ${oldPid === null ? "a Sentry" : `PID ${oldPid}`}, which is gone.`);
}
