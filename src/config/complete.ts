/**
 * From what was asked for to a configuration: units, paths and defaults, and what only makes sense together. This file and
 * those that are named after it are the only place that knows defaults.
 */
import { resolve } from "node:path";
import { Complaint } from "./complaint.ts";
import { httpOf } from "./complete-http.ts";
import { lawOf } from "./complete-law.ts";
import { listenOf } from "./complete-listen.ts";
import { logOf } from "./complete-log.ts";
import { checkExit, checkOrder } from "./complete-order.ts";
import { healthOf, readyOf } from "./complete-readiness.ts";
import { scheduleOf, watchOf } from "./complete-triggers.ts";
import type { Configuration, EntryConfiguration } from "./configuration.ts";
import type { AskedEntry, Given } from "./given.ts";
import { checkLogFiles } from "./log-files.ts";
import type { Limits, LimitValue } from "./options.ts";
import type { Size } from "./options-units.ts";
import type { Refuse } from "./spans.ts";
import { bytesOf, maskOf } from "./units.ts";

/** @param folder the configuration's: relative paths start there */
export function complete(path: string, folder: string, given: Given): Omit<Configuration, "code"> {
  const { asked, place, places, functions, on } = given;
  const { processEvents = true, maxCount = 10_000, http, exitWhen = null } = asked.options;
  const seen = new Set<string>();
  const entries = asked.entries.map((entry, index) => {
    const complain = (message: string): never => {
      throw new Complaint(message, places[index] ?? null);
    };
    if (seen.has(entry.name)) complain(`two entries are named \`${entry.name}\``);
    seen.add(entry.name);
    if ((entry.options.count ?? 1) > maxCount) {
      complain(`option \`count\` of entry \`${entry.name}\` is ${entry.options.count}, and \`maxCount\` is ${maxCount}`);
    }
    return completeEntry(entry, functions[index] ?? null, folder, complain);
  });
  const laws = entries.map(({ law }) => law);
  checkOrder(laws, places);
  checkExit(exitWhen, laws, place);
  checkLogFiles(path, entries, places);
  return { path, entries, processEvents, maxCount, http: httpOf(http, place), exitWhen, on };
}

type Complain = (message: string) => never;

function completeEntry(
  { name, command, args, options }: AskedEntry, envSource: string | null, folder: string, complain: Complain,
): EntryConfiguration {
  const refuse: Refuse = (option, why) => complain(`option \`${option}\` of entry \`${name}\` ${why}`);
  const ready = readyOf(options, refuse);
  return {
    law: lawOf(name, options, ready, refuse),
    command,
    args,
    cwd: resolve(folder, options.cwd ?? "."),
    env: (options.env ?? {}) as Record<string, string>,
    envFunction: envSource !== null,
    envSource,
    envFile: options.envFile === undefined ? null : resolve(folder, options.envFile),
    inheritEnv: typeof options.inheritEnv === "object" ? [...options.inheritEnv] : (options.inheritEnv ?? true),
    user: accountOf(options.user),
    group: accountOf(options.group),
    groups: options.groups?.map(String) ?? null,
    umask: options.umask === undefined ? null : maskOf(options.umask),
    nice: options.nice ?? null,
    oomScoreAdj: options.oomScoreAdj ?? null,
    noNewPrivileges: options.noNewPrivileges ?? false,
    limits: limitsOf(options.limits ?? {}, (resource) => complain(
      `the soft \`limits.${resource}\` of entry \`${name}\` is above the hard one`,
    )),
    listen: [options.listen ?? []].flat().map((one) => listenOf(one, folder, refuse)),
    pidFile: pidFileOf(options, folder, refuse),
    ready,
    health: healthOf(options, refuse),
    log: logOf(options, folder, refuse),
    schedule: scheduleOf(options, refuse),
    watch: watchOf(options, folder, refuse),
    restartAbove: options.restartAbove === undefined ? null : sizeOf("restartAbove", options.restartAbove, refuse),
  };
}

function sizeOf(option: string, given: Size, refuse: Refuse): number {
  const bytes = bytesOf(given);
  return bytes > 0 ? bytes : refuse(option, "must be more than 0");
}

function pidFileOf({ daemon, count = 1 }: AskedEntry["options"], folder: string, refuse: Refuse): string | null {
  if (typeof daemon !== "object") return null;
  if (count > 1 && !daemon.pidFile.includes("{slot}")) {
    refuse("daemon.pidFile", `must have \`{slot}\` in it: each of its ${count} processes writes one of its own`);
  }
  return resolve(folder, daemon.pidFile);
}

function accountOf(account: string | number | undefined): string | null {
  return account === undefined ? null : String(account);
}

function limitsOf(limits: Limits, complain: Complain): [string, number, number][] {
  return Object.entries(limits).map(([resource, limit]) => {
    const both = typeof limit === "object" ? limit : { soft: limit, hard: limit };
    const soft = limitOf(both.soft);
    const hard = limitOf(both.hard);
    if (hard !== -1 && (soft === -1 || soft > hard)) complain(resource);
    return [resource, soft, hard];
  });
}

function limitOf(value: LimitValue | string): number {
  return value === "unlimited" ? -1 : bytesOf(value);
}
