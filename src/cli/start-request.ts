/** What a start is made of: an entry's configuration, completed with what only the start itself knows. */
import { randomBytes } from "node:crypto";

import { makeEnvironment } from "../config/environment.ts";
import type { Functions } from "../config/functions.ts";
import type { EntryConfiguration } from "../config/configuration.ts";
import type { Fault, Law, Millis, RunId } from "../core/types.ts";
import type { SpawnRequest } from "../native/addon.ts";
import { keptOf } from "../survival/kept.ts";

/** What one Sentry gives to all its starts. */
export interface Surroundings {
  /** Which Sentry: the first part of SENTRY_RUN. */
  readonly instance: string;
  /** Sentry's own environment, as it was at the start. */
  readonly inherited: NodeJS.ProcessEnv;
  readonly functions: Functions | null;
  /** The descriptors that an entry listens on. Throws a SentryError where one cannot be had. */
  listening(entry: EntryConfiguration): readonly number[];
  /** Where a process prints: as the addon takes it. */
  outputOf(entry: EntryConfiguration, slot: number): SpawnRequest["stdout"];
  colourOf(entry: string): string | null;
}

/** A child's first descriptor after the standard ones. sd_listen_fds(3) */
const FIRST_PASSED = 3;

export async function startRequest(
  entry: EntryConfiguration, slot: number, run: RunId, surroundings: Surroundings,
): Promise<SpawnRequest | Fault> {
  const { name } = entry.law;
  const pass = bound(entry, surroundings);
  if (!Array.isArray(pass)) return pass;
  const mark = `${surroundings.instance}.${run}`;
  const notify = isHeard(entry.law) ? `sentry.${mark}.${randomBytes(8).toString("hex")}` : null;
  const extra = { SENTRY_RUN: mark, ...listenVariables(name, pass.length), ...notifyVariables(notify, entry.law.watchdog) };
  const env = await makeEnvironment(entry, slot, surroundings.inherited, extra, surroundings.functions);
  if (!Array.isArray(env)) return env;

  const args = pass.length === 0 ? entry.args : entry.args.map((arg) => arg.replaceAll("{fd}", String(FIRST_PASSED)));
  const output = surroundings.outputOf(entry, slot);
  return {
    ...wayOf(entry), run, command: entry.command, argv: [entry.command, ...args], env, pass, notify,
    readyFd: entry.ready?.kind === "fd" ? entry.ready.fd : null, tellLines: entry.ready?.kind === "log",
    stdout: output, stderr: output, label: name, slot, colour: surroundings.colourOf(name),
    kept: keptOf(surroundings.instance, run, name, slot), mark,
  };
}

/**
 * A program that looks at an entry's process: it runs in the entry's way, and is known by marks of its own. What it prints is
 * thrown away.
 */
export async function probeRequest(
  entry: EntryConfiguration, slot: number, run: RunId, [command, ...args]: readonly [string, ...string[]], surroundings: Surroundings,
): Promise<SpawnRequest | Fault> {
  const { name } = entry.law;
  const mark = `${surroundings.instance}.${run}`;
  const env = await makeEnvironment(entry, slot, surroundings.inherited, { SENTRY_RUN: mark }, surroundings.functions);
  if (!Array.isArray(env)) return env;
  return {
    ...wayOf(entry), run, command, argv: [command, ...args], env, pass: [], notify: null, readyFd: null, tellLines: false,
    stdout: null, stderr: null, label: name, slot, colour: null, kept: keptOf(surroundings.instance, run, name, slot), mark,
  };
}

/** As whom, where, and with which limits. */
function wayOf({ cwd, umask, user, group, groups, nice, oomScoreAdj, noNewPrivileges, limits }: EntryConfiguration) {
  return { cwd, umask, user, group, groups, nice, oomScoreAdj, noNewPrivileges, limits };
}

/** Whether its processes have somebody to speak to by sd_notify(3). */
export function isHeard({ ready, watchdog }: Law): boolean {
  return ready === "notify" || watchdog !== null;
}

/** The native side completes WATCHDOG_PID. sd_watchdog_enabled(3) */
function notifyVariables(notify: string | null, watchdog: Millis | null): Record<string, string> {
  if (notify === null) return {};
  const silence = watchdog === null ? {} : { WATCHDOG_USEC: String(Math.round(watchdog * 1000)), WATCHDOG_PID: "" };
  return { NOTIFY_SOCKET: `@${notify}`, ...silence };
}

/** Where a daemon writes its pid; null: it does not, or the entry is not configured any more. */
export function pidFileOf(entry: EntryConfiguration | undefined, slot: number): string | null {
  return entry?.pidFile?.replaceAll("{slot}", String(slot)) ?? null;
}

function bound(entry: EntryConfiguration, surroundings: Surroundings): number[] | Fault {
  try {
    return [...surroundings.listening(entry)];
  } catch (error) {
    return { step: "listen", errno: "", message: (error as Error).message, subject: "" };
  }
}

/** The native side completes LISTEN_PID with the child's own number. */
function listenVariables(name: string, count: number): Record<string, string> {
  if (count === 0) return {};
  return { LISTEN_FDS: String(count), LISTEN_FDNAMES: Array<string>(count).fill(name).join(":"), LISTEN_PID: "" };
}
