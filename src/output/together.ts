/**
 * What several logs go on with, in one order: of those that have something, the lines that were printed first come first.
 * Of each there is one piece in memory.
 */
import { Dating, HEAD } from "../merging.ts";
import type { Changes } from "./changes.ts";
import type { Cursor, PieceOf, Position } from "./cursor.ts";
import { blockOf } from "./log-file.ts";

const NEWLINE = 10;

export class Voice {
  readonly cursor: Cursor;
  readonly #dating = new Dating(Date.now() / 1000);
  readonly #isDated: boolean;
  #piece: PieceOf | null = null;
  /** Of the first line of the piece, in seconds since the epoch. */
  #time = 0;
  #isDry = false;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.#isDated = cursor.where.kind === "tail" || cursor.where.format !== "raw";
  }

  /** Of the first line that it was not asked for yet. */
  get position(): Position | null {
    return this.#piece?.at ?? this.cursor.position;
  }

  /** Of its next line; null: there is none. */
  get time(): number | null {
    return this.#piece === null ? null : this.#time;
  }

  /**
   * @param isNews there may be more of what had no more
   * @param isLast nothing comes after what is there: half a line too is all of it
   */
  async listen(isNews: boolean, block: number, isLast: boolean): Promise<void> {
    if (this.#piece !== null || (this.#isDry && !isNews)) return;
    this.#piece = await this.cursor.next(block, isLast);
    this.#isDry = this.#piece === null;
    if (this.#piece !== null) this.#time = this.#timeAt(this.#piece.bytes, 0);
  }

  /** Its next lines, as far as they were printed by then. There is one at least. */
  take(until: number): PieceOf {
    const piece = this.#piece;
    if (piece === null) throw new Error("nothing was heard");
    const { bytes, at, dropped } = piece;
    for (let end = bytes.indexOf(NEWLINE) + 1; end > 0 && end < bytes.length; end = bytes.indexOf(NEWLINE, end) + 1) {
      this.#time = this.#timeAt(bytes, end);
      if (this.#time <= until) continue;
      this.#piece = { bytes: bytes.subarray(end), at: { file: at.file, offset: at.offset + end }, dropped: 0 };
      return { bytes: bytes.subarray(0, end), at, dropped };
    }
    this.#piece = null;
    return piece;
  }

  #timeAt(bytes: Buffer, start: number): number {
    return this.#dating.timeOf(this.#isDated ? bytes.toString("latin1", start, start + HEAD) : "");
  }
}

/**
 * Ends when it is over, or once all is told that is there when the last is announced.
 * @param join has others join them, when there is news
 * @param changes tells of the announcement too
 */
export async function* together(
  voices: readonly Voice[], join: () => Promise<void>, changes: Changes, over: AbortSignal, last: AbortSignal,
): AsyncGenerator<PieceOf & { readonly voice: Voice }> {
  while (!over.aborted) {
    const [isLast, isNews] = [last.aborted, changes.forget()];
    if (isNews) await join();
    for (const voice of voices) await voice.listen(isNews, blockOf(voices.length), isLast);
    changes.underAnyName = voices.some(({ cursor }) => cursor.isMoved);
    const [first, second] = voices.filter(({ time }) => time !== null).sort((one, other) => (one.time ?? 0) - (other.time ?? 0));
    if (over.aborted) return;
    if (first !== undefined) yield { ...first.take(second?.time ?? Infinity), voice: first };
    else if (isLast) return;
    else await changes.next();
  }
}
