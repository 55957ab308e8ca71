/** What is left of a Sentry that is gone: to be told, or to be stopped. No configuration is read for either. */
import { existsSync } from "node:fs";

import type { Configuration } from "../config/configuration.ts";
import { systemClock } from "../engine/clock.ts";
import { SentryError } from "../errors.ts";
import { loadAddon } from "../native/load.ts";
import { readPast } from "../survival/history.ts";
import { bootId, statOf, systemProcesses } from "../survival/proc.ts";
import { readSnapshot } from "../survival/snapshot.ts";
import { survey } from "../survival/takeover.ts";
import { beginHere } from "./beginning.ts";
import { Keeper } from "./keeper.ts";
import { lock, ownRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { supervise } from "./supervise.ts";

/**
 * How many processes live on, and whose they were; null where that Sentry lives, or nobody can tell. Looks, and touches
 * nothing.
 */
export function orphansOf(place: Place): { living: number; oldPid: number | null } | null {
  const read = readSnapshot(place.state);
  const snapshot = read.kind === "ok" ? read.snapshot : null;
  const pid = snapshot?.boot === bootId() ? snapshot.pid : null;
  if (pid !== null && /^[^ZX]/.test(statOf(pid)?.state ?? "")) return null;
  try {
    const lines = readPast(place.history, snapshot?.lastId ?? 0);
    const processes = { ...systemProcesses, openPipe: () => null };
    return survey({ snapshot, lines, held: [], processes, boot: bootId(), now: systemClock.now(), laws: [], exitWhen: null });
  } catch {
    return null; // not ours to read
  }
}

/**
 * Takes over as a start does, with the same checks of who is who, and stops at once.
 * @throws SentryError E_RUNNING where a Sentry lives, E_NOT_RUNNING where nothing is left
 */
export async function stopOrphans(place: Place, json: boolean): Promise<void> {
  const none = (): SentryError => new SentryError("E_NOT_RUNNING", `nothing is left of a Sentry for ${place.config}`);
  if (!existsSync(place.runFolder)) throw none();
  const addon = loadAddon();
  ownRunFolder(place);
  lock(addon, place);
  // All that is needed of the entries is in what the dead Sentry has left: none of them is started.
  const configuration: Configuration = {
    path: place.config, entries: [], processEvents: true, http: null, maxCount: 0, exitWhen: null, on: false, code: null,
  };
  const circumstances = { place, configuration, addon, keeper: new Keeper(addon, place) };
  const beginning = beginHere(circumstances);
  const { state, last } = beginning;
  if (state === null || last.kind !== "resume" || last.tookOver === null) {
    addon.stop();
    beginning.undo();
    addon.removeLock(place.pidFile);
    throw none();
  }
  state.course = "leaving"; // and what comes after another ends first, as in any whole stop
  state.leaveBy = { kind: "socket", pid: process.pid, uid: process.getuid?.() ?? 0 };
  await supervise({ ...circumstances, detached: true, logFormat: "text", started: null }, beginning);
  const { processes, pid } = last.tookOver;
  if (processes === 0) throw none(); // what else there was of it is cleared up
  print(json ? { stopped: true, processes, pid, config: place.config }
    : `Stopped ${processes} ${processes === 1 ? "process" : "processes"} of ${pid === null ? "a Sentry" : `PID ${pid}`}, which is gone.`);
}
