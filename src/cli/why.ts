/** `sentry why`: the history of an entry, or of one slot of it. */
import { ask, pathOf } from "./client.ts";
import { linesOf, MOST_RECORDS, newest } from "./lines.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { RECORDS_A_LINE, story } from "./story.ts";
import type { Told } from "./story.ts";
import type { Options } from "./words.ts";

const LINES = 100;

export async function why(place: Place, [name = ""]: readonly string[], { json, lines }: Options): Promise<void> {
  const wanted = linesOf(lines, LINES, MOST_RECORDS);
  const [, entry = "", slot] = /^([^:]*)(?::(.*))?$/.exec(name) ?? [];
  // Sentry picks by entry. What is about the entry as a whole is a slot's past as well. Told, some records share a line.
  const limit = slot === undefined ? Math.min(Math.max(json ? wanted : wanted * RECORDS_A_LINE, 1), MOST_RECORDS) : MOST_RECORDS;
  const all = await ask(place, "GET", `/history?entry=${encodeURIComponent(entry)}&limit=${limit}`) as Told[];
  const found = slot === undefined ? all : all.filter((told) => told.slot === null || String(told.slot) === slot);
  // Nothing is known of that slot: it is there and new, or it never was.
  if (slot !== undefined && !found.some((told) => told.slot !== null)) await ask(place, "GET", pathOf(name));
  if (json) return print(newest(found, wanted));
  if (found.length === 0) print(`Nothing has happened to ${name} yet.`);
  for (const line of newest(story(found), wanted)) print(line);
}
