/** What has been counted since Sentry was started, over its reloads, as metrics. */
import { counter, histogram, of, single } from "./exposition.ts";
import type { Metric } from "./exposition.ts";
import type { Tallies } from "./tallies.ts";

/** @param entries those that are configured: each is shown, also where nothing has been counted of it yet */
export function tallyMetrics({ tallied }: Tallies, entries: Iterable<string>): Metric[] {
  const failures = new Map([...entries].map((name) => [name, 0]));
  for (const { name, startFailures } of tallied.entries) failures.set(name, startFailures);
  return [
    counter("sentry_process_exits_total", "Exits of processes. code and signal are both empty where nobody can know how it ended.",
      tallied.entries.flatMap(({ name: entry, exits }) =>
        exits.map(({ code, signal, count }) => ({ labels: { entry, code: String(code ?? ""), signal: signal ?? "" }, value: count })))),
    counter("sentry_process_start_failures_total", "Starts that came to no process.",
      [...failures].map(([entry, count]) => of({ entry }, count))),
    histogram("sentry_exit_to_start_seconds", "From an exit to the start that follows it, the delay included.", tallied.exitToStart),
    histogram("sentry_exit_detection_seconds",
      "From the kernel's own moment of an exit to Sentry's knowledge of it; only where the kernel's process events are listened to.",
      tallied.exitDetection),
    counter("sentry_reloads_total", "Reloads that were done.", single(tallied.reloads)),
    counter("sentry_lost_process_events_total", "Process events of the kernel that were lost. Exits are exact without them.",
      single(tallied.lostProcessEvents)),
    counter("sentry_lost_output_lines_total", "Lines of output that were dropped, because nobody read them, or a file took no more.", single(tallied.lostOutputLines)),
    counter("sentry_lost_events_total", "Events that the configuration's function `on` was to get, and did not.", single(tallied.lostEvents)),
  ];
}
