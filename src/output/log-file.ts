/**
 * A file of output, or the tail of an entry (native/tail.h), read by whole lines at any place. It is read by offsets, so a
 * writer that goes on meanwhile is nobody's trouble: what was there stays where it was. But a tail forgets: whatever lies
 * more than `KEPT_TAIL` before its end, as it is after the read, may have come as zeros, and is not given to anybody.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { HEAD } from "../merging.ts";
import { identityOf } from "./identity.ts";

/** Bytes of a tail that are surely there. native/tail.h has the same number. */
const KEPT_TAIL = 256 * 1024;

/** Bytes that are read at a time. */
export const BLOCK = 64 * 1024;
const LEAST_BLOCK = 4096;

/** Those of several logs are all in memory at once, and together they are not much larger than one of a single log. */
export function blockOf(logs: number): number {
  return Math.max(LEAST_BLOCK, Math.floor(BLOCK / logs));
}

/** Bytes of a line; a longer one comes in parts. */
const LONGEST_LINE = 2 * 1024 * 1024;

const NEWLINE = 10;

/** Where output is to be read. */
export type Whereabouts =
  | {
    readonly kind: "file";
    readonly path: string;
    readonly format: "raw" | "prefixed" | "json";
    /** Rotated ones beside it. */
    readonly keep: number;
  }
  /** The descriptor of a memfd. */
  | { readonly kind: "tail"; readonly fd: number; readonly format: "prefixed" | "json" };

export interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
  /** Bytes before it that were asked for, and are gone. */
  readonly dropped: number;
}

export interface Line {
  readonly from: number;
  readonly to: number;
  /** Its first letters, as Latin-1. */
  readonly head: string;
}

export class LogFile {
  readonly id: string;
  readonly #handle: FileHandle;
  readonly #kept: number;

  /** @param handle closed with it */
  constructor(handle: FileHandle, id: string, kept = Infinity) {
    this.#handle = handle;
    this.id = id;
    this.#kept = kept;
  }

  static async ofTail(fd: number): Promise<LogFile> {
    const handle = await open(pathOfTail(fd), constants.O_RDONLY);
    return new LogFile(handle, identityOf(await handle.stat({ bigint: true })), KEPT_TAIL);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** When it was last written to, in milliseconds since the epoch; null: never. */
  async modified(): Promise<number | null> {
    const { size, mtimeMs } = await this.#handle.stat();
    return size === 0 ? null : mtimeMs;
  }

  /** When its last name was taken away, in milliseconds since the epoch; null: it has one. */
  async removed(): Promise<number | null> {
    const { nlink, ctimeMs } = await this.#handle.stat();
    return nlink === 0 ? ctimeMs : null;
  }

  /** Where the first line begins that is surely there. */
  async beginning(): Promise<number> {
    const least = await this.#least();
    return least === 0 ? 0 : least + (await this.#bytes(least, least + LONGEST_LINE)).indexOf(NEWLINE) + 1;
  }

  /** Where the last whole line ends. */
  async end(): Promise<number> {
    const least = await this.#least();
    for (let high = await this.size(); high > least; high -= BLOCK) {
      const low = Math.max(least, high - BLOCK);
      const newline = (await this.#bytes(low, high)).lastIndexOf(NEWLINE);
      if (newline !== -1) return low + newline + 1;
    }
    return least;
  }

  /** The lines before that place, the last one first; those of a block at a time. */
  async *backwards(end: number, size = BLOCK): AsyncGenerator<Line[]> {
    const least = await this.#least();
    let to = end;
    let behind: Buffer = Buffer.alloc(0); // the beginning of what was read before
    for (let high = end; high > least; high -= size) {
      const low = Math.max(least, high - size);
      const block = await this.#bytes(low, high);
      const lines: Line[] = [];
      for (let n = block.lastIndexOf(NEWLINE); n >= 0; n = n === 0 ? -1 : block.lastIndexOf(NEWLINE, n - 1)) {
        const from = low + n + 1;
        if (from < to) lines.push({ from, to, head: headOf(block.subarray(n + 1), behind, to - from) });
        to = from;
      }
      yield lines;
      behind = Buffer.concat([block.subarray(0, HEAD), behind]).subarray(0, HEAD);
    }
    // Of what a tail has forgotten the last line may be half there.
    if (least === 0 && to > 0) yield [{ from: 0, to, head: headOf(behind, behind, to) }];
  }

  /**
   * Whole lines from there on, and no more than the block has. Null: there is none yet.
   * @param to all before it is to be read, also where it is half a line
   */
  async read(offset: number, to = Infinity, block = BLOCK): Promise<Piece | null> {
    let asked = offset;
    let from = offset;
    let isInLine = false;
    for (let room = block; ;) {
      const bytes = await this.#bytes(from, Math.min(to, from + room, await this.size()));
      const size = await this.size();
      if (size < from) { // somebody has cut it off
        asked = from = 0;
        continue;
      }
      if (from < size - this.#kept) { // well ahead of what is forgotten next
        from = size - this.#kept / 2;
        isInLine = true;
        continue;
      }
      const begin = isInLine ? bytes.indexOf(NEWLINE) + 1 : 0;
      const end = from + bytes.length === to ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
      const isPart = end <= begin && bytes.length >= LONGEST_LINE;
      if (end > begin || isPart) {
        return { bytes: bytes.subarray(begin, isPart ? bytes.length : end), offset: from + begin, dropped: from + begin - asked };
      }
      if (bytes.length < room) return null;
      room *= 2;
    }
  }

  /** Before it nothing is surely there. */
  async #least(): Promise<number> {
    return Math.max(0, await this.size() - this.#kept);
  }

  async #bytes(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }
}

/** proc_pid_fd(5): a descriptor as a path, to be opened anew, or watched. */
export function pathOfTail(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Where a line begins near the end of a block, the rest stands behind that. */
function headOf(begun: Buffer, behind: Buffer, length: number): string {
  const enough = begun.length >= Math.min(HEAD, length) ? begun : Buffer.concat([begun, behind]);
  return enough.toString("latin1", 0, Math.min(HEAD, length));
}
