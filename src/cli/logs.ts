/**
 * `sentry logs`: what entries have printed, and with `--follow` what they print. Without an entry it is all of them, by time.
 * A reload ends the streams that it follows, and each goes on from the line that it had.
 */
import { isUtf8 } from "node:buffer";
import { existsSync } from "node:fs";

import { SentryError } from "../errors.ts";
import { Dating, HEAD, newestOf } from "../merging.ts";
import { answerTo, ask, Client } from "./client.ts";
import { linesOf, MOST_LINES } from "./lines.ts";
import { objectIn, shownOf } from "./log-lines.ts";
import type { Format } from "./log-lines.ts";
import type { Place } from "./place.ts";
import { jsonOf, write } from "./print.ts";
import type { ServerSent } from "./server-sent.ts";
import type { Options } from "./words.ts";

const LINES = 100;

/** Milliseconds, between the end of a stream and coming again. */
const PAUSE = 50;

/** Lines that are written at a time. */
const AT_ONCE = 1000;

const NEWLINE = 10;

/** The last that was had of an entry, as the id of an event; null: nothing yet, and all of it is wanted. */
type Places = Map<string, string | null>;

/** A line of an entry, with its newline if it has one. */
interface Printed {
  readonly entry: string;
  readonly format: Format;
  readonly line: Buffer;
}

interface Log {
  readonly entry: string;
  readonly format: Format;
  /** Its lines, oldest first. */
  readonly bytes: Buffer;
  /** When the last was, in seconds since the epoch; 0: not known. */
  readonly printedAt: number;
  /** Where they end. */
  readonly last: string | null;
}

/** Where a line stands in a log: there can be a million, and a Buffer for each would take more than they do. */
interface Line {
  readonly log: Log;
  readonly from: number;
  readonly to: number;
  /** In seconds since the epoch. */
  readonly time: number;
}

type Tell = (printed: Printed) => Promise<boolean>;

/** Nobody reads any more: `sentry logs -f | head -1` is no error. */
const UNREAD = new Error("nobody reads");

export async function logs(place: Place, [name]: readonly string[], { json, follow, lines }: Options): Promise<void> {
  const wanted = linesOf(lines, LINES, MOST_LINES);
  if (name?.includes(":")) throw new SentryError("E_USAGE", `logs are an entry's, and ${name} is one slot; see sentry logs --help`);
  const places: Places = new Map();
  const all: Log[] = [];
  for (const entry of name === undefined ? await entriesOf(place) : [name]) {
    const log = await lastOf(place, entry, wanted, name !== undefined);
    if (log === null) continue;
    places.set(entry, log.last);
    all.push(log);
  }
  const newest: Line[] = [];
  for await (const line of newestOf(all.map(backwards), wanted)) newest.push(line);
  newest.reverse();
  if (json && !follow) return await document(newest);
  const isColoured = process.stdout.isTTY && !process.env["NO_COLOR"];
  const shown = ({ entry, format, line }: Printed): Buffer => shownOf(follow ? ended(line) : line, entry, format, isColoured);
  const spelled = json ? (printed: Printed): Buffer => Buffer.from(`${jsonOf(documentOf(printed))}\n`) : shown;
  for (const some of parts(newest)) if (!await write(Buffer.concat(some.map(spelled)))) return;
  if (!follow) return;
  const tell: Tell = (printed) => write(spelled(printed));
  const callOff = new Promise<void>((resolve) => process.once("SIGINT", resolve));
  await Promise.race([following(place, name ?? null, places, tell), callOff]);
}

/** Newest first. */
async function* backwards(log: Log): AsyncGenerator<Line[]> {
  const { bytes, format, printedAt } = log;
  const dating = new Dating(printedAt);
  for (let to = bytes.length, from; to > 0; to = from) {
    from = bytes.subarray(0, to - 1).lastIndexOf(NEWLINE) + 1;
    const head = format === "raw" ? "" : bytes.toString("latin1", from, Math.min(to, from + HEAD));
    yield [{ log, from, to, time: dating.timeOf(head) }];
  }
}

/** Some at a time. */
function* parts(lines: readonly Line[]): Generator<Printed[]> {
  for (let n = 0; n < lines.length; n += AT_ONCE) {
    yield lines.slice(n, n + AT_ONCE).map(({ log: { entry, format, bytes }, from, to }, i) => {
      const line = bytes.subarray(from, to);
      return { entry, format, line: n + i + 1 < lines.length ? ended(line) : line };
    });
  }
}

/** The last line of a raw file may have no end. It gets one where something else follows. */
function ended(line: Buffer): Buffer {
  return line.at(-1) === NEWLINE ? line : Buffer.concat([line, Buffer.of(NEWLINE)]);
}

/** One, written in parts: a string has an end. */
async function document(lines: readonly Line[]): Promise<void> {
  let before = "[";
  for (const some of parts(lines)) {
    if (!await write(`${before}${jsonOf(some.map(documentOf)).slice(1, -1)}`)) return;
    before = ",";
  }
  await write(lines.length === 0 ? "[]\n" : "]\n");
}

/** An object where there is one in the file; otherwise the line as a text, or, as in such a file, its bytes where it is none. */
function documentOf({ format, line }: Printed): object | string {
  const logged = format === "json" ? objectIn(line) : null;
  if (logged !== null) return logged;
  const printed = line.at(-1) === NEWLINE ? line.subarray(0, -1) : line;
  return isUtf8(printed) ? printed.toString() : { base64: printed.toString("base64") };
}

async function entriesOf(place: Place): Promise<string[]> {
  const entries = await ask(place, "GET", "/entries") as { name: string }[];
  return entries.map(({ name }) => name);
}

/**
 * By now. Null: nothing is kept of it, and it is one of many.
 * @throws SentryError
 */
async function lastOf(place: Place, entry: string, wanted: number, isNamed: boolean): Promise<Log | null> {
  try {
    const { headers, body } = await answerTo(place, "GET", `/entries/${encodeURIComponent(entry)}/logs?lines=${wanted}`);
    const printedAt = Date.parse(headers.get("last-modified") ?? "") / 1000;
    const format = formatOf(headers.get("log-format"));
    return {
      entry, format, bytes: body, printedAt: Number.isNaN(printedAt) ? 0 : printedAt, last: headers.get("last-event-id") ?? null,
    };
  } catch (error) {
    if (isNamed || !isMissing(error)) throw error;
    return null;
  }
}

/** Nothing can be read of that entry. */
function isMissing(error: unknown): boolean {
  return error instanceof SentryError && ["E_NO_SUCH_ENTRY", "E_NOT_KEPT"].includes(error.code);
}

/** A Sentry that does not say it has labels. */
function formatOf(text: string | undefined): Format {
  return text === "raw" || text === "json" ? text : "prefixed";
}

/** Ends with Sentry, or with whoever reads. */
async function following(place: Place, name: string | null, places: Places, tell: Tell): Promise<void> {
  const followed = new Set<string>();
  try {
    await new Promise<void>((_, reject) => {
      const begin = (entry: string): void => {
        if (followed.has(entry)) return;
        followed.add(entry);
        followAgain(place, entry, places, tell, name !== null, look).then(() => followed.delete(entry), reject);
      };
      // A stream has ended: perhaps because of a reload, which may have added entries.
      const look = (): void => {
        if (name === null) entriesOf(place).then((entries) => entries.forEach(begin), reject);
      };
      for (const entry of places.keys()) begin(entry);
    });
  } catch (error) {
    // A clean end of Sentry removes that file, and nobody else does.
    if (error !== UNREAD && existsSync(place.pidFile)) throw error;
  }
}

/** One stream after the other, until the entry is there no more. */
async function followAgain(
  place: Place, entry: string, places: Places, tell: Tell, isNamed: boolean, ended: () => void,
): Promise<void> {
  for (;;) {
    try {
      await follow(place, entry, places, tell);
    } catch (error) {
      // It was taken out by a reload, or its output goes elsewhere. Should it come back, all of it is new.
      if (isNamed || !isMissing(error)) throw error;
      places.delete(entry);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    ended();
  }
}

/** Until its stream ends. */
async function follow(place: Place, entry: string, places: Places, tell: Tell): Promise<void> {
  const client = await Client.open(place);
  const last = places.get(entry) ?? null;
  let format: Format = "prefixed";
  try {
    for await (const event of client.follow(`/entries/${encodeURIComponent(entry)}/logs?follow=true&lines=10000`, last)) {
      complain(entry, event);
      const [, told] = /^format (\S+)$/.exec(event.comment ?? "") ?? [];
      if (told !== undefined) format = formatOf(told);
      if (event.data === null) continue;
      if (!await tell({ entry, format, line: bytesOf(event) })) throw UNREAD;
      places.set(entry, event.id);
    }
  } finally {
    client.close();
  }
}

/** Where a text cannot say what was printed, the bytes stand in a comment beside it. */
function bytesOf({ data, comment }: ServerSent): Buffer {
  const [, exact] = /^bytes (\S*)$/.exec(comment ?? "") ?? [];
  const line = exact === undefined ? Buffer.from(data ?? "") : Buffer.from(exact, "base64");
  return Buffer.concat([line, Buffer.of(NEWLINE)]);
}

/** @throws SentryError E_FAILED where it cannot be followed */
function complain(entry: string, { comment }: ServerSent): void {
  const [, count] = /^dropped (\d+|some) bytes$/.exec(comment ?? "") ?? [];
  if (count === "some") {
    process.stderr.write(`sentry: some of ${entry} may be missing here: its files were rotated faster than they were read, or moved away\n`);
  } else if (count !== undefined) {
    process.stderr.write(`sentry: ${count} bytes of ${entry} are missing here: they were printed faster than they were read\n`);
  }
  // It is followed on from where it was.
  if (comment?.startsWith("dropped: ")) process.stderr.write(`sentry: ${entry}: ${comment}\n`);
  const [, why] = /^failed: (.*)$/.exec(comment ?? "") ?? [];
  if (why !== undefined) throw new SentryError("E_FAILED", `cannot follow ${entry}: ${why}`);
}
