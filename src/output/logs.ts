/**
 * What entries have printed, for whoever asks: the newest lines, and what comes after them. All of it is read from where
 * it lies, when it is asked for; nothing passes through here on its way there, and nobody who reads slowly is waited for.
 */
import { statSync } from "node:fs";

import { Changes } from "./changes.ts";
import { Cursor } from "./cursor.ts";
import type { PieceOf, Position } from "./cursor.ts";
import { identityOf } from "./identity.ts";
import { pathOfTail } from "./log-file.ts";
import type { Whereabouts } from "./log-file.ts";
import { beginningOf, NewestOfLog, piecesOf, rangesOf } from "./newest.ts";
import type { Range } from "./newest.ts";
import { resumed } from "./resuming.ts";
import { Rotated } from "./rotated.ts";
import type { Log } from "./rotated.ts";
import { together, Voice } from "./together.ts";

const NEWLINE = Buffer.of(10);

/** After those lines, one of each log; or the newest, and what comes after them. */
type From = readonly Position[] | { readonly lines: number };

/** With the places in the other logs of the entry. */
interface Told extends PieceOf {
  readonly beside: readonly Position[];
}

/** Whoever follows an entry. */
interface Follower {
  readonly changes: Changes;
  readonly known: Set<string>;
  /** What has been opened meanwhile, and how long it was then. */
  readonly opened: { readonly where: Whereabouts; readonly from: readonly Position[] }[];
}

export class Logs {
  readonly #whereOf: (entry: string) => readonly Whereabouts[];
  readonly #spare: string;
  readonly #followers = new Map<string, Set<Follower>>();

  /**
   * @param whereOf empty: nothing is kept of it, or it has no file yet
   * @param spare a folder in which compressed files can be unpacked
   */
  constructor(whereOf: (entry: string) => readonly Whereabouts[], spare: string) {
    this.#whereOf = whereOf;
    this.#spare = spare;
  }

  /** In which form they are. */
  format(entry: string): Whereabouts["format"] {
    const [first] = this.#whereOf(entry);
    return first?.format ?? "prefixed";
  }

  async last(entry: string, lines: number) {
    const logs = await this.#newest(entry, true);
    const close = (): void => { for (const log of logs) void log.close(); };
    try {
      const ranges = await rangesOf(logs, lines);
      const end = logs.flatMap(({ file, end: offset }) => file === null ? [] : { file: file.id, offset });
      const times = await Promise.all(logs.map(async ({ file }) => await file?.modified() ?? 0));
      return { bytes: bytesOfAll(ranges), end, modified: Math.max(0, ...times) || null, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** @param last ends it too, once all is told that is there by then */
  async *follow(entry: string, from: From, over: AbortSignal, last = over): AsyncGenerator<Told> {
    const where = this.#whereOf(entry);
    const follower: Follower = { changes: new Changes(over, last), known: new Set(where.map(pathOf)), opened: [] };
    const { changes, opened } = follower;
    const followers = this.#followers.get(entry) ?? new Set();
    this.#followers.set(entry, followers.add(follower));
    const voices: Voice[] = [];
    const join = async (logs: readonly Whereabouts[], positions: readonly Position[]): Promise<void> => {
      for (const cursor of await resumed(logs.map((one) => this.#log(one)), positions)) voices.push(new Voice(cursor));
    };
    try {
      for (const one of where) changes.add(one); // before anything is looked at
      if ("lines" in from) yield* this.#newestFirst(entry, from.lines, voices, over);
      else await join(where, from);
      const joinOpened = async (): Promise<void> => {
        for (const one of opened.splice(0)) await join([one.where], one.from);
      };
      for await (const { voice, ...piece } of together(voices, joinOpened, changes, over, last)) {
        yield { ...piece, beside: voices.flatMap((other) => other === voice ? [] : other.position ?? []) };
      }
    } finally {
      followers.delete(follower);
      if (followers.size === 0) this.#followers.delete(entry);
      changes.close();
      for (const { cursor } of voices) await cursor.close();
    }
  }

  /** A file has been opened, maybe that of a new slot, and nothing was printed into it since. */
  opened(entry: string): void {
    for (const { changes, known, opened } of this.#followers.get(entry) ?? []) {
      for (const where of this.#whereOf(entry)) {
        changes.add(where);
        if (known.has(pathOf(where))) continue;
        known.add(pathOf(where));
        opened.push({ where, from: endOf(where) });
      }
      changes.tell();
    }
  }

  async *#newestFirst(entry: string, lines: number, voices: Voice[], over: AbortSignal): AsyncGenerator<Told> {
    const logs = await this.#newest(entry, false);
    try {
      const ranges = await rangesOf(logs, lines);
      const places = new Map(logs.map((log) => [log, beginningOf(log, ranges)]));
      for (const range of ranges) {
        for await (const piece of piecesOf(range)) {
          yield { ...piece, beside: [...places].flatMap(([log, place]) => log === range.log ? [] : place ?? []) };
          if (over.aborted) return;
          places.set(range.log, { file: piece.at.file, offset: piece.at.offset + piece.bytes.length });
        }
      }
      for (const { where, rotated, file, end } of logs) voices.push(new Voice(new Cursor(where, rotated, file, end)));
    } finally {
      for (const log of logs) await log.close(voices.length > 0);
    }
  }

  async #newest(entry: string, isAll: boolean): Promise<NewestOfLog[]> {
    const logs: NewestOfLog[] = [];
    try {
      for (const where of this.#whereOf(entry)) logs.push(await NewestOfLog.open(this.#log(where), isAll));
      return logs;
    } catch (error) {
      for (const log of logs) await log.close();
      throw error;
    }
  }

  #log(where: Whereabouts): Log {
    return { where, rotated: where.kind === "file" ? new Rotated(where.path, where.keep, this.#spare) : null };
  }
}

/** Half a line is ended where one of another log follows. */
async function* bytesOfAll(ranges: readonly Range[]): AsyncGenerator<Buffer> {
  let last: Buffer = NEWLINE;
  for (const [n, range] of ranges.entries()) {
    if (last.at(-1) !== NEWLINE[0] && range.log !== ranges[n - 1]?.log) yield NEWLINE;
    for await (const { bytes } of piecesOf(range)) yield last = bytes;
  }
}

function pathOf(where: Whereabouts): string {
  return where.kind === "file" ? where.path : pathOfTail(where.fd);
}

/** At this moment: what follows is new. Empty: it is not there. */
function endOf(where: Whereabouts): Position[] {
  const stats = statSync(pathOf(where), { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? [] : [{ file: identityOf(stats), offset: Number(stats.size) }];
}
