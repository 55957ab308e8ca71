/**
 * The history: each record once, as one line of JSON, written before it is announced. It is the log from which a
 * successor rebuilds what the snapshot does not know, what `why` shows, and what events are resumed from.
 *
 * Ids grow by one, over reloads and crashes. A record that could not be written (docs/survival.md) has its id all the
 * same, so a gap in the file says how many are missing.
 */
import { closeSync, constants, fstatSync } from "node:fs";
import { setImmediate as others } from "node:timers/promises";

import type { HistoryRecord } from "../core/record.ts";
import { dieAt } from "../engine/die-at.ts";
import { lineOf } from "../engine/line.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import { LineFile } from "./line-file.ts";
import { backwards, forwards, idOf, readLine } from "./lines.ts";
import { openOwn } from "./own-file.ts";

/** After so much a snapshot is due: a successor has no more than that to go through. */
const GROWTH = 4 * 1024 * 1024;

export interface Writing {
  /** The last id that is known from elsewhere; the file's own counts where it is higher. */
  readonly lastId: HistoryId;
  /** Each `started` says whose process it is, in `mark`: this instance and the run, as SENTRY_RUN has it … */
  readonly instance: string;
  /** … and in which life of the machine; so does `tookOver`. */
  readonly boot: string;
  /** It cannot be written, or can be again: once each. */
  onTrouble(message: string): void;
  /** A snapshot is due. Called when all that was under way is done: then the state says the same as the history. */
  onGrown(): void;
}

/** What a full disk has not taken, on its way to the next image. */
export interface Unwritten {
  readonly lines: readonly string[];
  readonly dropped: number;
}

export interface Query {
  readonly after?: HistoryId;
  readonly entry?: string;
  readonly limit: number;
}

export class History {
  readonly #file: LineFile;
  readonly #writing: Writing;
  readonly #listeners = new Set<(line: HistoryLine) => void>();
  #lastId: HistoryId;
  #growth = 0;
  #closed = false;

  private constructor(file: LineFile, writing: Writing, lastId: HistoryId) {
    this.#file = file;
    this.#writing = writing;
    this.#lastId = lastId;
  }

  /** @throws Error where the file cannot be opened, or is not ours */
  static open(path: string, writing: Writing): History {
    const file = new LineFile(path, (message) => writing.onTrouble(message));
    return new History(file, writing, Math.max(writing.lastId, lastIdIn(file)));
  }

  get unwritten(): Unwritten {
    return { lines: this.#file.waiting, dropped: this.#file.dropped };
  }

  /** What an earlier image of this process could not write. */
  resume({ lines, dropped }: Unwritten): void {
    this.#file.resume(lines, dropped);
  }

  get lastId(): HistoryId {
    return this.#lastId;
  }

  /** Never throws. */
  append(record: HistoryRecord): HistoryLine {
    const line = { ...lineOf(record, ++this.#lastId), ...this.#whose(record) };
    const text = `${JSON.stringify(line)}\n`;
    const { rewrites } = this.#file;
    dieAt("history-append");
    this.#file.write(text);
    dieAt("history-appended");
    for (const listener of [...this.#listeners]) announce(listener, line);
    this.#growth += text.length;
    if (this.#growth >= GROWTH || rewrites !== this.#file.rewrites) this.#grown();
    return line;
  }

  /** Tells of each line, once it is written. Ends with a call of what it returns. */
  subscribe(listener: (line: HistoryLine) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The newest that fit, oldest first. */
  async read({ after = 0, entry, limit }: Query): Promise<HistoryLine[]> {
    const named = entry === undefined ? "" : `"entry":${JSON.stringify(entry)}`;
    const found: HistoryLine[] = [];
    for await (const texts of this.#newestFirst()) {
      for (const text of texts) {
        if (found.length >= limit || (idOf(text) ?? after + 1) <= after) return found.reverse();
        // Most lines of a long history are another entry's: those need not be taken apart.
        const line = text.includes(named) ? readLine(text) : null;
        if (line !== null && (entry === undefined || line.entry === entry)) found.push(line);
      }
    }
    return found.reverse();
  }

  /**
   * All lines after that one which are there by the time that it gets to the end, in order. Who wants to go on from there
   * without a gap subscribes before, and passes over what it has seen.
   */
  async *since(id: HistoryId): AsyncGenerator<HistoryLine, void, undefined> {
    let last = id;
    let rewrites: number;
    do {
      ({ rewrites } = this.#file);
      for await (const texts of this.#oldestFirst(last)) {
        for (const line of texts.map(readLine)) {
          if (line === null || line.id <= last) continue;
          last = line.id;
          yield line;
        }
      }
    } while (rewrites !== this.#file.rewrites); // what came after the rewrite is in another file
  }

  /** Nothing is appended after this. */
  close(): void {
    this.#closed = true;
    this.#file.close();
  }

  #whose(record: HistoryRecord): { mark?: string; boot?: string } {
    const { instance, boot } = this.#writing;
    if (record.type === "started") return { mark: `${instance}.${record.run}`, boot };
    return record.type === "tookOver" ? { boot } : {};
  }

  /** Not from within: a step of the law may have more to record, and the state is ahead of the history until then. */
  #grown(): void {
    this.#growth = 0;
    queueMicrotask(() => {
      if (!this.#closed) this.#writing.onGrown();
    });
  }

  async *#newestFirst(): AsyncGenerator<string[], void, undefined> {
    yield this.#file.waiting.reverse();
    const fd = this.#file.openToRead();
    try {
      for (const lines of backwards(fd, fstatSync(fd).size)) {
        yield lines.map(({ text }) => text);
        await others();
      }
    } finally {
      closeSync(fd);
    }
  }

  async *#oldestFirst(after: HistoryId): AsyncGenerator<string[], void, undefined> {
    const fd = this.#file.openToRead();
    try {
      let begin = 0;
      for (const lines of backwards(fd, fstatSync(fd).size)) {
        const before = lines.find(({ text }) => (idOf(text) ?? Infinity) <= after);
        if (before !== undefined) {
          begin = before.end;
          break;
        }
        await others();
      }
      for (const lines of forwards(fd, begin)) {
        yield lines.map(({ text }) => text);
        await others();
      }
      yield this.#file.waiting;
    } finally {
      closeSync(fd);
    }
  }
}

/**
 * What a Sentry that is gone has left, oldest first: after that id, and in any case from its last whole stop on, for that
 * forgets all before it. Null stands for a line that cannot be read. Nothing where there is no file.
 * @throws Error where it cannot be opened, or is not ours
 */
export function readPast(path: string, after: HistoryId): Iterable<HistoryLine | null> {
  const fd = openPast(path);
  if (fd === null) return [];
  try {
    return linesFrom(path, beginOfPast(fd, after), after);
  } finally {
    closeSync(fd);
  }
}

function openPast(path: string): number | null {
  try {
    return openOwn(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** A whole chunk has to be older: an id that is damaged must not hide what comes before it. */
function beginOfPast(fd: number, after: HistoryId): number {
  for (const lines of backwards(fd, fstatSync(fd).size)) {
    const stop = lines.find(({ text }) => text.includes('"type":"stopped","entry":null,'));
    if (stop !== undefined) return stop.end - Buffer.byteLength(stop.text) - 1;
    if (lines.length > 0 && !lines.some(({ text }) => (idOf(text) ?? 0) > after)) return lines[0]?.end ?? 0;
  }
  return 0;
}

function* linesFrom(path: string, begin: number, after: HistoryId): Generator<HistoryLine | null, void, undefined> {
  const fd = openPast(path);
  if (fd === null) return;
  try {
    for (const lines of forwards(fd, begin)) {
      for (const { text } of lines) if ((idOf(text) ?? Infinity) > after) yield readLine(text);
    }
  } finally {
    closeSync(fd);
  }
}

function lastIdIn(file: LineFile): HistoryId {
  const fd = file.openToRead();
  try {
    for (const lines of backwards(fd, file.size)) {
      const last = lines.map(({ text }) => readLine(text)).find((line) => line !== null);
      if (last !== undefined) return last.id;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}

/** One that fails must not keep the others from hearing; it is a bug, and as loud as any other. */
function announce(listener: (line: HistoryLine) => void, line: HistoryLine): void {
  try {
    listener(line);
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}
