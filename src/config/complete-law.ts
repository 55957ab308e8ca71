/** The law of an entry, with its defaults. */
import type { Backoff, Law, Millis } from "../core/types.ts";
import type { Ready } from "../engine/probe.ts";
import { afterOf } from "./complete-order.ts";
import { readyTimeoutOf } from "./complete-readiness.ts";
import type { AskedEntry } from "./given.ts";
import type { Backoff as AskedBackoff } from "./options-ends.ts";
import { spanOf, stretchOf, type Refuse } from "./spans.ts";

export function lawOf(name: string, options: AskedEntry["options"], ready: Ready | null, refuse: Refuse): Law {
  const { count = 1, restart = "always", successCodes = [0], backoff, limit, stop = {}, daemon = false, health, schedule } = options;
  const { signal = "SIGTERM", grace = "10s", scope = "tree" } = stop;
  const delay = spanOf("delay", options.delay ?? 1000, refuse);
  return {
    name, count, restart, delay,
    // In order and without repetitions: the same codes are no change.
    successCodes: [...new Set(successCodes)].sort((one, other) => one - other),
    backoff: backoff === undefined ? null : backoffOf(backoff, delay, refuse),
    limit: limit === undefined ? null : { count: limit.count, within: stretchOf("limit.within", limit.within, refuse) },
    stopSignal: endingSignal(signal, refuse), grace: spanOf("stop.grace", grace, refuse), scope,
    daemon: daemon !== false,
    ready: ready === null ? "started" : ready.kind === "notify" ? "notify" : "probe",
    readyTimeout: readyTimeoutOf(options, refuse),
    health: health === undefined ? null : { failures: health.failures ?? 3 },
    watchdog: watchdogOf(options, refuse),
    after: afterOf(options),
    schedule: schedule === undefined ? null : typeof schedule === "string" ? "skip" : schedule.overlap ?? "skip",
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

/**
 * A daemon could not prove that it is meant: WATCHDOG_PID is the process that was started, and a program which keeps to
 * sd_watchdog_enabled(3) is silent where that is another.
 */
function watchdogOf({ watchdog, daemon = false }: AskedEntry["options"], refuse: Refuse): Millis | null {
  if (watchdog === undefined) return null;
  if (daemon !== false) refuse("watchdog", "is nothing for a `daemon`: its WATCHDOG_PID is the process that was started, and not the one that is left");
  return stretchOf("watchdog", watchdog, refuse);
}
