/** `sentry stop web`, where `web` is no configuration but an entry of the default one: the answer is the right command. */
import { SentryError } from "../errors.ts";
import { ask, pathOf } from "./client.ts";
import type { Place } from "./place.ts";
import type { VerbName } from "./verbs.ts";

/** What does to an entry what a verb does to the whole. */
const OF_AN_ENTRY: Partial<Record<VerbName, VerbName>> = {
  start: "up", stop: "down", reload: "restart", status: "why", events: "why",
};

/**
 * @param known asks whether the default configuration has it: its running Sentry, or the file where that may be evaluated
 * @returns E_USAGE, or null where there is nothing better to say than that there is no such configuration
 */
export async function rightCommand(
  { config }: Place, verb: VerbName, name: string, known: (name: string) => Promise<boolean>,
): Promise<SentryError | null> {
  const right = OF_AN_ENTRY[verb];
  if (right === undefined || !await known(name).catch(() => false)) return null;
  const what = name.includes(":") ? "a slot" : "an entry";
  return new SentryError("E_USAGE", `\`${name}\` is ${what} of ${config}, not a configuration; use: sentry ${right} ${name}`);
}

/** The running Sentry has that entry, or slot. */
export async function has(place: Place, name: string): Promise<boolean> {
  await ask(place, "GET", pathOf(name));
  return true;
}
