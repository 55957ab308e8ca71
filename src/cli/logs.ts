/**
 * `sentry logs`: what entries have printed, and with `--follow` what they print. Without an entry it is all of them, by time.
 * A reload ends the streams that it follows, and each goes on from the line that it had.
 */
import { existsSync } from "node:fs";

import { SentryError } from "../errors.ts";
import { Dating, HEAD, newestOf } from "../merging.ts";
import { answerTo, ask, Client } from "./client.ts";
import { linesOf } from "./lines.ts";
import { objectIn, shownOf } from "./log-lines.ts";
import type { Format } from "./log-lines.ts";
import type { Place } from "./place.ts";
import { jsonOf, print, write } from "./print.ts";
import type { ServerSent } from "./server-sent.ts";
import type { Options } from "./words.ts";

const LINES = 100;

/** Milliseconds, between the end of a stream and coming again. */
const PAUSE = 50;

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
  /** Oldest first. */
  readonly lines: readonly Printed[];
  /** When the last was, in seconds since the epoch; 0: not known. */
  readonly printedAt: number;
  /** Where they end. */
  readonly last: string | null;
}

type Tell = (printed: Printed) => Promise<boolean>;

/** Nobody reads any more: `sentry logs -f | head -1` is no error. */
const UNREAD = new Error("nobody reads");

export async function logs(place: Place, [name]: readonly string[], { json, follow, lines }: Options): Promise<void> {
  const wanted = linesOf(lines, LINES, 0);
  if (name?.includes(":")) throw new SentryError("E_USAGE", `logs are an entry's, and ${name} is one slot; see sentry logs --help`);
  const places: Places = new Map();
  const all: Log[] = [];
  for (const entry of name === undefined ? await entriesOf(place) : [name]) {
    const log = await lastOf(place, entry, wanted, name !== undefined);
    if (log === null) continue;
    places.set(entry, log.last);
    all.push(log);
  }
  const newest = (await newestOf(all.map(dated), wanted)).map(({ printed }) => printed);
  if (json && !follow) return print(newest.map(documentOf));
  const isColoured = process.stdout.isTTY && !process.env["NO_COLOR"];
  const shown = ({ entry, format, line }: Printed): Buffer => shownOf(line, entry, format, isColoured);
  const tell: Tell = json ? (printed) => write(`${jsonOf(documentOf(printed))}\n`) : (printed) => write(shown(printed));
  // The last line of a raw file may have no end. It gets one where something else follows.
  const ended = (line: Buffer, n: number): Buffer => (follow || n + 1 < newest.length) && line.at(-1) !== NEWLINE ? Buffer.concat([line, Buffer.of(NEWLINE)]) : line;
  if (!json) await write(Buffer.concat(newest.map(shown).map(ended)));
  else for (const line of newest) if (!await tell(line)) return;
  if (!follow) return;
  const callOff = new Promise<void>((resolve) => process.once("SIGINT", resolve));
  await Promise.race([following(place, name ?? null, places, tell), callOff]);
}

/** Newest first. */
async function* dated({ lines, printedAt }: Log): AsyncGenerator<{ time: number; printed: Printed }[]> {
  const dating = new Dating(printedAt);
  yield lines.toReversed().map((printed) => {
    const { format, line } = printed;
    return { time: dating.timeOf(format === "raw" ? "" : line.toString("latin1", 0, HEAD)), printed };
  });
}

/** An object where there is one in the file; otherwise the line as a text. */
function documentOf({ format, line }: Printed): object | string {
  return (format === "json" ? objectIn(line) : null) ?? line.toString().replace(/\n$/, "");
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
      lines: linesIn(body).map((line) => ({ entry, format, line })), printedAt: Number.isNaN(printedAt) ? 0 : printedAt,
      last: headers.get("last-event-id") ?? null,
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

function linesIn(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}
