/** `sentry restart`: at once, or with `--rolling` one after the other, which is waited for. */
import { SentryError } from "../errors.ts";
import { ask, pathOf } from "./client.ts";
import { following, isTheEnd } from "./following.ts";
import type { Numbered } from "./following.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import type { Options } from "./words.ts";

interface Entry {
  readonly count: number;
  readonly up: boolean;
}

/** The step of the fault that tells that a rolling restart has stopped. */
const ROLLING = "rolling restart";

export async function restart(place: Place, [name = ""]: readonly string[], { json, rolling }: Options): Promise<void> {
  if (rolling) return roll(place, name, json === true);
  const shown = await ask(place, "POST", `${pathOf(name)}/restart`) as Partial<Entry>;
  if (shown.count === 0) throw new SentryError("E_FAILED", `${name} is scaled to 0: nothing is there to be restarted; use: sentry scale ${name} 1`);
  print(json ? shown : `${name} is to be restarted.`);
}

async function roll(place: Place, name: string, json: boolean): Promise<void> {
  if (name.includes(":")) {
    throw new SentryError("E_USAGE", `--rolling goes with an entry, and ${name} is one slot; see sentry restart --help`);
  }
  const { up } = await ask(place, "GET", pathOf(name)) as Entry;
  // Where nothing is wanted nothing is done, and nothing told.
  if (!up) throw new SentryError("E_FAILED", `${name} is not up: nothing is there to be replaced; use: sentry up ${name}`);
  // Which record was the last before it was asked for: what comes of it is told after that one, however soon.
  const [newest] = await ask(place, "GET", "/history?limit=1") as Numbered[];
  const { count } = await ask(place, "POST", `${pathOf(name)}/restart`, { rolling: true }) as Entry;
  const outcome = await end(place, name, count, newest?.id ?? 0);
  if (outcome.type === "fault") {
    throw new SentryError("E_FAILED", `the rolling restart of ${name} has stopped: ${outcome.message ?? "no reason is told"}`);
  }
  if (isTheEnd(outcome)) throw new SentryError("E_FAILED", `Sentry was stopped before the rolling restart of ${name} was over`);
  if (outcome.type === "tookOver") throw new SentryError("E_FAILED", `Sentry was killed before the rolling restart of ${name} was over: it does not go on`);
  print(json ? await ask(place, "GET", pathOf(name)) as object : `${name} is restarted, one process after the other.`);
}

/**
 * A rolling restart replaces one process after the other with the help of a slot beyond the others. That one is stopped
 * when all is done; or else a fault of the entry says why it has come to its end before.
 */
async function end(place: Place, name: string, extraSlot: number, after: number): Promise<Numbered> {
  for await (const told of following(place, after)) {
    if (isTheEnd(told) || told.type === "tookOver") return told;
    if (told.entry !== name) continue;
    // Wanted: it still ends from an earlier one, and is taken again.
    if (told.type === "stopped" && told.slot === extraSlot && told.cause === "restarted" && told.wanted === false) return told;
    if (told.type === "fault" && told.slot === null && told.step === ROLLING) return told;
  }
  throw new SentryError("E_FAILED", `Sentry is gone; whether ${name} was restarted its history knows`);
}
