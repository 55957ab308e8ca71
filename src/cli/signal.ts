/** `sentry signal`: sends a signal to the process of a slot, or to those of an entry. */
import { SentryError } from "../errors.ts";
import { ask, pathOf } from "./client.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import type { Options } from "./words.ts";

interface Process {
  readonly pid: number | null;
}

export async function signal(place: Place, [name = "", word = ""]: readonly string[], { json }: Options): Promise<void> {
  // Looked at before: afterwards there may be no process for the very reason that it was signalled.
  const living = (await processesOf(place, name)).filter(({ pid }) => pid !== null).length;
  const shown = await ask(place, "POST", `${pathOf(name)}/signal`, { signal: word }) as object;
  if (living === 0) throw new SentryError("E_FAILED", `${name} has no process, so nothing was sent; see sentry status`);
  print(json ? shown : `${spelled(word)} was sent to ${name}${living === 1 ? "" : ` (${living} processes)`}.`);
}

async function processesOf(place: Place, name: string): Promise<Process[]> {
  if (name.includes(":")) return [await ask(place, "GET", pathOf(name)) as Process];
  return await ask(place, "GET", `/processes?entry=${encodeURIComponent(name)}`) as Process[];
}

/** `hup` is accepted, and is SIGHUP. */
function spelled(word: string): string {
  return `SIG${word.toUpperCase().replace(/^SIG/, "")}`;
}
