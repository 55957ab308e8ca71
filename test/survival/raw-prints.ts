/**
 * A program that prints numbered lines until SIGTERM, and then writes into a file how many: `CHILD SEED FILE`.
 *
 * What a line holds follows from the seed and its number. So whoever knows how many there are knows every byte.
 */
import { writeFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Child { readonly name: string; readonly stream: 0 | 1; readonly isTorrent: boolean }

/**
 * One prints a short line every millisecond. The others print as fast as they can, lines of any length, some of which are
 * longer than a pipe; there are three of them so that their reader is in the middle of something most of the time.
 */
export const CHILDREN: readonly Child[] = [
  { name: "ticker", stream: 0, isTorrent: false },
  { name: "torrent-1", stream: 0, isTorrent: true },
  { name: "torrent-2", stream: 1, isTorrent: true },
  { name: "torrent-3", stream: 1, isTorrent: true },
];

/** Its length is prime, so that a piece of another line does not fit by chance. */
const FILLING = Buffer.alloc(200_003, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+");
const LONGEST = 180_000;

export function lineOf({ name, isTorrent }: Child, seed: number, number: number): Buffer {
  const mixed = mix(seed + number);
  const most = !isTorrent || mixed % 4 > 0 ? 80 : mixed % 400 > 0 ? 6000 : LONGEST;
  const begin = mix(mixed) % (FILLING.length - LONGEST);
  return Buffer.concat([Buffer.from(`${name} ${number} `), FILLING.subarray(begin, begin + mixed % most), Buffer.from("\n")]);
}

/** The end of MurmurHash3. */
function mix(number: number): number {
  let t = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return (t ^ (t >>> 16)) >>> 0;
}

/**
 * A turn of the loop prints so many bytes, and SIGTERM is heard between two turns. A torrent's turn is long: when somebody
 * reads again, after a while in which nobody did, it goes on in the middle of one. It pauses (in ms) between them; without
 * that a run of the test would be some gigabytes.
 */
const TURNS = { ticker: { bytes: 1, pause: 1 }, torrent: { bytes: 1 << 22, pause: 60 } };

/** Its descriptors must block, as they were given: so process.stdout and process.stderr are left alone. */
function print(child: Child, seed: number, book: string): void {
  const turn = child.isTorrent ? TURNS.torrent : TURNS.ticker;
  let printed = 0;
  process.on("SIGTERM", () => {
    writeFileSync(book, String(printed));
    process.exit();
  });
  setInterval(() => {
    const lines: Buffer[] = [];
    for (let bytes = 0; bytes < turn.bytes; bytes += lines.at(-1)?.length ?? 0) lines.push(lineOf(child, seed, ++printed));
    const all = Buffer.concat(lines);
    for (let at = 0; at < all.length;) at += writeSync(child.stream + 1, all, at);
  }, turn.pause);
}

const [, program, name, seed, book = ""] = process.argv;
const own = CHILDREN.find((child) => child.name === name);
if (program === fileURLToPath(import.meta.url) && own !== undefined) print(own, Number(seed), book);
