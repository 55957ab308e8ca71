/** What keeps a stop from its end: processes that outlast SIGKILL. Nobody is to wait for those without knowing it. */
import { ask } from "./client.ts";
import { following } from "./following.ts";
import type { Numbered } from "./following.ts";
import type { Place } from "./place.ts";
import { story } from "./story.ts";

/** What was told of them before, if it is of any interest, is among the newest records. */
const RECORDS = 1000;

/** Each as a sentence, those first that there are already. Ends with Sentry, however that ends. */
export async function* outlasting(place: Place): AsyncGenerator<string> {
  try {
    const past = await ask(place, "GET", `/history?limit=${RECORDS}`) as Numbered[];
    const latest = new Map(past.map((told) => [`${told.entry}:${told.slot}`, told]));
    for (const told of latest.values()) if (isOutlasting(told)) yield* story([told]);
    for await (const told of following(place, past.at(-1)?.id ?? 0)) if (isOutlasting(told)) yield* story([told]);
  } catch {
    // Whoever waits for the end of Sentry sees it by other means.
  }
}

function isOutlasting({ type, slot, run, step }: Numbered): boolean {
  return type === "fault" && slot !== null && run === null && step === "kill";
}
