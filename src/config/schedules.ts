/**
 * Whether the schedules of a configuration are schedules. Loaded only where an entry has one: croner and the time zones of
 * ICU cost some milliseconds, and most configurations have no use for them.
 */
import { Cron } from "croner";
import { Complaint } from "./complaint.ts";
import type { EntryConfiguration } from "./configuration.ts";
import type { Given } from "./given.ts";

/** Short for five fields, as in crontab(5). `@reboot` is not among them: that is no moment of the clock. */
const nicknames = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;

/** @param places of the entries, in the same order */
export function checkSchedules(entries: readonly EntryConfiguration[], places: Given["places"]): void {
  for (const [index, { law, schedule }] of entries.entries()) {
    if (schedule === null) continue;
    const wrong = wrongIn(schedule.cron, schedule.timezone);
    if (wrong !== null) throw new Complaint(`option \`schedule\` of entry \`${law.name}\`: ${wrong}`, places[index] ?? null);
  }
}

function wrongIn(cron: string, timezone: string | null): string | null {
  if (timezone !== null && !isTimezone(timezone)) return `there is no time zone "${timezone}"`;
  const fields = cron.split(" ").length;
  if (!nicknames.test(cron) && fields !== 5 && fields !== 6) {
    return `"${cron}" has ${fields} ${fields === 1 ? "field" : "fields"}, where cron text has five, or six with the seconds in front`;
  }
  try {
    const next = new Cron(cron, { paused: true, ...timezone === null ? {} : { timezone } }).nextRun();
    return next === null ? `"${cron}" never comes` : null;
  } catch (error) {
    // Without the number at its end: days and months are counted from 0 there.
    const why = (error as Error).message.replace(/^CronPattern: /, "").replace(/: -?[0-9]+$/, "");
    return `"${cron}" is no cron text (${why})`;
  }
}

/** By a name: an offset such as `+02:00`, which newer Nodes take too, has no daylight-saving days. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
