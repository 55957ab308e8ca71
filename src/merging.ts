/**
 * Lines of several logs in one order, by when they were printed. An object of JSON says when. A label shows a clock without
 * a date: so lines are counted from one to the next, beginning where it is known when one was printed. Some that Sentry
 * has written say that of themselves (`Started at 1334081871.`).
 */

const DAY = 24 * 60 * 60;

/** Clocks of all time zones show the same minutes and seconds, or are quarters of an hour apart. */
const QUARTER = 15 * 60;

/** Seconds, between a label and what its line says. */
const SAME = 2;

/** Letters of a line that are enough to date it. */
export const HEAD = 200;

/**
 * The newest of all, and the newest first. Those of one log stay in their order. None is kept here: they can be many.
 * @param logs each the newest first, as many at a time as it likes; no more is asked for than is needed
 */
export async function* newestOf<Line extends { readonly time: number }>(
  logs: readonly AsyncIterator<readonly Line[]>[], wanted: number,
): AsyncGenerator<Line> {
  if (wanted === 0) return;
  const rests = await Promise.all(logs.map((log) => restOf(log)));
  for (let left = wanted; left > 0; left--) {
    let latest: Rest<Line> | null = null;
    for (const rest of rests) if (rest.line !== null && (latest === null || rest.time >= latest.time)) latest = rest;
    if (latest === null || latest.line === null) return;
    yield latest.line;
    if (left > 1 && !latest.next()) await latest.more();
  }
}

/** What is left of a log. */
class Rest<Line extends { readonly time: number }> {
  readonly #log: AsyncIterator<readonly Line[]>;
  #lines: readonly Line[] = [];
  #index = 0;

  constructor(log: AsyncIterator<readonly Line[]>) {
    this.#log = log;
  }

  /** Its last one; null: there is none. */
  get line(): Line | null {
    return this.#lines[this.#index] ?? null;
  }

  get time(): number {
    return this.line?.time ?? 0;
  }

  /** Whether there is another at hand. */
  next(): boolean {
    return ++this.#index < this.#lines.length;
  }

  async more(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#log.next();
      [this.#lines, this.#index] = [done === true ? [] : value, 0];
      if (done === true || value.length > 0) return;
    }
  }
}

async function restOf<Line extends { readonly time: number }>(log: AsyncIterator<readonly Line[]>): Promise<Rest<Line>> {
  const rest = new Rest(log);
  await rest.more();
  return rest;
}

/** When the lines of one log were printed, in seconds since the epoch, going on from one to the next in either direction. */
export class Dating {
  #time: number;
  #clock: number | null = null;

  /** @param time of the last line, or a moment after it; 0: not known */
  constructor(time: number) {
    this.#time = time;
  }

  /**
   * Of the line beside the one that was asked about last. One without a time has that of its neighbour.
   * @param head its first letters
   */
  timeOf(head: string): number {
    const said = saidIn(head);
    const shown = clockOf(head);
    if (said !== null && (shown === null || isNear(said, shown))) this.#time = said;
    else if (shown === null) return this.#time;
    else if (this.#clock === null) this.#time = lastAt(Math.floor(this.#time), shown);
    else this.#time = Math.floor(this.#time) - difference(this.#clock, shown);
    this.#clock = shown;
    return this.#time;
  }
}

/** What the line itself says. A process can print such a line too: a label is believed before that. */
function saidIn(head: string): number | null {
  const [, at] = /^\{"at":"([^"]{1,40})"/.exec(head) ?? [];
  const time = at === undefined ? NaN : Date.parse(at) / 1000 + microseconds(at);
  if (!Number.isNaN(time)) return time;
  const [, epoch] = /^\d\d:\d\d:\d\d \S+ +(?:Started|Exited) at (\d{9,11})[. ]/.exec(head) ?? [];
  return epoch === undefined ? null : Number(epoch);
}

/** Those that a Date has no room for. */
function microseconds(at: string): number {
  const [, digits] = /\.\d{3}(\d{3})Z$/.exec(at) ?? [];
  return digits === undefined ? 0 : Number(digits) / 1e6;
}

function isNear(said: number, shown: number): boolean {
  return remainder(said - shown + SAME, QUARTER) <= 2 * SAME;
}

/** When the clock has shown this: the last such moment before that time, which may itself be a tick behind. */
function lastAt(time: number, shown: number): number {
  return time + 1 - remainder(time + 1 - shown, QUARTER);
}

/** From the earlier to the later, over a midnight if need be; less than nothing where they are the other way round. */
function difference(later: number, earlier: number): number {
  return remainder(later - earlier + DAY / 2, DAY) - DAY / 2;
}

function remainder(dividend: number, divisor: number): number {
  return ((dividend % divisor) + divisor) % divisor;
}

/** Seconds of the day; null where there is no label. */
function clockOf(head: string): number | null {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d) /.exec(head) ?? [];
  return seconds === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
