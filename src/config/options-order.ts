/** The options that say when an entry runs. */

/** What has to be there first. */
export interface After {
  /** The other entry. */
  entry: string;
  /**
   * All of its processes have been started; are ready; or have finished, so that it can be none that is always restarted.
   * Default: `"ready"`.
   */
  on?: "started" | "ready" | "finished";
}

/** When an entry runs that is not kept running. */
export interface Schedule {
  /**
   * Five fields as in crontab(5) (minute, hour, day of the month, month, day of the week), six with the seconds in front,
   * or one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
   */
  cron: string;
  /** By its name in the IANA database: `"Europe/Brussels"`. Default: the machine's. */
  timezone?: string;
  /** What becomes of a process that still runs when it is due again: it runs on, or makes way. Default: `"skip"`. */
  overlap?: "skip" | "kill";
}
