/** What makes an entry run beside the law: the time, and files that change. */
import { resolve } from "node:path";
import type { EntryConfiguration } from "./configuration.ts";
import type { AskedEntry } from "./given.ts";
import type { Refuse } from "./spans.ts";

/** Whether the text is cron's and the time zone is one is asked by schedules.ts. */
export function scheduleOf(options: AskedEntry["options"], refuse: Refuse): EntryConfiguration["schedule"] {
  const { schedule } = options;
  if (schedule === undefined) return null;
  for (const option of ["restart", "delay", "backoff", "limit", "daemon"] as const) {
    if (options[option] !== undefined) refuse(option, `means nothing beside \`schedule\`: ${why[option]}`);
  }
  const { cron, timezone = null } = typeof schedule === "string" ? { cron: schedule } : schedule;
  return { cron: cron.trim().replaceAll(/\s+/g, " "), timezone };
}

const notRestarted = "it runs when it is due, and is not restarted";
const why = {
  restart: notRestarted,
  delay: `${notRestarted} (the form with five arguments gives a delay)`,
  backoff: notRestarted,
  limit: notRestarted,
  daemon: "what runs when it is due comes to its end, and a daemon does not",
};

/** Absolute. What the folder is called is meant literally, whatever it means in a glob. */
export function watchOf({ watch = [] }: AskedEntry["options"], folder: string, refuse: Refuse): string[] {
  const literal = folder.replaceAll(/[\\*?[\]{}()!+@|^$]/g, "\\$&");
  return [watch].flat().map((glob) => {
    if (/^!(?!\()/.test(glob)) refuse("watch", `has "${glob}": what is left out is said within a glob, as in "src/!(*.test).ts"`);
    return resolve(literal, glob);
  });
}
