/**
 * Tells whoever follows logs that there may be more: inotify(7), so that it costs nothing while nothing is printed. Of a
 * file it is the folder that is watched, where a successor of the same name will show.
 */
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

import { pathOfTail } from "./log-file.ts";
import type { Whereabouts } from "./log-file.ts";

interface Watched {
  readonly watcher: FSWatcher;
  /** Of files; null: whatever happens. */
  readonly names: Set<string> | null;
}

export class Changes {
  /** A file has been moved away, and what is printed into it is told under another name. */
  underAnyName = false;
  readonly #watched = new Map<string, Watched>();
  #happened = true;
  #error: Error | null = null;
  #wake = (): void => {};

  /** @param ends something happens when they are aborted */
  constructor(...ends: readonly AbortSignal[]) {
    for (const end of ends) end.addEventListener("abort", () => this.tell(), { once: true });
  }

  /**
   * In a folder that is not there nothing happens: it is to be added again once a file in it was opened. That the system
   * allows no more watches is told by `next`.
   */
  add(where: Whereabouts): void {
    const path = where.kind === "file" ? dirname(where.path) : pathOfTail(where.fd);
    try {
      const watched = this.#watched.get(path) ?? this.#watch(path, where.kind === "file" ? new Set() : null);
      if (where.kind === "file") watched.names?.add(basename(where.path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#fail(error as Error);
    }
  }

  /** What has happened until now is about to be looked at. Gives whether anything has. */
  forget(): boolean {
    const happened = this.#happened;
    this.#happened = false;
    return happened;
  }

  /**
   * Something has happened since then, or does.
   * @throws what has ended a watch, or kept it from beginning
   */
  async next(): Promise<void> {
    if (!this.#happened) await new Promise<void>((resolve) => { this.#wake = resolve; });
    if (this.#error !== null) throw this.#error;
  }

  tell(): void {
    this.#happened = true;
    this.#wake();
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close();
  }

  #fail(error: Error): void {
    this.#error = error;
    this.tell();
  }

  #watch(path: string, names: Set<string> | null): Watched {
    const watcher = watch(path, (_type, name) => {
      if (names === null || this.underAnyName || (name !== null && names.has(name))) this.tell();
    });
    // It watches no more: whoever follows must not wait for ever.
    watcher.on("error", (error: Error) => this.#fail(error));
    const watched = { watcher, names };
    this.#watched.set(path, watched);
    return watched;
  }
}
