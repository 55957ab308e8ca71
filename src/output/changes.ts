/**
 * Tells whoever follows a log that there may be more: inotify(7), so that it costs nothing while nothing is printed. Of a
 * file it is the folder that is watched, where a successor of the same name will show.
 */
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

import { pathOf } from "./log-file.ts";
import type { Whereabouts } from "./log-file.ts";

export class Changes {
  /** The file has been moved away, and what is printed into it is told under another name. */
  underAnyName = false;
  readonly #watcher: FSWatcher;
  readonly #name: string | null;
  #happened = false;
  #error: Error | null = null;
  #wake = (): void => {};

  /** @throws where the system allows no more watches */
  constructor(where: Whereabouts, over: AbortSignal) {
    this.#name = where.kind === "file" ? basename(where.path) : null;
    this.#watcher = watch(where.kind === "file" ? dirname(where.path) : pathOf(where), (_type, name) => {
      if (this.#name === null || this.underAnyName || name === this.#name) this.#tell();
    });
    // It watches no more: whoever follows must not wait for ever.
    this.#watcher.on("error", (error: Error) => {
      this.#error = error;
      this.#tell();
    });
    over.addEventListener("abort", () => this.#tell(), { once: true });
  }

  /** What has happened until now is about to be looked at. */
  forget(): void {
    this.#happened = false;
  }

  /**
   * Something has happened since then, or does.
   * @throws what has ended the watch
   */
  async next(): Promise<void> {
    if (!this.#happened) await new Promise<void>((resolve) => { this.#wake = resolve; });
    if (this.#error !== null) throw this.#error;
  }

  close(): void {
    this.#watcher.close();
  }

  #tell(): void {
    this.#happened = true;
    this.#wake();
  }
}
