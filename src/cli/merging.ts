/**
 * Lines of several entries in one order, by the time that their labels show. That is a clock without a date: so each
 * entry's lines are counted back from its last one, of which it is known when it was printed.
 */

export interface Log {
  /** Oldest first, with their newlines. */
  readonly lines: readonly Buffer[];
  /** When the last was, in seconds since the epoch; 0: not known. */
  readonly printedAt: number;
}

const DAY = 24 * 60 * 60;

/** Clocks of all time zones show the same minutes and seconds, or are quarters of an hour apart. */
const QUARTER = 15 * 60;

/** The newest of all, oldest first. Those of one entry stay in their order. */
export function newestOf(logs: readonly Log[], wanted: number): Buffer[] {
  const rests = logs.map(({ lines, printedAt }) => ({ lines, times: timesOf(lines, printedAt), left: lines.length }));
  const newest: Buffer[] = [];
  while (newest.length < wanted) {
    let latest: (typeof rests)[number] | null = null;
    for (const rest of rests) {
      if (rest.left > 0 && (latest === null || timeOf(rest) >= timeOf(latest))) latest = rest;
    }
    const line = latest?.lines[--latest.left];
    if (line === undefined) break;
    newest.push(line);
  }
  return newest.reverse();
}

function timeOf({ times, left }: { times: readonly number[]; left: number }): number {
  return times[left - 1] ?? 0;
}

/** In seconds since the epoch. A line without a label is as old as the one after it. */
function timesOf(lines: readonly Buffer[], printedAt: number): number[] {
  let time = Math.floor(printedAt);
  let clock: number | null = null;
  return lines.map(clockOf).reverse().map((shown) => {
    if (shown === null) return time;
    time = clock === null ? lastAt(time, shown) : time - difference(clock, shown);
    clock = shown;
    return time;
  }).reverse();
}

/** When the clock has shown this: the last such moment before the file was written to, whose own time may be a tick behind. */
function lastAt(written: number, shown: number): number {
  return written + 1 - remainder(written + 1 - shown, QUARTER);
}

/** From the earlier to the later, over a midnight if need be; a little less than nothing where they have overtaken each other. */
function difference(later: number, earlier: number): number {
  return remainder(later - earlier + DAY / 2, DAY) - DAY / 2;
}

function remainder(dividend: number, divisor: number): number {
  return ((dividend % divisor) + divisor) % divisor;
}

/** Seconds of the day; null where there is no label. */
function clockOf(line: Buffer): number | null {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d) /.exec(line.toString("latin1", 0, 9)) ?? [];
  return seconds === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
