/**
 * The environment of a process: what is inherited, then the file, then what the configuration says, then what Sentry
 * tells its processes. Later ones win.
 */
import { readFile } from "node:fs/promises";
import { getSystemErrorMap, parseEnv } from "node:util";
import type { Fault } from "../core/types.ts";
import type { EntryConfiguration } from "./configuration.ts";
import { StartFault, type Functions } from "./functions.ts";

type Variables = Record<string, string>;

/**
 * What was meant for Sentry itself: a child that saw it would notify Sentry's own supervisor, take sockets that it has
 * not got, open an IPC channel that is none, or believe that npm runs it.
 */
const meantForSentry = new RegExp(`^(?:${[
  "NOTIFY_SOCKET", "WATCHDOG_.*", "LISTEN_.*", "NODE_CHANNEL_.*", "NODE_UNIQUE_ID", "npm_.*", "INIT_CWD",
  "SENTRY_ENTRY", "SENTRY_SLOT", "SENTRY_RUN",
].join("|")})$`);

/**
 * Everything that one start needs, in order of precedence.
 *
 * @param inherited Sentry's own environment
 * @param extra     what the start itself gives: SENTRY_RUN, and what the chosen protocols define
 * @param functions the host of the program's functions; null where there are none
 * @returns `NAME=value` each, or what kept the environment from being made: that is a start that failed, no more
 */
export async function makeEnvironment(
  entry: EntryConfiguration, slot: number, inherited: NodeJS.ProcessEnv, extra: Variables, functions: Functions | null,
): Promise<string[] | Fault> {
  try {
    const file = entry.envFile === null ? {} : await readEnvFile(entry.envFile);
    const env = entry.envFunction && functions !== null ? await functions.env(entry.law.name, slot) : {};
    return environmentOf(entry, slot, inherited, { ...env, ...extra }, file);
  } catch (error) {
    if (error instanceof StartFault) return error.fault;
    throw error;
  }
}

/** The same for an entry that has neither file nor function, or with what these gave. */
export function environmentOf(
  entry: EntryConfiguration, slot: number, inherited: NodeJS.ProcessEnv, extra: Variables, file: Variables = {},
): string[] {
  const all = {
    ...inheritedBy(entry, inherited), ...file, ...entry.env, ...extra,
    SENTRY_ENTRY: entry.law.name, SENTRY_SLOT: String(slot),
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

/** Who Sentry's own user is says nothing about an entry that has a `user`: the start sets these from its account. */
const ofTheUser = new Set(["HOME", "USER", "LOGNAME", "SHELL"]);

function inheritedBy({ inheritEnv, user }: EntryConfiguration, inherited: NodeJS.ProcessEnv): Variables {
  if (inheritEnv === false) return {};
  const wanted = (name: string) => (inheritEnv === true || inheritEnv.includes(name)) && !meantForSentry.test(name)
    && (user === null || !ofTheUser.has(name));
  const kept = Object.entries(inherited).filter(([name, value]) => value !== undefined && wanted(name));
  return Object.fromEntries(kept) as Variables;
}

async function readEnvFile(path: string): Promise<Variables> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "", errno = 0 } = error as NodeJS.ErrnoException;
    const message = getSystemErrorMap().get(errno)?.[1] ?? (error as Error).message;
    throw new StartFault({ step: "envFile", errno: code, message, subject: path });
  }
  if (text.includes("\0")) {
    throw new StartFault({ step: "envFile", errno: "EINVAL", message: "there is a NUL byte in it", subject: path });
  }
  return parseEnv(text) as Variables;
}
