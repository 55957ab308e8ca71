/** From what was asked for to a configuration: units, paths and defaults. The only place that knows defaults. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import type { Backoff, Law, Millis } from "../core/types.ts";
import { Complaint } from "./complaint.ts";
import type { Configuration, EntryConfiguration, HttpConfiguration, Listen } from "./configuration.ts";
import type { AskedEntry, Given } from "./given.ts";
import type { Backoff as AskedBackoff, Duration, HttpAddress, HttpOptions, Limits, LimitValue, SentryOptions } from "./options.ts";
import { bytesOf, maskOf, millisOf } from "./units.ts";

// setTimeout(3) of Node takes no more, and would fire at once.
const longestSpan = 2 ** 31 - 1;

const httpAddress: HttpAddress = "127.0.0.1:8001";

/** @param folder the configuration's: relative paths start there */
export function complete(path: string, folder: string, given: Given): Omit<Configuration, "code"> {
  const { asked, place, places, functions } = given;
  const { processEvents = true, maxCount = 10_000, http } = asked.options;
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
  return { path, entries, processEvents, maxCount, http: httpOf(http, place) };
}

type Complain = (message: string) => never;
type Refuse = (option: string, why: string) => never;

function completeEntry(
  { name, command, args, options }: AskedEntry, envSource: string | null, folder: string, complain: Complain,
): EntryConfiguration {
  const refuse: Refuse = (option, why) => complain(`option \`${option}\` of entry \`${name}\` ${why}`);
  return {
    law: lawOf(name, options, refuse),
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
    listen: [options.listen ?? []].flat().map((one) => listenOf(one, folder, () => complain(
      `option \`listen\` of entry \`${name}\`: "${one}" is no port from 1 to 65535, "host:port", or path with a slash`,
    ))),
    pidFile: pidFileOf(options, folder, refuse),
  };
}

function lawOf(name: string, options: AskedEntry["options"], refuse: Refuse): Law {
  const { count = 1, restart = "always", successCodes = [0], backoff, limit, stop = {}, daemon = false, ready } = options;
  const { signal = "SIGTERM", grace = "10s", scope = "tree" } = stop;
  if (ready !== undefined && daemon === false) refuse("ready", "is not built in this version, but for the `timeout` of a `daemon`");
  const delay = spanOf("delay", options.delay ?? 1000, refuse);
  return {
    name, count, restart, delay,
    // In order and without repetitions: the same codes are no change.
    successCodes: [...new Set(successCodes)].sort((one, other) => one - other),
    backoff: backoff === undefined ? null : backoffOf(backoff, delay, refuse),
    limit: limit === undefined ? null : { count: limit.count, within: stretchOf("limit.within", limit.within, refuse) },
    stopSignal: endingSignal(signal, refuse), grace: spanOf("stop.grace", grace, refuse), scope,
    daemon: daemon !== false,
    readyTimeout: stretchOf("ready.timeout", ready?.timeout ?? "60s", refuse),
  };
}

function backoffOf({ factor = 2, max = "60s", jitter = 0.2, resetAfter = "30s" }: AskedBackoff, delay: Millis, refuse: Refuse): Backoff {
  const most = spanOf("backoff.max", max, refuse);
  if (most < delay) refuse("backoff.max", `is ${most} ms, less than the \`delay\` of ${delay} ms`);
  return { factor, max: most, jitter, resetAfter: spanOf("backoff.resetAfter", resetAfter, refuse) };
}

function endingSignal(signal: string, refuse: Refuse): string {
  if (signal === "SIGSTOP" || signal === "SIGCONT") refuse("stop.signal", `is ${signal}, which ends no process`);
  return signal;
}

function pidFileOf({ daemon, count = 1 }: AskedEntry["options"], folder: string, refuse: Refuse): string | null {
  if (typeof daemon !== "object") return null;
  if (count > 1 && !daemon.pidFile.includes("{slot}")) {
    refuse("daemon.pidFile", `must have \`{slot}\` in it: each of its ${count} processes writes one of its own`);
  }
  return resolve(folder, daemon.pidFile);
}

function spanOf(option: string, given: Duration, refuse: Refuse): Millis {
  const millis = millisOf(given);
  return millis <= longestSpan ? millis : refuse(option, "must be at most 24 days");
}

/** Of no length at all it would mean nothing. */
function stretchOf(option: string, given: Duration, refuse: Refuse): Millis {
  const millis = spanOf(option, given, refuse);
  return millis > 0 ? millis : refuse(option, "must be more than 0");
}

function httpOf(http: SentryOptions["http"], place: Given["place"]): HttpConfiguration | null {
  if (http === false) return null;
  const { address, hosts = [] }: HttpOptions = typeof http === "object" ? http : http === undefined ? {} : { address: http };
  const found = addressIn(address ?? httpAddress);
  if (found === null || !(found.host === "*" || found.host === "localhost" || isIP(found.host) !== 0)) {
    throw new Complaint(`option \`http\`: "${address}" is no "host:port" with a numeric address, localhost or *, and a port from 1 to 65535`, place);
  }
  const unusable = hosts.find((name) => !isHost(name));
  if (unusable !== undefined) throw new Complaint(`option \`http.hosts\`: "${unusable}" is no name and no numeric address`, place);
  return { ...found, hosts: [...hosts], isDefault: address === undefined };
}

/** As a request can name it (RFC 9110, 7.2). */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || (/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/.test(text) && URL.canParse(`http://${text}`));
}

/** `host:port` or `[host]:port`, taken apart. */
function addressIn(text: string): { host: string; port: number } | null {
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65535 ? { host, port } : null;
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

function listenOf(address: number | string, folder: string, complain: () => never): Listen {
  if (typeof address === "number") return { kind: "tcp", host: null, port: address };
  if (address.includes("/")) return { kind: "unix", path: resolve(folder, address) };
  const { host, port } = addressIn(address) ?? addressIn(`*:${address}`) ?? complain();
  return { kind: "tcp", host: host === "*" ? null : host, port };
}
