/** The options of an entry as `GET /entries` shows them: as they are in force, defaults included. */
import { spelled } from "../config/address.ts";
import type { EntryConfiguration, Log } from "../config/configuration.ts";
import { daemonOf } from "../config/definition.ts";
import type { Probe } from "../engine/probe.ts";

/** All that is configured, but no environment: that is nobody's business. */
export function optionsOf(entry: EntryConfiguration | undefined): Record<string, unknown> {
  if (entry === undefined) return {};
  const {
    law, command: _command, args: _args, env: _env, envFunction: _function, envSource: _source, pidFile: _pidFile,
    ready: _ready, health: _health, schedule: _schedule, log, ...options
  } = entry;
  const { count, successCodes, stopSignal, grace, scope, after, watchdog } = law;
  return {
    count, ...keepingOf(entry), successCodes, stop: { signal: stopSignal, grace, scope },
    ready: readyOf(entry), health: healthOf(entry), watchdog, after, log: logOf(log), ...options,
  };
}

/** What keeps it running means nothing where the clock does that. */
function keepingOf(entry: EntryConfiguration): Record<string, unknown> {
  const { law, schedule } = entry;
  const { delay, backoff, restart, limit } = law;
  return schedule === null
    ? { delay, backoff, restart, limit, daemon: daemonOf(entry) ?? false, schedule: null }
    : { delay: null, backoff: null, restart: null, limit: null, daemon: false, schedule: { ...schedule, overlap: law.schedule } };
}

function readyOf({ law, ready }: EntryConfiguration): unknown {
  const timeout = law.readyTimeout;
  if (ready === null) return law.daemon ? { timeout } : null;
  switch (ready.kind) {
    case "notify": return { notify: true, timeout };
    case "fd": return { fd: ready.fd, timeout };
    case "log": return { log: `/${ready.source}/${ready.flags}`, timeout };
    case "tcp": case "http": case "exec": return { ...lookOf(ready), timeout, interval: ready.interval };
  }
}

function healthOf({ law, health }: EntryConfiguration): unknown {
  return health === null ? null : { ...lookOf(health.probe), interval: health.interval, timeout: health.timeout, ...law.health };
}

/** As it is written in a configuration. */
function logOf(log: Log | null): unknown {
  if (log?.kind !== "file") return log?.kind ?? null;
  const { kind: _kind, ...file } = log;
  return file;
}

function lookOf(probe: Probe): Record<string, unknown> {
  switch (probe.kind) {
    case "tcp": return { tcp: spelled(probe) };
    case "http": return { http: probe.url };
    case "exec": return { exec: [probe.command, ...probe.args] };
  }
}
