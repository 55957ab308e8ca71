/**
 * Compresses rotated files, one after the other, in the background: gzip by Node's thread pool, in pieces that the loop
 * hardly sees. The original stays until its successor is whole and on disk; then the output thread, which alone renames
 * these files, puts it into its place under the number that the original has by then. A Sentry that ends meanwhile leaves
 * half of a `FILE.packing`, which the next one writes anew.
 */
import { constants, createReadStream, createWriteStream, unlinkSync } from "node:fs";
import { lstat, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

import { identityOf, markOf } from "./identity.ts";

/** Bytes: few enough for the memory, and enough to make few turns of the loop. */
const PIECE = 256 * 1024;

export interface Rotated {
  readonly sink: number;
  readonly path: string;
  readonly keep: number;
}

export interface PackingPorts {
  /** Takes the compressed file to its place; answered by `answered`. */
  packed(sink: number, original: number, path: string): void;
  tell(text: string): void;
}

export class Packing {
  readonly #ports: PackingPorts;
  /** Of which there may be more to compress. */
  readonly #asked = new Map<number, Rotated>();
  readonly #over = new AbortController();
  #busy = false;
  #answered = (): void => {};
  #temporary: string | null = null;

  constructor(ports: PackingPorts) {
    this.#ports = ports;
  }

  ask(rotated: Rotated): void {
    this.#asked.set(rotated.sink, rotated);
    if (this.#busy || this.#over.signal.aborted) return;
    this.#busy = true;
    void this.#packAll();
  }

  /** What was last given to the output thread is in its place. */
  answered(): void {
    this.#answered();
  }

  /** What is half done is given up. */
  close(): void {
    this.#over.abort();
    this.#answered();
    this.#remove();
  }

  #remove(): void {
    const temporary = this.#temporary;
    this.#temporary = null;
    try {
      if (temporary !== null) unlinkSync(temporary);
    } catch {
      // It was never made, or is no file.
    }
  }

  async #packAll(): Promise<void> {
    for (const [sink, rotated] of this.#asked) {
      this.#asked.delete(sink); // one that is rotated from now on is asked for again
      try {
        await this.#packEach(rotated);
      } catch (error) {
        if (this.#over.signal.aborted) return;
        this.#ports.tell(`Cannot compress ${rotated.path}.*, which stay as they are until the next is rotated: ${(error as Error).message}`);
      }
    }
    this.#busy = false;
  }

  async #packEach({ sink, path, keep }: Rotated): Promise<void> {
    let last: bigint | null = null;
    for (;;) {
      const original = await oldestOf(path, keep);
      if (original === null) return;
      try {
        const { ino } = await original.stat({ bigint: true });
        if (ino === last) throw new Error("the compressed one could not take its place");
        last = ino;
        await this.#pack(sink, original, `${path}.packing`);
      } finally {
        await original.close();
      }
    }
  }

  async #pack(sink: number, original: FileHandle, temporary: string): Promise<void> {
    this.#temporary = temporary;
    try {
      await compress(original, temporary, this.#over.signal);
      this.#over.signal.throwIfAborted();
      const answered = new Promise<void>((resolve) => { this.#answered = resolve; });
      this.#temporary = null; // from here on it is the output thread's
      this.#ports.packed(sink, original.fd, temporary);
      await answered;
      this.#over.signal.throwIfAborted();
    } finally {
      this.#remove();
    }
  }
}

async function compress(original: FileHandle, path: string, signal: AbortSignal): Promise<void> {
  const { createGzip } = await import("node:zlib");
  // Always a new one: what has that name may be anything, in somebody else's folder.
  await rm(path, { force: true });
  const into = await open(path, "wx", 0o600);
  try {
    await into.write(markOf(identityOf(await original.stat({ bigint: true }))));
    // By their numbers: a FileHandle waits with its close for its streams.
    const from = createReadStream("", { fd: original.fd, autoClose: false, start: 0, highWaterMark: PIECE });
    const out = createWriteStream("", { fd: into.fd, autoClose: false, highWaterMark: PIECE });
    await pipeline(from, createGzip({ chunkSize: PIECE }), out, { signal });
    await into.sync(); // before the original goes
  } finally {
    await into.close();
  }
}

/** A plain one that is not compressed yet. The oldest: it is the next to be removed. */
async function oldestOf(path: string, keep: number): Promise<FileHandle | null> {
  for (let number = keep; number > 0; number--) {
    const name = `${path}.${number}`;
    try {
      if (!(await lstat(name)).isFile()) continue;
      return await open(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return null;
}
