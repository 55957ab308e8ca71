/** The options of an entry as `GET /entries` shows them: as they are in force, defaults included. */
import type { EntryConfiguration } from "../config/configuration.ts";
import { daemonOf } from "../config/definition.ts";

/** All that is configured, but no environment: that is nobody's business. */
export function optionsOf(entry: EntryConfiguration | undefined): Record<string, unknown> {
  if (entry === undefined) return {};
  const {
    law, command: _command, args: _args, env: _env, envFunction: _function, envSource: _source, pidFile: _pidFile, ...options
  } = entry;
  const { count, delay, backoff, restart, successCodes, limit, stopSignal, grace, scope, daemon, readyTimeout } = law;
  return {
    count, delay, backoff, restart, successCodes, limit, stop: { signal: stopSignal, grace, scope },
    daemon: daemonOf(entry) ?? false, ready: daemon ? { timeout: readyTimeout } : null, ...options,
  };
}
