/**
 * A program that prints the lines of its kind until SIGTERM, and then writes into a file how many: `KIND SEED FILE`.
 *
 * What a line holds follows from the seed and its number. So whoever knows how many there are knows every byte.
 */
import { writeFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** `ticker`: a short line every millisecond, to stdout. `torrent`: as fast as it can, some longer than a pipe, to stderr. */
export type Kind = "ticker" | "torrent";

export const STREAM: Record<Kind, 0 | 1> = { ticker: 0, torrent: 1 };

/** Prime, so that a piece of another line does not fit by chance. */
const FILLING = Buffer.alloc(200_003, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+");
const LONGEST = 180_000;

export function lineOf(kind: Kind, seed: number, number: number): Buffer {
  const mixed = mix(seed + number);
  const length = kind === "ticker" || mixed % 4 > 0 ? mixed % 80 : mixed % (mixed % 400 === 0 ? LONGEST : 6000);
  const begin = mix(mixed) % (FILLING.length - LONGEST);
  return Buffer.concat([Buffer.from(`${number} `), FILLING.subarray(begin, begin + length), Buffer.from("\n")]);
}

/** The end of MurmurHash3. */
function mix(number: number): number {
  let t = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return (t ^ (t >>> 16)) >>> 0;
}

/** A turn of the loop prints so much, for SIGTERM is heard between two turns. */
const TURN: Record<Kind, number> = { ticker: 1, torrent: 1 << 19 };
/** In ms. The torrent pauses too: without it a run of this test would be a gigabyte. */
const PAUSE: Record<Kind, number> = { ticker: 1, torrent: 4 };

/** Its descriptors must block, as they were given: so process.stdout and process.stderr are left alone. */
function print(kind: Kind, seed: number, book: string): void {
  let printed = 0;
  process.on("SIGTERM", () => {
    writeFileSync(book, String(printed));
    process.exit();
  });
  setInterval(() => {
    for (let bytes = 0; bytes < TURN[kind];) {
      const line = lineOf(kind, seed, printed + 1);
      for (let at = 0; at < line.length;) at += writeSync(STREAM[kind] + 1, line, at);
      bytes += line.length;
      printed++;
    }
  }, PAUSE[kind]);
}

const [, program, kind, seed, book = ""] = process.argv;
if (program === fileURLToPath(import.meta.url)) print(kind as Kind, Number(seed), book);
