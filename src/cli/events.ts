/** `sentry events`: what has happened to all that this Sentry keeps, and with `--follow` what happens. */
import { ask } from "./client.ts";
import { following } from "./following.ts";
import type { Numbered } from "./following.ts";
import { linesOf, MOST_RECORDS, newest } from "./lines.ts";
import type { Place } from "./place.ts";
import { print, printed } from "./print.ts";
import { RECORDS_A_LINE, story } from "./story.ts";
import type { Options } from "./words.ts";

const LINES = 100;

export async function events(place: Place, _names: readonly string[], { json, follow, lines }: Options): Promise<void> {
  const wanted = linesOf(lines, follow ? 0 : LINES, MOST_RECORDS);
  const limit = Math.min(Math.max(json || follow ? wanted : wanted * RECORDS_A_LINE, 1), MOST_RECORDS);
  const past = await ask(place, "GET", `/history?limit=${limit}`) as Numbered[];
  if (follow) return goOn(place, newest(past, wanted), past.at(-1)?.id ?? 0, json === true);
  if (json) return print(newest(past, wanted));
  if (past.length === 0) print("Nothing has happened yet.");
  for (const line of newest(story(past), wanted)) print(line);
}

/** Ends with Sentry, or with whoever reads, or by Ctrl-C. */
async function goOn(place: Place, past: readonly Numbered[], last: number, json: boolean): Promise<void> {
  let calledOff = false;
  const callOff = new Promise<void>((resolve) => process.once("SIGINT", () => {
    calledOff = true;
    resolve();
  }));
  const tell = async (told: Numbered): Promise<boolean> => !calledOff && await printed(json ? told : story([told]).join("\n"));
  const toTheEnd = async (): Promise<void> => {
    for (const told of past) if (!await tell(told)) return;
    for await (const told of following(place, last)) if (!await tell(told)) return;
  };
  await Promise.race([toTheEnd(), callOff]);
}
