/** What a start is made of: an entry's configuration, completed with what only the start itself knows. */
import { makeEnvironment } from "../config/environment.ts";
import type { Functions } from "../config/functions.ts";
import type { EntryConfiguration } from "../config/configuration.ts";
import type { Fault, RunId } from "../core/types.ts";
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
  sinkOf(entry: string): number;
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
  const extra = { SENTRY_RUN: mark, ...listenVariables(name, pass.length) };
  const env = await makeEnvironment(entry, slot, surroundings.inherited, extra, surroundings.functions);
  if (!Array.isArray(env)) return env;

  const { command, cwd, umask, user, group, groups, nice, oomScoreAdj, noNewPrivileges, limits } = entry;
  const args = pass.length === 0 ? entry.args : entry.args.map((arg) => arg.replaceAll("{fd}", String(FIRST_PASSED)));
  const sink = surroundings.sinkOf(name);
  return {
    run, command, argv: [command, ...args], env, cwd, umask, user, group, groups, nice, oomScoreAdj, noNewPrivileges,
    limits, pass, stdout: sink, stderr: sink, label: name, colour: surroundings.colourOf(name),
    kept: keptOf(surroundings.instance, run, name, slot), mark,
  };
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
