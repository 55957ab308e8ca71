/**
 * A file of output, or the tail of an entry (native/tail.h), read by whole lines at any place. It is read by offsets, so a
 * writer that goes on meanwhile is nobody's trouble: what was there stays where it was. But a tail forgets: whatever lies
 * more than `KEPT_TAIL` before its end, as it is after the read, may have come as zeros, and is not given to anybody.
 */
import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** Bytes of a tail that are surely there. native/tail.h has the same number. */
const KEPT_TAIL = 256 * 1024;

/** Bytes that are read at a time. */
const BLOCK = 64 * 1024;

/** Bytes of a line; a longer one comes in parts. */
const LONGEST_LINE = 2 * 1024 * 1024;

const NEWLINE = 10;

/** Where the output of an entry is to be read. */
export type Whereabouts =
  | { readonly kind: "file"; readonly path: string }
  /** The descriptor of a memfd. */
  | { readonly kind: "tail"; readonly fd: number };

export interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
  /** Bytes before it that were asked for, and are gone. */
  readonly dropped: number;
}

export class LogFile {
  readonly id: string;
  readonly #handle: FileHandle;
  readonly #kept: number;

  private constructor(handle: FileHandle, id: string, kept: number) {
    this.#handle = handle;
    this.id = id;
    this.#kept = kept;
  }

  /** Null where there is none. */
  static async open(where: Whereabouts): Promise<LogFile | null> {
    try {
      const isTail = where.kind === "tail";
      // A file of the run folder is never reached through a link; a tail has no other name than one.
      const handle = await open(pathOf(where), constants.O_RDONLY | constants.O_NONBLOCK | (isTail ? 0 : constants.O_NOFOLLOW));
      return new LogFile(handle, String((await handle.stat({ bigint: true })).ino), isTail ? KEPT_TAIL : Infinity);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** When it was last written to, in milliseconds since the epoch; null: never. */
  async modified(): Promise<number | null> {
    const { size, mtimeMs } = await this.#handle.stat();
    return size === 0 ? null : mtimeMs;
  }

  /** Where the first line begins that is surely there. */
  async beginning(): Promise<number> {
    const least = Math.max(0, await this.#size() - this.#kept);
    return least === 0 ? 0 : least + (await this.#bytes(least, least + LONGEST_LINE)).indexOf(NEWLINE) + 1;
  }

  /** Where the newest lines begin, and where the last of them ends. */
  async newest(lines: number): Promise<{ from: number; to: number }> {
    const size = await this.#size();
    const least = Math.max(0, size - this.#kept);
    let from = least;
    let to = least;
    let found = 0;
    for (let high = size; high > least; high -= BLOCK) {
      const low = Math.max(least, high - BLOCK);
      const block = await this.#bytes(low, high);
      for (let n = block.lastIndexOf(NEWLINE); n >= 0; n = n === 0 ? -1 : block.lastIndexOf(NEWLINE, n - 1)) {
        from = low + n + 1;
        if (found === 0) to = from;
        if (found++ === lines) return { from, to };
      }
    }
    // Of what a tail has forgotten the last line may be half there.
    return { from: least === 0 ? 0 : from, to };
  }

  /**
   * Whole lines from there on, and no more than the block has. Null: there is none yet.
   * @param to nothing behind it
   */
  async read(offset: number, to = Infinity, block = BLOCK): Promise<Piece | null> {
    let asked = offset;
    let from = offset;
    let isInLine = false;
    for (let room = block; ;) {
      const bytes = await this.#bytes(from, Math.min(to, from + room, await this.#size()));
      const size = await this.#size();
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
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      const isPart = end <= begin && bytes.length >= LONGEST_LINE;
      if (end > begin || isPart) {
        return { bytes: bytes.subarray(begin, isPart ? bytes.length : end), offset: from + begin, dropped: from + begin - asked };
      }
      if (bytes.length < room) return null;
      room *= 2;
    }
  }

  async #size(): Promise<number> {
    return (await this.#handle.stat()).size;
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
export function pathOf(where: Whereabouts): string {
  return where.kind === "tail" ? `/proc/self/fd/${where.fd}` : where.path;
}

/** What stands at the path of a file now; null: nothing. */
export async function foundAt(path: string): Promise<{ id: string; isEmpty: boolean } | null> {
  try {
    const { ino, size } = await lstat(path, { bigint: true });
    return { id: String(ino), isEmpty: size === 0n };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
