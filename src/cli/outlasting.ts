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
    for (const told of stillThere(past)) yield* story([told]);
    for await (const told of following(place, past.at(-1)?.id ?? 0)) if (isOutlasting(told)) yield* story([told]);
  } catch {
    // Whoever waits for the end of Sentry sees it by other means.
  }
}

/** That is told once, and holds whatever is asked afterwards (`stopping`, `waiting`, `signalled`), until it is gone. */
function stillThere(past: readonly Numbered[]): Iterable<Numbered> {
  const found = new Map<string, Numbered>();
  for (const told of past) {
    const slot = `${told.entry}:${told.slot}`;
    if (isOutlasting(told)) found.set(slot, told);
    else if (isEnd(told)) found.delete(slot);
  }
  return found.values();
}

/** Nothing of the slot's process is there any more. */
function isEnd({ type, leftovers = false }: Numbered): boolean {
  return type === "exited" ? !leftovers : ["started", "stopped", "finished", "failed"].includes(type);
}

function isOutlasting({ type, slot, run, step }: Numbered): boolean {
  return type === "fault" && slot !== null && run === null && step === "kill";
}
