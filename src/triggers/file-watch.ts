/**
 * Tells when a file has changed that an entry's processes are made of, so that they are restarted: for development.
 * Begun only where an entry has `watch`.
 *
 * A change rarely comes alone: an editor writes twice, a build writes a hundred files. So it is told when all has been
 * quiet for a moment; or after two seconds, for something may write without an end. What is told names the file that was
 * first, and says how many more there are. What Sentry and its children write all the time, its own files, its output and
 * their logs, counts for nothing. Nor does what changes between two images of Sentry.
 */
import { existsSync, fstatSync } from "node:fs";
import { relative } from "node:path";

import type { Happening } from "../core/command.ts";
import type { Millis } from "../core/types.ts";
import { Files, inodeOf } from "./files.ts";
import type { Pattern } from "./files.ts";
import { isAtOrBelow } from "./paths.ts";

const QUIET: Millis = 200;
const LONGEST: Millis = 2000;

export interface Watching {
  readonly entry: string;
  /** Absolute. */
  readonly globs: readonly string[];
}

export interface WatchPorts {
  /** The configuration's. Files are named as they are seen from there. */
  readonly folder: string;
  /** Files that count for nothing, and folders, with all that is in them. `{slot}` stands for a number. */
  readonly own: readonly string[];
  /** Descriptors of files that count for nothing, whatever their names. */
  readonly printed: readonly number[];
  post(facts: readonly Happening[]): void;
  /** A line of Sentry's own. */
  tell(text: string): void;
  /** Something in Sentry itself has thrown. */
  bug(error: unknown, what: string): void;
  /** `globs.ts`. */
  load(): Promise<{ patternOf(glob: string): Pattern }>;
}

interface Entry { readonly entry: string; readonly patterns: readonly Pattern[] }

export class FileWatch {
  readonly #ports: WatchPorts;
  #entries: readonly Entry[] = [];
  #files: Files | null = null;
  /** What may have changed, in that order, since when, and when it is looked at; null: nothing. */
  #burst: { readonly paths: Set<string>; readonly since: Millis; timer: NodeJS.Timeout } | null = null;
  #looking: Promise<void> = Promise.resolve();
  readonly #told = new Set<string>();
  #isClosed = false;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  /** Done once all is watched. */
  async begin(entries: readonly Watching[]): Promise<void> {
    if (entries.length === 0) return;
    const { patternOf } = await this.#ports.load();
    if (this.#isClosed) return;
    const own = this.#ports.own.map(ownPath);
    const isOurs = (path: string): boolean => own.some((one) => one.test(path));
    this.#entries = entries.map(({ entry, globs }) => ({ entry, patterns: globs.map((glob) => without(patternOf(glob), isOurs)) }));
    for (const { entry, patterns } of this.#entries) this.#tellOfAbsent(entry, patterns);
    const files = new Files(this.#entries.flatMap(({ patterns }) => patterns), this.#ports.folder, {
      hint: (path) => this.#hint(path),
      trouble: (error) => this.#tellOnce(error.code ?? "", `Not all that is to be watched is: ${error.message}.${adviceFor(error)}`),
    }, new Set(this.#ports.printed.map((fd) => inodeOf(fstatSync(fd)))));
    this.#files = files;
    this.#looking = files.look().then(() => {});
    await this.#looking;
  }

  close(): void {
    this.#isClosed = true;
    this.#files?.close();
    if (this.#burst !== null) clearTimeout(this.#burst.timer);
    this.#burst = null;
  }

  #hint(path: string): void {
    if (this.#isClosed) return;
    const now = performance.now();
    const since = this.#burst?.since ?? now;
    if (this.#burst !== null) clearTimeout(this.#burst.timer);
    const timer = setTimeout(() => this.#lookAgain(), Math.max(0, Math.min(QUIET, since + LONGEST - now)));
    this.#burst = { paths: (this.#burst?.paths ?? new Set<string>()).add(path), since, timer };
  }

  /** One after the other: what comes during a look may have come too late for it. */
  #lookAgain(): void {
    const hinted = this.#burst?.paths ?? new Set<string>();
    this.#burst = null;
    this.#looking = this.#looking
      .then(() => this.#files?.look() ?? [])
      .then((changed) => this.#tellOf(new Set(changed), hinted))
      .catch((error: unknown) => this.#ports.bug(error, "watched files were looked at"));
  }

  #tellOf(changed: ReadonlySet<string>, hinted: ReadonlySet<string>): void {
    if (this.#isClosed) return;
    const inOrder = [...new Set([...hinted, ...changed])].filter((path) => changed.has(path));
    this.#ports.post(this.#entries.flatMap(({ entry, patterns }): Happening[] => {
      const [first, ...more] = inOrder.filter((path) => patterns.some((pattern) => pattern.matches(path)));
      if (first === undefined) return [];
      return [{ kind: "changed", entry, file: `${this.#nameOf(first)}${more.length === 0 ? "" : ` and ${more.length} more`}` }];
    }));
  }

  #nameOf(path: string): string {
    return isAtOrBelow(path, this.#ports.folder) ? relative(this.#ports.folder, path) : path;
  }

  #tellOfAbsent(entry: string, patterns: readonly Pattern[]): void {
    for (const { base } of patterns) {
      if (!existsSync(base)) this.#tellOnce(`${entry} ${base}`, `${entry} is to be restarted when ${base} changes, which is not there yet.`);
    }
  }

  #tellOnce(what: string, text: string): void {
    if (!this.#told.has(what)) this.#ports.tell(text);
    this.#told.add(what);
  }
}

/** inotify(7): how much may be watched is limited for each user. */
function adviceFor({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC") return " Raise the sysctl fs.inotify.max_user_watches, or watch less.";
  if (code === "EMFILE") return " Raise the sysctl fs.inotify.max_user_instances.";
  return "";
}

/** Also by the names that it has after it was rotated: `web.log.1`, `web.log.2.gz`, and on its way there. */
function ownPath(path: string): RegExp {
  const escaped = path.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("\\{slot\\}", "[0-9]+");
  return new RegExp(`^${escaped}(?:/.*|\\.[0-9]+(?:\\.[a-z]+)?|\\.packing)?$`, "s");
}

function without({ base, matches, reaches }: Pattern, isOurs: (path: string) => boolean): Pattern {
  return { base, matches: (path) => matches(path) && !isOurs(path), reaches: (folder) => reaches(folder) && !isOurs(folder) };
}
