/**
 * The newest lines of an entry, over all of its logs and what these were before, as many files as it takes. First it is found
 * out where they are, from the last one backwards, and then they are read: so it takes no memory whatever their length.
 */
import { Dating, newestOf } from "../merging.ts";
import type { PieceOf, Position } from "./cursor.ts";
import { BLOCK, blockOf, LogFile } from "./log-file.ts";
import type { Line, Whereabouts } from "./log-file.ts";
import type { Log, Rotated } from "./rotated.ts";

/** A tail is read at once: it forgets while somebody takes it slowly. */
const ALL_OF_A_TAIL = 512 * 1024;

interface Place extends Pick<Line, "from" | "to"> {
  /** In seconds since the epoch. */
  readonly time: number;
  readonly file: LogFile;
  readonly log: NewestOfLog;
}

/** Some lines in one file. */
export interface Range {
  readonly log: NewestOfLog;
  readonly file: LogFile;
  from: number;
  to: number;
}

/** Of one log. */
export class NewestOfLog {
  readonly where: Whereabouts;
  readonly rotated: Rotated | null;
  /** That it is written to; null: it is not there. */
  readonly file: LogFile | null;
  /** Where the last line ends. */
  readonly end: number;
  readonly #at: number;
  /** Those that are older. */
  readonly #files: LogFile[] = [];

  private constructor(where: Whereabouts, rotated: Rotated | null, file: LogFile | null, end: number, at: number) {
    this.where = where;
    this.rotated = rotated;
    this.file = file;
    this.end = end;
    this.#at = at;
  }

  /** @param isAll the last line of a raw file may have no end: its process has had its last word, or it is a very long one */
  static async open({ where, rotated }: Log, isAll: boolean): Promise<NewestOfLog> {
    const found = await rotated?.newest() ?? null;
    const file = where.kind === "tail" ? await LogFile.ofTail(where.fd)
      : found === null || rotated === null ? null : await rotated.read(found);
    const isHalf = isAll && where.format === "raw";
    try {
      return new NewestOfLog(where, rotated, file, await (isHalf ? file?.size() : file?.end()) ?? 0, found?.at ?? 0);
    } catch (error) {
      await file?.close();
      throw error;
    }
  }

  /** The last one first; those of a block at a time. */
  async *lines(block: number): AsyncGenerator<Place[]> {
    if (this.file === null) return;
    yield* this.#linesOf(this.file, this.end, block);
    let place = { id: this.file.id, at: this.#at };
    for (;;) {
      const found = await this.rotated?.older(place) ?? null;
      const file = found === null ? null : await this.rotated?.read(found) ?? null;
      if (found === null || file === null) return;
      this.#files.push(file);
      yield* this.#linesOf(file, await file.size(), block);
      place = found;
    }
  }

  /** @param isLeft somebody goes on with the newest file */
  async close(isLeft = false): Promise<void> {
    for (const file of this.#files) await file.close();
    if (!isLeft) await this.file?.close();
  }

  async *#linesOf(file: LogFile, end: number, block: number): AsyncGenerator<Place[]> {
    const dating = new Dating((await file.modified() ?? 0) / 1000);
    const isRaw = this.where.kind === "file" && this.where.format === "raw";
    for await (const lines of file.backwards(end, block)) {
      yield lines.map(({ from, to, head }) => ({ from, to, time: dating.timeOf(isRaw ? "" : head), file, log: this }));
    }
  }
}

/** Oldest first; those that stand together are one. */
export async function rangesOf(logs: readonly NewestOfLog[], lines: number): Promise<Range[]> {
  const ranges: Range[] = [];
  const block = blockOf(logs.length);
  for await (const line of newestOf(logs.map((log) => log.lines(block)), lines)) prepend(ranges, line);
  return ranges.reverse();
}

/** The last ones come first. */
function prepend(ranges: Range[], { log, file, from, to }: Place): void {
  const last = ranges.at(-1);
  if (last?.file === file && last.from === to) last.from = from;
  else ranges.push({ log, file, from, to });
}

/** All that is there. */
export async function* piecesOf({ file, from, to, log }: Range): AsyncGenerator<PieceOf> {
  const block = log.where.kind === "tail" ? ALL_OF_A_TAIL : BLOCK;
  for (let offset = from; offset < to;) {
    const piece = await file.read(offset, to, block);
    if (piece === null) return;
    const { bytes, dropped } = piece;
    offset = piece.offset + bytes.length;
    yield { bytes, at: { file: file.id, offset: piece.offset }, dropped };
  }
}

/** Before its lines in those ranges. */
export function beginningOf(log: NewestOfLog, ranges: readonly Range[]): Position | null {
  const first = ranges.find((range) => range.log === log);
  if (first !== undefined) return { file: first.file.id, offset: first.from };
  return log.file === null ? null : { file: log.file.id, offset: log.end };
}
