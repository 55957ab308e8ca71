/**
 * A place in one log, which goes on: to the end of its file, and then to the one that came after it, however often it has
 * been rotated meanwhile. It holds its file open, so that it can be read to its end whatever becomes of its name.
 */
import { birthOf } from "./identity.ts";
import type { LogFile, Piece, Whereabouts } from "./log-file.ts";
import type { Found, Rotated } from "./rotated.ts";

/** Milliseconds within which a file comes after one that was removed: the file system's clock ticks. */
const TICK = 10;

/** A place in a log: in which file, and how many bytes are before it. */
export interface Position { readonly file: string; readonly offset: number }

export interface PieceOf {
  readonly bytes: Buffer;
  readonly at: Position;
  /** Bytes before it that are gone; null: some may be, and nobody knows how many. */
  readonly dropped: number | null;
}

/** What comes after a file. */
interface Next {
  readonly file: LogFile;
  /** There may have been others between the two. */
  readonly isIncomplete: boolean;
}

export class Cursor {
  readonly where: Whereabouts;
  readonly #rotated: Rotated | null;
  #file: LogFile | null;
  #offset: number;
  /** What comes after the file, as soon as that is known: so the file has all that it will ever have. */
  #next: Next | null = null;
  #isIncomplete: boolean;
  #isMoved = false;

  /**
   * @param rotated null: it is a tail
   * @param file null: it is not there yet
   * @param isIncomplete something before the offset is missing, and nobody knows how much
   */
  constructor(where: Whereabouts, rotated: Rotated | null, file: LogFile | null, offset: number, isIncomplete = false) {
    this.where = where;
    this.#rotated = rotated;
    this.#file = file;
    this.#offset = offset;
    this.#isIncomplete = isIncomplete;
  }

  get position(): Position | null {
    return this.#file === null ? null : { file: this.#file.id, offset: this.#offset };
  }

  /** The file is not found under its first name any more: what is printed into it is told under another. */
  get isMoved(): boolean {
    return this.#isMoved;
  }

  /**
   * The next lines. Null: there are none yet.
   * @param isLast there will be no more: the last may be half a line
   */
  async next(block?: number, isLast = false): Promise<PieceOf | null> {
    for (;;) {
      this.#file ??= await this.#first();
      const file = this.#file;
      if (file === null) return null;
      this.#next ??= await this.#successorOf(file);
      const piece = await file.read(this.#offset, this.#next === null && !isLast ? Infinity : await file.size(), block);
      if (piece !== null) return this.#told(file, piece);
      if (this.#next === null) return this.#isIncomplete ? this.#told(file, this.#nothing()) : null;
      await file.close();
      this.#file = this.#next.file;
      this.#isIncomplete ||= this.#next.isIncomplete;
      [this.#offset, this.#next] = [0, null];
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await this.#next?.file.close();
  }

  #nothing(): Piece {
    return { bytes: Buffer.alloc(0), offset: this.#offset, dropped: 0 };
  }

  #told(file: LogFile, { bytes, offset, dropped }: Piece): PieceOf {
    this.#offset = offset + bytes.length;
    const piece = { bytes, at: { file: file.id, offset }, dropped: this.#isIncomplete ? null : dropped };
    this.#isIncomplete = false;
    return piece;
  }

  /** What comes later, all of it is new. */
  async #first(): Promise<LogFile | null> {
    const found = await this.#rotated?.newest() ?? null;
    return found === null || this.#rotated === null ? null : this.#rotated.read(found);
  }

  /**
   * The file that came after it. One that somebody has put into its place counts once something is in it: until then the old
   * one may still be written to.
   */
  async #successorOf(file: LogFile): Promise<Next | null> {
    const rotated = this.#rotated;
    if (rotated === null) return null;
    this.#isMoved = !await rotated.isCurrent(file.id);
    if (!this.#isMoved) return null;
    let found = await rotated.newer(file.id);
    let isIncomplete = false;
    if (found === "gone") {
      found = await rotated.firstAfter(file.id);
      isIncomplete = found !== null && await mayHaveMissed(rotated, file, found);
    }
    while (found !== null && found !== "gone") {
      if (found.at === 0 && found.isEmpty) {
        await found.handle.close();
        break;
      }
      const next = await rotated.read(found);
      if (next !== null) return { file: next, isIncomplete };
      isIncomplete = true;
      found = await rotated.newer(found.id);
    }
    return null;
  }
}

/** Whether others may have been between the two: where it was removed, as the oldest of them is. */
async function mayHaveMissed(rotated: Rotated, file: LogFile, next: Found): Promise<boolean> {
  const removed = await file.removed();
  if (removed === null) return false;
  return rotated.keep === 0 ? birthOf(next.id) > removed + TICK : rotated.isFull();
}
