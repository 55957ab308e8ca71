/**
 * Which files match, and which of them are not what they were: new, gone, written, or another one by the same name.
 *
 * inotify(7) tells of a folder that something in it has changed. That is taken as a hint and no more, after which all is
 * looked at again and compared with what it was. So it does not matter in which way a file was changed (editors rename a new
 * one over it, builds remove the folder and make another), how many events of it there are, or whether some got lost.
 *
 * Of each folder it holds: first it is watched, then it is read. What comes in between is seen twice rather than never.
 * And the folders above are watched first: one that is not there yet, or is gone, shows there when it comes.
 */
import { watch } from "node:fs";
import type { Dirent, FSWatcher, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isAtOrBelow, isBelow } from "./paths.ts";

/** What a glob means. */
export interface Pattern {
  /** All that matches is there, or below it. It may be a file itself. */
  readonly base: string;
  matches(path: string): boolean;
  /** Something in that folder, or below it, can match. */
  reaches(folder: string): boolean;
}

/** Which file it is, whatever its name. */
type Inode = string;

export function inodeOf({ dev, ino }: Stats): Inode {
  return `${dev} ${ino}`;
}

export interface FilesPorts {
  /** That path, or something in it, may have changed. */
  hint(path: string): void;
  /** Something is not watched, or not read. */
  trouble(error: NodeJS.ErrnoException): void;
}

interface Folder { readonly inode: Inode; readonly watcher: FSWatcher | null }

/** What is found in one look. */
interface Found {
  readonly prints: Map<string, string>;
  readonly watched: Set<string>;
  readonly read: Set<string>;
}

export class Files {
  readonly #patterns: readonly Pattern[];
  readonly #home: string;
  readonly #ports: FilesPorts;
  readonly #ignored: ReadonlySet<Inode>;
  readonly #folders = new Map<string, Folder>();
  /** What distinguishes each from what it will be when it has changed. */
  #prints: ReadonlyMap<string, string> = new Map();
  #isClosed = false;

  /** @param home where most of it is; nobody removes it */
  constructor(patterns: readonly Pattern[], home: string, ports: FilesPorts, ignored: ReadonlySet<Inode> = new Set()) {
    this.#patterns = patterns;
    this.#home = home;
    this.#ports = ports;
    this.#ignored = ignored;
  }

  /** Looks at all there is. Gives what has changed since it was last looked at; the first time, all of it. */
  async look(): Promise<string[]> {
    const found: Found = { prints: new Map(), watched: new Set(), read: new Set() };
    for (const { base } of this.#patterns) {
      await this.#wayTo(base, found);
      await this.#find(base, found);
    }
    this.#forgetAllBut(found.watched);
    const [before, now] = [this.#prints, found.prints];
    this.#prints = now;
    return [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));
  }

  close(): void {
    this.#isClosed = true;
    this.#forgetAllBut(new Set());
  }

  /** From above: what comes into being in a folder that was not there a moment ago must show in the one above. */
  async #wayTo(base: string, found: Found): Promise<void> {
    const way: string[] = [];
    let folder = base;
    while (folder !== this.#home && folder !== "/") {
      folder = dirname(folder);
      way.unshift(folder);
      if (!isBelow(folder, this.#home) && await this.#stat(folder) !== null) break;
    }
    for (const one of way) {
      const stats = await this.#stat(one);
      if (stats !== null) this.#watch(one, stats, found);
    }
  }

  async #find(path: string, found: Found): Promise<void> {
    const stats = await this.#stat(path);
    if (stats?.isFile() && this.#matches(path) && !this.#ignored.has(inodeOf(stats))) {
      found.prints.set(path, `${inodeOf(stats)} ${stats.size} ${stats.mtimeMs}`);
    }
    if (!stats?.isDirectory() || !this.#reaches(path) || found.read.has(path)) return;
    found.read.add(path);
    this.#watch(path, stats, found);
    for (const entry of await this.#read(path)) {
      const one = join(path, entry.name);
      if (entry.isDirectory() ? this.#reaches(one) : this.#matches(one) && !await this.#leadsElsewhere(entry, one)) await this.#find(one, found);
    }
  }

  /** A link to a file is that file. One to a folder is not followed: it may lead anywhere, also in a circle. */
  async #leadsElsewhere(entry: Dirent, path: string): Promise<boolean> {
    return entry.isSymbolicLink() && ((await this.#stat(path))?.isDirectory() ?? true);
  }

  #watch(folder: string, stats: Stats, found: Found): void {
    found.watched.add(folder);
    const inode = inodeOf(stats);
    const before = this.#folders.get(folder);
    const isWatched = before?.inode === inode && before.watcher !== null;
    if (isWatched || this.#isClosed) return;
    before?.watcher?.close();
    this.#folders.set(folder, { inode, watcher: this.#watcherOf(folder) });
  }

  #watcherOf(folder: string): FSWatcher | null {
    try {
      const watcher = watch(folder, (event, name) => {
        const path = name === null ? folder : join(folder, name);
        // Folders matter when they come or go. Else whatever is written to a file that does not match would be a hint as well.
        if (this.#matches(path) || event === "rename" && (this.#reaches(path) || this.#leadsOn(path))) this.#ports.hint(path);
      });
      return watcher.on("error", (error) => this.#ports.trouble(error));
    } catch (error) {
      this.#ports.trouble(error as Error);
      return null;
    }
  }

  #forgetAllBut(kept: ReadonlySet<string>): void {
    for (const [folder, { watcher }] of this.#folders) {
      if (kept.has(folder)) continue;
      watcher?.close();
      this.#folders.delete(folder);
    }
  }

  async #stat(path: string): Promise<Stats | null> {
    return stat(path).catch((error: unknown) => this.#absent(error, null));
  }

  async #read(folder: string): Promise<Dirent[]> {
    return readdir(folder, { withFileTypes: true }).catch((error: unknown) => this.#absent(error, []));
  }

  #absent<T>(error: unknown, nothing: T): T {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") this.#ports.trouble(error as Error);
    return nothing;
  }

  #matches(path: string): boolean {
    return this.#patterns.some((pattern) => pattern.matches(path));
  }

  #reaches(folder: string): boolean {
    return this.#patterns.some((pattern) => pattern.reaches(folder));
  }

  #leadsOn(path: string): boolean {
    return this.#patterns.some(({ base }) => isAtOrBelow(base, path));
  }
}
