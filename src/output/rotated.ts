/**
 * A log and the files that it was before: FILE, FILE.1, FILE.2.gz and so on, each older than the one before. Somebody may
 * rename them at any moment, so a file is never meant by its name. What makes that simple: they only ever move to greater
 * numbers, one step at a time. So where a file had the same number before and after its neighbour was opened under the next
 * one, that is its neighbour; otherwise it is looked for again, and that ends, for one that moves on is gone at last.
 */
import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { birthOf, identityOf, originalOf } from "./identity.ts";
import { LogFile } from "./log-file.ts";
import type { Whereabouts } from "./log-file.ts";
import { unpacked } from "./unpacked.ts";

/** Where a log is; null: it is a tail, and that is never rotated. */
export interface Log {
  readonly where: Whereabouts;
  readonly rotated: Rotated | null;
}

/** One of them, open. */
export interface Found {
  /** Its number; 0: it is FILE. */
  readonly at: number;
  readonly id: string;
  readonly handle: FileHandle;
  readonly isEmpty: boolean;
  readonly isPacked: boolean;
  /** Somebody else has compressed it: nobody knows which file it was. */
  readonly isForeign: boolean;
}

/** Towards what is older, or newer. */
type Step = 1 | -1;

export class Rotated {
  readonly path: string;
  readonly keep: number;
  readonly #spare: string;

  /** @param spare a folder for what has to be unpacked */
  constructor(path: string, keep: number, spare: string) {
    this.path = path;
    this.keep = keep;
    this.#spare = spare;
  }

  /** The newest that is there. */
  async newest(): Promise<Found | null> {
    return this.#from(0, 1);
  }

  /** The one before it. */
  async older({ id, at }: Pick<Found, "id" | "at">): Promise<Found | null> {
    const found = await this.#beside(id, 1, at);
    return found === "gone" ? null : found;
  }

  /** The one that came after it; null: there is none yet. `gone`: it is none of them any more. */
  newer(id: string): Promise<Found | null | "gone"> {
    return this.#beside(id, -1, 0);
  }

  /** The first one of those. */
  async find(ids: { has(id: string): boolean }): Promise<Found | null> {
    for (let found = await this.newest(); found !== null; found = await this.#olderThan(found)) {
      if (ids.has(found.id)) return found;
    }
    return null;
  }

  /** The oldest of those that were made after that one was; where a file system does not say that, the newest. */
  async firstAfter(id: string): Promise<Found | null> {
    let first: Found | null = null;
    for (let found = await this.newest(); found !== null; found = await this.older(found)) {
      const isAfter = birthOf(id) === 0 ? first === null && found.id !== id : birthOf(found.id) > birthOf(id);
      if (found.isForeign || !isAfter) {
        await found.handle.close();
        break;
      }
      await first?.handle.close();
      first = found;
    }
    return first;
  }

  /** Whether there are as many as are kept, so that one more takes the oldest away. */
  async isFull(): Promise<boolean> {
    const found = this.keep === 0 ? null : await this.#look(this.keep);
    await found?.handle.close();
    return found !== null;
  }

  /** To be read. Null: it was compressed, and cannot be unpacked. */
  async read({ id, handle, isPacked }: Found): Promise<LogFile | null> {
    if (!isPacked) return new LogFile(handle, id);
    try {
      const file = await unpacked(handle, this.#spare);
      return file === null ? null : new LogFile(file, id);
    } finally {
      await handle.close();
    }
  }

  /** Whether that file is FILE. */
  async isCurrent(id: string): Promise<boolean> {
    try {
      return identityOf(await lstat(this.path, { bigint: true })) === id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  async #olderThan(found: Found): Promise<Found | null> {
    await found.handle.close();
    return this.older(found);
  }

  async #beside(id: string, step: Step, least: number): Promise<Found | null | "gone"> {
    for (let at = await this.#numberOf(id, least); at !== null; at = await this.#numberOf(id, at)) {
      const found = await this.#from(at + step, step);
      try {
        if (await this.#isNextTo(id, at, step, found)) return found;
      } catch (error) {
        await found?.handle.close();
        throw error;
      }
      await found?.handle.close();
    }
    return "gone";
  }

  /** It still has that number, and there is nothing between the two. */
  async #isNextTo(id: string, at: number, step: Step, found: Found | null): Promise<boolean> {
    const end = found?.at ?? (step === 1 ? this.keep + 1 : -1);
    for (let between = at + step; between !== end; between += step) {
      if (await this.#idAt(between) !== null) return false;
    }
    return await this.#idAt(at) === id;
  }

  /** The first from there on: a rotation, or one that was cut short, may leave gaps. */
  async #from(first: number, step: Step): Promise<Found | null> {
    for (let at = first; at >= 0 && at <= this.keep; at += step) {
      const found = await this.#look(at);
      if (found !== null) return found;
    }
    return null;
  }

  /** Twice: it can become the compressed one and move on, just between two looks. */
  async #numberOf(id: string, least: number): Promise<number | null> {
    for (let look = 0; look < 2; look++) {
      for (let at = least; at <= this.keep; at++) if (await this.#idAt(at) === id) return at;
    }
    return null;
  }

  async #idAt(at: number): Promise<string | null> {
    const found = await this.#look(at);
    await found?.handle.close();
    return found?.id ?? null;
  }

  /** The plain one first: it goes only when the compressed one is there. */
  async #look(at: number): Promise<Found | null> {
    if (at === 0) return this.#open(this.path, at, false);
    return await this.#open(`${this.path}.${at}`, at, false) ?? this.#open(`${this.path}.${at}.gz`, at, true);
  }

  async #open(path: string, at: number, isPacked: boolean): Promise<Found | null> {
    let handle: FileHandle;
    try {
      // What is in a folder of ours is never reached through a link.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      const absent = at === 0 ? ["ENOENT"] : ["ENOENT", "ELOOP", "EACCES"];
      if (absent.includes((error as NodeJS.ErrnoException).code ?? "")) return null;
      throw error;
    }
    try {
      const stats = await handle.stat({ bigint: true });
      if (at === 0 || stats.isFile()) {
        const original = isPacked ? await originalOf(handle) : null;
        const isForeign = isPacked && original === null;
        return { at, id: original ?? identityOf(stats), handle, isEmpty: stats.size === 0n, isPacked, isForeign };
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return null;
  }
}
