/**
 * A file that lines are appended to: one write(2) each, done before `write` returns. It never throws. What cannot be
 * written (a full disk) waits in memory, in order, and is tried again with the next line; half a line is cut off first.
 *
 * The file is kept open. If somebody deletes or replaces it, lines go on into the one that was opened and can be read
 * from it, but the next Sentry will not find them; the next rewrite puts the file back in its place.
 */
import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";

import { beginOfLine, endOfLines } from "./lines.ts";
import { openBeside, openOwn, removeLeftovers } from "./own-file.ts";

const MiB = 1024 * 1024;

const MOST_WAITING = MiB;

/** Above the first the oldest lines are dropped, down to the second. */
const MOST: number = 64 * MiB;
const KEPT: number = 48 * MiB;

/** So much more has to be written after a rewrite that failed, before it is tried again. */
const PAUSE: number = 4 * MiB;

export class LineFile {
  readonly #path: string;
  readonly #onTrouble: (message: string) => void;
  #fd: number;
  #size: number;
  /** What was written last did not fit: the end of the file is half a line. */
  #half = false;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #trouble: string | null = null;
  #mostNow = MOST;
  #rewrites = 0;

  /**
   * A line that a killed Sentry has left unfinished is cut off.
   * @throws Error where the file cannot be opened, or is not ours
   */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    this.#fd = openOwn(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
    fchmodSync(this.#fd, 0o600);
    const { size } = fstatSync(this.#fd);
    this.#size = endOfLines(this.#fd, size);
    if (this.#size < size) ftruncateSync(this.#fd, this.#size);
    removeLeftovers(path);
  }

  get size(): number {
    return this.#size;
  }

  /** How often the oldest lines were dropped: a reader that began before has not seen what was written after. */
  get rewrites(): number {
    return this.#rewrites;
  }

  /** What waits to be written, oldest first. */
  get waiting(): string[] {
    return this.#waiting.map((line) => line.toString());
  }

  /** How many did not find room in memory either, since it was last written. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What an earlier image of this process had waiting. */
  resume(waiting: readonly string[], dropped: number): void {
    this.#dropped = dropped;
    if (waiting.length > 0) this.#trouble = "it was not when this image began";
    for (const line of waiting) this.write(line);
  }

  /** @param line with its newline */
  write(line: string): void {
    const bytes = Buffer.from(line);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
    if (this.#size > this.#mostNow) this.#rewrite();
  }

  /** A descriptor of one's own: a rewrite in between does not disturb who reads from it. */
  openToRead(): number {
    return openSync(`/proc/self/fd/${this.#fd}`, constants.O_RDONLY);
  }

  /** Tries once more to write what waits. */
  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      const trouble = this.#put(line);
      if (trouble !== null) return this.#wait(trouble);
      this.#waiting.shift();
      this.#waitingBytes -= line.length;
    }
    if (this.#trouble === null) return;
    this.#trouble = null;
    const lost = this.#dropped === 0 ? "nothing was lost" : `${this.#dropped} lines were lost meanwhile`;
    this.#dropped = 0;
    this.#onTrouble(`${this.#path} is written again; ${lost}.`);
  }

  #put(line: Buffer): string | null {
    try {
      if (this.#half) ftruncateSync(this.#fd, this.#size);
      this.#half = false;
      const written = writeSync(this.#fd, line);
      this.#half = written < line.length;
      if (this.#half) return "there is no space for a whole line";
      this.#size += written;
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #wait(trouble: string): void {
    for (let oldest = this.#waiting[0]; oldest !== undefined && this.#waitingBytes > MOST_WAITING; oldest = this.#waiting[0]) {
      this.#waiting.shift();
      this.#waitingBytes -= oldest.length;
      this.#dropped++;
    }
    if (this.#trouble !== null) return;
    this.#trouble = trouble;
    this.#onTrouble(`${this.#path} cannot be written: ${trouble}. Up to 1 MiB of it waits in memory.`);
  }

  /** Takes some 100 ms of the loop, once in 16 MiB of lines. Killed in the middle of it, the old file is still there. */
  #rewrite(): void {
    let temporary: string | null = null;
    try {
      const made = openBeside(this.#path);
      temporary = made.temporary;
      const size = this.#copy(made.fd);
      renameSync(temporary, this.#path);
      closeSync(this.#fd);
      this.#fd = made.fd;
      this.#size = size;
      this.#mostNow = MOST;
      this.#rewrites++;
    } catch (error) {
      if (temporary !== null) rmSync(temporary, { force: true });
      this.#mostNow = this.#size + PAUSE;
      this.#onTrouble(`the oldest lines of ${this.#path} cannot be dropped: ${(error as Error).message}`);
    }
  }

  /** The newest lines, to another file. Gives its size. */
  #copy(to: number): number {
    const begin = beginOfLine(this.#fd, this.#size - KEPT, this.#size);
    const bytes = Buffer.allocUnsafe(MiB);
    try {
      for (let from = begin; from < this.#size;) {
        const read = readSync(this.#fd, bytes, 0, Math.min(MiB, this.#size - from), from);
        for (let done = 0; done < read;) done += writeSync(to, bytes, done, read - done);
        from += read;
      }
      return this.#size - begin;
    } catch (error) {
      closeSync(to);
      throw error;
    }
  }
}
