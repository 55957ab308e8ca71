/** `sentry stop web`, where `web` is no configuration but an entry of the default one: the answer is the right command. */
import { isPath } from "../config/find.ts";
import { SentryError } from "../errors.ts";
import { ask, pathOf } from "./client.ts";
import type { Place } from "./place.ts";
import type { VerbName } from "./verbs.ts";

/** What does to an entry what a verb does to the whole. */
const OF_AN_ENTRY: Partial<Record<VerbName, VerbName>> = {
  start: "up", stop: "down", reload: "restart", status: "why", events: "why",
};

/**
 * @param missing says that there is no such configuration
 * @param known asks whether the default configuration has it: its running Sentry, or the file where that may be evaluated;
 *   null where there is nobody to ask
 * @returns what there is to say: where nothing better, what is `missing`
 */
export async function rightCommand(
  { config }: Place, verb: VerbName, name: string, missing: SentryError, known: (name: string) => Promise<boolean | null>,
): Promise<SentryError> {
  const right = OF_AN_ENTRY[verb];
  if (right === undefined) return missing;
  const isKnown = await known(name).catch(() => false);
  if (isKnown === false || (isKnown === null && isPath(name))) return missing;
  const what = name.includes(":") ? "a slot" : "an entry";
  return isKnown
    ? new SentryError("E_USAGE", `\`${name}\` is ${what} of ${config}, not a configuration; use: sentry ${right} ${name}`)
    : new SentryError(missing.code, `${missing.message}; if \`${name}\` is ${what} of ${config}, use: sentry ${right} ${name}`);
}

/** The running Sentry has that entry, or slot. */
export async function has(place: Place, name: string): Promise<boolean> {
  await ask(place, "GET", pathOf(name));
  return true;
}
