/**
 * The events that wait for `on`: always a stretch of the history without gaps, for where there are too many it is the oldest
 * that is lost. So a single number says where the next image has to go on after a reload.
 */
import type { Millis } from "../core/types.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";

/** As much of the history as is needed; src/http/view.ts says what each means. */
export interface Past {
  readonly lastId: HistoryId;
  since(id: HistoryId): AsyncIterable<HistoryLine>;
  subscribe(listener: (line: HistoryLine) => void): () => void;
}

export interface Listening {
  readonly past: Past;
  /** The last that the image before has given, or lost; null: what is new comes first. */
  readonly after: HistoryId | null;
  tell(text: string): void;
  /** So many events will never be given. Told once there is room again, or there was none for long, and never while the history tells of another one. */
  lost(count: number): void;
}

const LONGEST = 1000;
/** What is lost is told when no more than that waits: else what tells it would be lost as well, and so on for ever. */
const ROOM = LONGEST / 2;

export class Backlog {
  readonly #listening: Listening;
  readonly #untold: Millis;
  readonly #more: () => void;
  readonly #forget: () => void;
  readonly #waiting: HistoryLine[] = [];
  /** The last that was put in, and the last that there is. */
  #last: HistoryId;
  #newest: HistoryId;
  #catchingUp = false;
  #lost = 0;
  /** Since when there is something lost to tell. */
  #lostSince: Millis = 0;
  #closed = false;

  /**
   * @param untold so long is what was lost not told, for want of room
   * @param more is told when there may be something to take, or the past has been caught up with
   */
  constructor(listening: Listening, untold: Millis, more: () => void) {
    this.#listening = listening;
    this.#untold = untold;
    this.#more = more;
    this.#newest = listening.past.lastId;
    this.#last = listening.after ?? this.#newest;
    this.#forget = listening.past.subscribe((line) => this.#hear(line));
    if (this.#last < this.#newest) void this.#catchUp();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Nothing waits, and nothing is still to be read. */
  get isOver(): boolean {
    return this.isEmpty && !this.#catchingUp;
  }

  /** All up to that one has been taken, or is lost. */
  get lastTaken(): HistoryId {
    return (this.#waiting[0]?.id ?? this.#last + 1) - 1;
  }

  take(): HistoryLine | null {
    return this.#waiting.shift() ?? null;
  }

  /**
   * One that was taken has come to nothing. That events were lost is an event, and it is not counted again: else a hook that
   * dies of every event would never come to an end.
   */
  lose(line: HistoryLine): void {
    if (line.type !== "lost" || line["what"] !== "events") this.#count(1);
  }

  loseAll(): void {
    for (const line of this.#waiting.splice(0)) this.lose(line);
  }

  /**
   * Where there was no room for long, all that waits is lost as well: so what tells it is the next to be given. A hook that is
   * always too slow gets no fewer events by that, but newer ones.
   * @param anyway there will be no better moment
   */
  tellLost(anyway = false): void {
    if (this.#lost === 0) return;
    if (this.#waiting.length > ROOM && !anyway) {
      if (performance.now() - this.#lostSince < this.#untold) return;
      this.loseAll();
    }
    const lost = this.#lost;
    this.#lost = 0;
    this.#listening.lost(lost);
  }

  close(): void {
    this.#closed = true;
    this.#forget();
  }

  #hear(line: HistoryLine): void {
    this.#newest = line.id;
    if (!this.#catchingUp) this.#push(line); // else it is read from the history, after what came before it
  }

  #push(line: HistoryLine): void {
    this.#miss(line.id - 1);
    this.#last = line.id;
    if (this.#waiting.push(line) > LONGEST) this.lose(this.#waiting.shift() ?? line);
    this.#more();
  }

  /** What is not there any more cannot be given. */
  #miss(upTo: HistoryId): void {
    if (upTo <= this.#last) return;
    this.#count(upTo - this.#last);
    this.#last = upTo;
  }

  #count(lost: number): void {
    if (this.#lost === 0) this.#lostSince = performance.now();
    this.#lost += lost;
  }

  async #catchUp(): Promise<void> {
    this.#catchingUp = true;
    try {
      while (this.#last < this.#newest) {
        const goal = this.#newest;
        for await (const line of this.#listening.past.since(this.#last)) {
          if (this.#closed) return;
          this.#push(line);
        }
        this.#miss(goal);
      }
    } catch (error) {
      this.#listening.tell(`What happened during the reload could not be read for \`on\`: ${(error as Error).message}`);
    }
    this.#catchingUp = false;
    if (this.#closed) return;
    this.tellLost();
    this.#more();
  }
}
