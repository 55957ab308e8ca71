/** `sentry why`: the history of an entry, or of one slot of it. */
import { ask, pathOf } from "./client.ts";
import { linesOf, MOST_LINES } from "./lines.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { RECORDS_A_LINE, story } from "./story.ts";
import type { Told } from "./story.ts";
import type { Options } from "./words.ts";

const LINES = 100;

export async function why(place: Place, [name = ""]: readonly string[], { json, lines }: Options): Promise<void> {
  const wanted = linesOf(lines, LINES);
  const [, entry = "", slot] = /^([^:]*)(?::(.*))?$/.exec(name) ?? [];
  // Sentry picks by entry. What is about the entry as a whole is a slot's past as well. Told, some records share a line.
  const limit = slot === undefined ? Math.min(json ? wanted : wanted * RECORDS_A_LINE, MOST_LINES) : MOST_LINES;
  const all = await ask(place, "GET", `/history?entry=${encodeURIComponent(entry)}&limit=${limit}`) as Told[];
  const found = slot === undefined ? all : all.filter((told) => told.slot === null || String(told.slot) === slot);
  // Nothing is known of that slot: it is there and new, or it never was.
  if (slot !== undefined && !found.some((told) => told.slot !== null)) await ask(place, "GET", pathOf(name));
  if (json) return print(found.slice(-wanted));
  print(found.length === 0 ? `Nothing has happened to ${name} yet.` : story(found).slice(-wanted).join("\n"));
}
