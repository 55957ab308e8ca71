/**
 * What another configuration would change, per entry, and why. A reload does this, and `sentry plan` shows it: the same
 * decision, made here.
 */
import type { Backoff, Law, Limit } from "../core/types.ts";
import type { Listen } from "./configuration.ts";
import type { Definition, ProcessDefinition } from "./definition.ts";

/** As `POST /plan` tells it. */
export interface Change {
  readonly entry: string;
  readonly change: "unchanged" | "inPlace" | "replaced" | "added" | "removed";
  /** For people. */
  readonly because: readonly string[];
}

/** An entry as it is now. */
export interface Present {
  readonly law: Law;
  /** Null: nobody knows any more what its processes were made of. */
  readonly process: ProcessDefinition | null;
  /** How many processes are wanted: the definition's, or what it was scaled to. */
  readonly count: number;
  /** Slots below that which are told to be down. */
  readonly down: readonly number[];
}

/** In the order of the new configuration; what is removed comes last. */
export function changesBetween(before: readonly Present[], after: readonly Definition[]): Change[] {
  const present = new Map(before.map((entry) => [entry.law.name, entry]));
  const changes = after.map((definition): Change => {
    const { name } = definition.law;
    const was = present.get(name);
    present.delete(name);
    return was === undefined ? { entry: name, change: "added", because: [] } : changeOf(was, definition);
  });
  return [...changes, ...[...present.keys()].map((entry): Change => ({ entry, change: "removed", because: [] }))];
}

function changeOf(was: Present, { process, law }: Definition): Change {
  const { process: oldProcess, law: oldLaw } = was;
  const replaced = oldProcess === null ? ["what its processes were made of is not known any more"] : processChanges(oldProcess, process);
  const inPlace = lawChanges(oldLaw, law);
  const asked = law.count === oldLaw.count ? holding(was) : dropped(was, law);
  const change = replaced.length > 0 ? "replaced" : inPlace.length > 0 ? "inPlace" : "unchanged";
  return { entry: law.name, change, because: [...replaced, ...inPlace, ...asked] };
}

/** What was scaled, up or down, for as long as the configuration leaves the count as it is. */
function holding({ law, count, down }: Present): string[] {
  return [
    ...count === law.count ? [] : [`scaled to ${count} holds (count ${law.count})`],
    ...down.map((slot) => `${law.name}:${slot} is down`),
  ];
}

/** The same, where the configuration speaks of the count again. */
function dropped({ law: old, count, down }: Present, law: Law): string[] {
  return [
    ...count === old.count ? [] : [`scaled to ${count} is dropped`],
    ...down.filter((slot) => slot < law.count).map((slot) => `${law.name}:${slot} comes up again`),
  ];
}

function lawChanges(old: Law, law: Law): string[] {
  return [
    ...changed("count", old.count, law.count),
    ...changed("delay", old.delay, law.delay, millis),
    ...changed("backoff", old.backoff, law.backoff, growth),
    ...changed("restart", old.restart, law.restart),
    ...changed("successCodes", old.successCodes, law.successCodes, JSON.stringify),
    ...changed("limit", old.limit, law.limit, tolerated),
    ...changed("stop.signal", old.stopSignal, law.stopSignal),
    ...changed("stop.grace", old.grace, law.grace, millis),
    ...changed("stop.scope", old.scope, law.scope),
    ...changed("ready.timeout", old.readyTimeout, law.readyTimeout, millis),
  ];
}

function processChanges(old: ProcessDefinition, now: ProcessDefinition): string[] {
  const variables = [...new Set([...Object.keys(old.env), ...Object.keys(now.env)])].filter((name) => old.env[name] !== now.env[name]);
  // One that could not be read then has kept its entry from starting: nothing runs that was made of it.
  const isOtherContent = old.envFile === now.envFile && old.envFileContent !== null && now.envFileContent !== null
    && old.envFileContent !== now.envFileContent;
  return [
    ...changed("command", old.command, now.command),
    ...changed("args", old.args, now.args, JSON.stringify),
    ...changed("cwd", old.cwd, now.cwd),
    ...variables.length === 0 ? [] : [`environment: ${variables.sort().join(", ")}`],
    ...old.envSource === now.envSource ? [] : ["the function `env` changed"],
    ...changed("envFile", old.envFile, now.envFile),
    ...isOtherContent ? [`the content of ${now.envFile} changed`] : [],
    ...changed("inheritEnv", old.inheritEnv, now.inheritEnv, JSON.stringify),
    ...changed("user", old.user, now.user),
    ...changed("group", old.group, now.group),
    ...changed("groups", old.groups, now.groups, JSON.stringify),
    ...changed("umask", old.umask, now.umask, (mask) => mask.toString(8).padStart(3, "0")),
    ...changed("nice", old.nice, now.nice),
    ...changed("oomScoreAdj", old.oomScoreAdj, now.oomScoreAdj),
    ...changed("noNewPrivileges", old.noNewPrivileges, now.noNewPrivileges),
    ...limitChanges(old.limits, now.limits),
    ...changed("listen", old.listen, now.listen, addresses),
    ...changed("daemon", old.daemon, now.daemon, (daemon) => daemon === true ? "true" : daemon.pidFile),
  ];
}

function limitChanges(old: ProcessDefinition["limits"], now: ProcessDefinition["limits"]): string[] {
  const [before, after] = [new Map(old.map(limitOf)), new Map(now.map(limitOf))];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => changed(`limits.${name}`, before.get(name) ?? null, after.get(name) ?? null));
}

function limitOf([resource, soft, hard]: ProcessDefinition["limits"][number]): [string, string] {
  const spelled = (limit: number): string => limit === -1 ? "unlimited" : String(limit);
  return [resource, soft === hard ? spelled(soft) : `${spelled(soft)}:${spelled(hard)}`];
}

function growth({ factor, max, jitter, resetAfter }: Backoff): string {
  return `factor ${factor}, max ${max} ms, jitter ${jitter}, resetAfter ${resetAfter} ms`;
}

function tolerated({ count, within }: Limit): string {
  return `${count} within ${within} ms`;
}

function addresses(all: readonly Listen[]): string {
  if (all.length === 0) return "none";
  return all.map((one) => one.kind === "unix" ? one.path : `${one.host === null ? "*" : bracketed(one.host)}:${one.port}`).join(", ");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function millis(value: number): string {
  return `${value} ms`;
}

/** `delay 1000 ms → 2000 ms`, or nothing. What an older version did not know of yet is undefined, and was none. */
function changed<T>(what: string, old: T, now: T, spell: (value: NonNullable<T>) => string = String): string[] {
  const told = (value: T): string => value === null || value === undefined ? "none" : spell(value);
  return JSON.stringify(old ?? null) === JSON.stringify(now ?? null) ? [] : [`${what} ${told(old)} → ${told(now)}`];
}
