/**
 * What another configuration would change, per entry, and why. A reload does this, and `sentry plan` shows it: the same
 * decision, made here.
 */
import type { Law } from "../core/types.ts";
import type { Log } from "./configuration.ts";
import { noAttention } from "./definition.ts";
import type { Attention, Definition, ProcessDefinition } from "./definition.ts";
import { addresses, bytes, changed, destination, examination, growth, listed, millis, order, readiness, times, tolerated } from "./spelling.ts";

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
  /** Null: nobody has written it down. */
  readonly attention: Attention | null;
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

function changeOf(was: Present, { process, law, attention }: Definition): Change {
  const { process: oldProcess, law: oldLaw, attention: oldAttention } = was;
  const [before, now] = [requestOf(oldLaw, oldAttention ?? noAttention), requestOf(law, attention)];
  const given = [...changed("ready", before.ready, now.ready, readiness), ...logChanges(before.log, now.log)];
  const replaced = oldProcess === null
    ? ["what its processes were made of is not known any more"]
    : [...processChanges(oldProcess, process), ...isGivenOther(before, now) ? given : [], ...changed("watchdog", before.watchdog, now.watchdog, millis)];
  const inPlace = [...lawChanges(oldLaw, law), ...isGivenOther(before, now) ? [] : given, ...requestChanges(before, now)];
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
    ...changed("after", listed(order(old.after)), listed(order(law.after))),
  ];
}

/** What is asked for beside the process, and the law's part in it. What an older version has left has no such part. */
function requestOf({ health, schedule, watchdog }: Law, attention: Attention) {
  return {
    ...attention,
    health: attention.health === null ? null : { ...attention.health, failures: health?.failures ?? 0 },
    schedule: attention.schedule === null ? null : { ...attention.schedule, overlap: schedule },
    watchdog,
  };
}

type Request = ReturnType<typeof requestOf>;

/**
 * What a process was given when it was started, it cannot be given later: the socket of sd_notify, the descriptor for its
 * newline, or what its stdout and stderr are. (Where a pipe of ours leads to is another matter: that can change.) Nor can it be told of another watchdog, by which it would have to speak more often.
 */
function isGivenOther(old: Request, now: Request): boolean {
  const given = ({ ready, watchdog, log }: Request): unknown[] =>
    [ready?.kind === "notify" || typeof watchdog === "number", ready?.kind === "fd" ? ready.fd : null, outputOf(log, ready)];
  return JSON.stringify(given(old)) !== JSON.stringify(given(now));
}

/** Also what is thrown away has to be seen first, where a line of it says that the process is ready. */
function outputOf(log: Attention["log"] | undefined, ready: Attention["ready"]): "inherit" | "none" | "pipe" {
  if (log?.kind === "none" && ready?.kind === "log") return "pipe";
  return log?.kind === "inherit" || log?.kind === "none" ? log.kind : "pipe";
}

/** What an older version has left has no `log` at all. */
function logChanges(old: Log | null | undefined, now: Log | null): string[] {
  if (old?.kind !== "file" || now?.kind !== "file") return changed("log", destination(old), destination(now));
  return [
    ...changed("log.file", old.file, now.file),
    ...changed("log.maxSize", old.maxSize, now.maxSize, bytes),
    ...changed("log.keep", old.keep, now.keep),
    ...changed("log.compress", old.compress, now.compress),
    ...changed("log.format", old.format, now.format),
    ...changed("log.terminal", old.terminal, now.terminal),
  ];
}

function requestChanges(old: Request, now: Request): string[] {
  return [
    ...changed("health", old.health, now.health, examination),
    ...changed("schedule", old.schedule, now.schedule, times),
    ...changed("watch", listed(old.watch), listed(now.watch)),
    ...changed("restartAbove", old.restartAbove, now.restartAbove, bytes),
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
