/** The option that says where the output of processes goes. */
import type { Size } from "./options-units.ts";

/**
 * A file for the output of an entry, and its bounds. It holds what the processes print to stdout and stderr, by whole
 * lines, so that several of them can have one file. When it would become larger than `maxSize`, it is renamed to `FILE.1`,
 * what was `FILE.1` to `FILE.2`, and so on.
 */
export interface LogOptions {
  /**
   * Its path; relative to the configuration's folder. `{slot}` in it is replaced by the slot's number: a file for each. It
   * is opened by Sentry, as the user that Sentry runs as, and never through a link.
   */
  file: string;
  /** No file is larger, but one with a single line that is. 4 KiB to 1 PiB. Default: `"10M"`. */
  maxSize?: Size;
  /** How many rotated files are kept beside it, 0 to 1000. With 0 nothing is kept of what was. Default: 5. */
  keep?: number;
  /** Whether rotated files are compressed by gzip, in the background. Default: false. */
  compress?: boolean;
  /**
   * `"raw"`: the bytes, and nothing else. `"prefixed"`: lines as the terminal has them, with time and label. `"json"`: an
   * object a line. docs/configuration.md has an example of each. Default: `"raw"`.
   */
  format?: "raw" | "prefixed" | "json";
  /** Whether the terminal shows it as well, where Sentry runs in the foreground. Default: false. */
  terminal?: boolean;
}

/** A file; Sentry's own stdout and stderr, which the processes are given as they are; or nowhere. */
export type Log = LogOptions | "inherit" | "none";
