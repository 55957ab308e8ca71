/**
 * Tells when entries are due. A schedule is a matter of the wall clock, which can be set; so one alarm of that clock is set
 * for the next time of all, it also goes off when the clock is set, and then all is looked at anew. Nothing else wakes up.
 *
 * A time may pass while nobody can see it: Sentry was dead, an exec was under way, the machine slept, the clock was set
 * forward. Whatever it was, one rule holds: the newest time that has passed runs now if it is not older than a minute;
 * every other one was missed, is counted, and never runs late. For a backup of the night is not to begin at noon, but a run
 * must not get lost because just then Sentry was reloaded.
 *
 * A clock that is set back by up to a minute has been put right: what has run up to then does not run again. One that
 * is set back further was wrong before: the next time is the next one by the clock as it is now, even where it has run.
 */
import type { Happening } from "../core/command.ts";
import type { Micros } from "../core/types.ts";
import type { Clock } from "../engine/ports.ts";

const A_SECOND: Micros = 1_000_000;
const A_MINUTE: Micros = 60 * A_SECOND;

/** The clock is asked again a moment after the alarm has gone off, and may be behind the one that the alarm goes by. */
const BEHIND: Micros = 5000;

/** Each costs up to 0.1 ms to find. So many missed ones are told as what they are at least. */
const MOST_COUNTED = 100;

export interface Scheduled {
  readonly entry: string;
  readonly cron: string;
  /** IANA; null: the machine's. */
  readonly timezone: string | null;
}

/** The times of a schedule, which are whole seconds. */
export interface Times {
  /** The first one after that; null: there is none any more. */
  after(time: Micros): Micros | null;
  /** The last one that is not after that; null: there was none yet. */
  upTo(time: Micros): Micros | null;
}

export interface Alarm {
  /** Takes the place of the last one; null: none. */
  setAlarm(wall: Micros | null): void;
}

export interface SchedulePorts {
  readonly clock: Clock;
  readonly alarm: Alarm;
  /** What is known from before of when the entry is due; asked once, at the beginning. */
  due(entry: string): Micros | null;
  post(facts: readonly Happening[]): void;
  /** `calendar.ts`. */
  load(): Promise<{ timesOf(cron: string, timezone: string | null): Times }>;
}

interface Watched {
  readonly entry: string;
  readonly times: Times;
  /** The next time, as it was told. */
  due: Micros | null;
  /** The newest time that has run, or was missed; null: none is to be kept in mind. */
  over: Micros | null;
}

export class Schedules {
  readonly #ports: SchedulePorts;
  #watched: readonly Watched[] = [];
  #isClosed = false;

  constructor(ports: SchedulePorts) {
    this.#ports = ports;
  }

  /** Tells of each entry when it is due, also what has passed since an earlier image, or a Sentry that was killed. */
  async begin(entries: readonly Scheduled[]): Promise<void> {
    if (entries.length === 0) return;
    const { timesOf } = await this.#ports.load();
    if (this.#isClosed) return;
    this.#watched = entries.map(({ entry, cron, timezone }) => {
      const times = timesOf(cron, timezone);
      return { entry, times, due: stillDue(times, this.#ports.due(entry)), over: null };
    });
    this.#look(true);
  }

  /** It has gone off: a time has come, or the clock was set. */
  alarm(): void {
    if (this.#watched.length > 0) this.#look(false);
  }

  /** Another image goes on: what comes from now on is for that one. */
  close(): void {
    this.#isClosed = true;
    if (this.#watched.length > 0) this.#ports.alarm.setAlarm(null);
    this.#watched = [];
  }

  #look(tellAll: boolean): void {
    const now = this.#ports.clock.now().wall;
    const told: Happening[] = [];
    for (const one of this.#watched) {
      const before = one.due;
      const passed = pass(one, now + BEHIND);
      one.due = nextOf(one, now);
      const isNews = tellAll || passed.now || passed.missed > 0 || one.due !== before;
      if (isNews) told.push({ kind: "due", entry: one.entry, next: one.due, ...passed });
    }
    this.#ports.post(told);
    this.#ports.alarm.setAlarm(this.#earliest());
  }

  #earliest(): Micros | null {
    const next = this.#watched.flatMap(({ due }) => (due === null ? [] : [due]));
    return next.length === 0 ? null : next.reduce((a, b) => Math.min(a, b));
  }
}

/** Unless the schedule is another one by now: then it has missed nothing. What is no whole second comes before it: see Entry.due. */
function stillDue(times: Times, due: Micros | null): Micros | null {
  if (due === null) return null;
  if (due % A_SECOND !== 0) return times.after(due);
  return times.after(due - A_SECOND) === due ? due : null;
}

function pass(one: Watched, now: Micros): { readonly now: boolean; readonly missed: number } {
  const { due, times } = one;
  if (due === null || due > now) return { now: false, missed: 0 };
  const last = Math.max(due, times.upTo(now) ?? due);
  one.over = last;
  const isFresh = now - last <= A_MINUTE;
  return { now: isFresh, missed: count(times, due, isFresh ? last : last + A_SECOND) };
}

/** How many there are from that one on, before `end`. */
function count(times: Times, first: Micros, end: Micros): number {
  let counted = 0;
  for (let time: Micros | null = first; time !== null && time < end && counted < MOST_COUNTED; time = times.after(time)) counted++;
  return counted;
}

function nextOf(one: Watched, now: Micros): Micros | null {
  if (one.over !== null && one.over - now > A_MINUTE) one.over = null;
  return one.times.after(Math.max(now, one.over ?? now));
}
