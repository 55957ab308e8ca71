/**
 * What entries have printed, for whoever asks: the newest lines, and what comes after them. All of it is read from where
 * it lies, when it is asked for; nothing passes through here on its way there, and nobody who reads slowly is waited for.
 */
import { Changes } from "./changes.ts";
import { foundAt, LogFile } from "./log-file.ts";
import type { Piece, Whereabouts } from "./log-file.ts";

/** A tail is read at once: it forgets while somebody takes it slowly. */
const ALL_OF_A_TAIL = 512 * 1024;

/** A place in the output of an entry: in which file, and how many bytes are before it. */
interface Position { readonly file: string; readonly offset: number }

type From = Position | { readonly lines: number };

interface PieceOf {
  readonly bytes: Buffer;
  readonly at: Position;
  readonly dropped: number;
}

export class Logs {
  readonly #whereOf: (entry: string) => Whereabouts | null;

  /** @param whereOf null: nothing is kept of it */
  constructor(whereOf: (entry: string) => Whereabouts | null) {
    this.#whereOf = whereOf;
  }

  async last(entry: string, lines: number) {
    const where = this.#whereOf(entry);
    const file = where === null ? null : await LogFile.open(where);
    if (where === null || file === null) return null;
    try {
      const { from, to } = await file.newest(lines);
      const block = where.kind === "tail" ? ALL_OF_A_TAIL : undefined;
      const modified = await file.modified();
      const end = { file: file.id, offset: to };
      return { pieces: pieces(file, from, to, block), end, modified, close: () => void file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  follow(entry: string, from: From, over: AbortSignal): AsyncIterable<PieceOf> | null {
    const where = this.#whereOf(entry);
    return where === null ? null : following(where, from, over);
  }
}

async function* following(where: Whereabouts, from: From, over: AbortSignal): AsyncGenerator<PieceOf> {
  const changes = new Changes(where, over); // before anything is looked at
  let file: LogFile | null = null;
  try {
    file = await LogFile.open(where);
    let offset = file === null ? 0 : await beginningIn(file, from);
    while (!over.aborted) {
      changes.forget();
      const next = await successorOf(file, where, changes);
      // That there is one was asked first: so the old file has all that it will ever have.
      if (file !== null) {
        for await (const piece of pieces(file, offset)) {
          offset = piece.at.offset + piece.bytes.length;
          yield piece;
          if (over.aborted) return;
        }
      }
      if (next === null) {
        await changes.next();
        continue;
      }
      await file?.close();
      [file, offset] = [next, 0];
    }
  } finally {
    changes.close();
    await file?.close();
  }
}

/** Where somebody has taken the file away meanwhile, all of the new one is still to be told. */
async function beginningIn(file: LogFile, from: From): Promise<number> {
  if ("lines" in from) return (await file.newest(from.lines)).from;
  return from.file === file.id ? from.offset : file.beginning();
}

/**
 * The file that stands in the place of the one that was moved away or removed. It counts once something is in it: until
 * then the old one may still be written to.
 */
async function successorOf(file: LogFile | null, where: Whereabouts, changes: Changes): Promise<LogFile | null> {
  if (where.kind === "tail") return null;
  const found = await foundAt(where.path);
  changes.underAnyName = file !== null && found?.id !== file.id;
  if (found === null || found.id === file?.id || (found.isEmpty && file !== null)) return null;
  return LogFile.open(where);
}

/** All that is there. */
async function* pieces(file: LogFile, from: number, to = Infinity, block?: number): AsyncGenerator<PieceOf> {
  for (let offset = from; offset < to;) {
    const piece: Piece | null = await file.read(offset, to, block);
    if (piece === null) return;
    const { bytes, dropped } = piece;
    offset = piece.offset + bytes.length;
    yield { bytes, at: { file: file.id, offset: piece.offset }, dropped };
  }
}
