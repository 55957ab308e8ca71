/** `sentry up`, `down`, `scale`: what is wanted. Accepted at once; the processes follow. */
import { SentryError } from "../errors.ts";
import { ask, pathOf } from "./client.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import type { Options } from "./words.ts";

export function up(place: Place, names: readonly string[], options: Options): Promise<void> {
  return wish(place, names, options, "up");
}

export function down(place: Place, names: readonly string[], options: Options): Promise<void> {
  return wish(place, names, options, "down");
}

export async function scale(place: Place, [entry = "", n = ""]: readonly string[], { json }: Options): Promise<void> {
  if (!/^\d{1,9}$/.test(n)) throw new SentryError("E_USAGE", `'${n}' is no count: it must be a whole number from 0`);
  if (entry.includes(":")) throw new SentryError("E_USAGE", `it is an entry that is scaled, and ${entry} is one slot; see sentry scale --help`);
  const shown = await ask(place, "PATCH", `/entries/${encodeURIComponent(entry)}`, { count: Number(n) }) as object;
  print(json ? shown : `${entry} is scaled to ${Number(n)}.`);
}

async function wish(place: Place, [name = ""]: readonly string[], { json }: Options, kind: "up" | "down"): Promise<void> {
  const shown = await ask(place, "POST", `${pathOf(name)}/${kind}`) as object;
  print(json ? shown : `${name} is to be ${kind}.`);
}
