/** `sentry plan`: what a reload would do now. */
import { ask } from "./client.ts";
import type { Place } from "./place.ts";
import { print, room } from "./print.ts";
import { table } from "./table.ts";
import type { Options } from "./words.ts";

interface Change {
  readonly entry: string;
  readonly change: string;
  readonly because: readonly string[];
}

/** Milliseconds: the configuration is evaluated, in another start of the program. */
const PATIENCE = 60_000;

export async function plan(place: Place, _names: readonly string[], { json }: Options): Promise<void> {
  const changes = await ask(place, "POST", "/plan", undefined, PATIENCE) as Change[];
  if (json) return print(changes);
  const rows = changes.map(({ entry, change, because }) => [entry, change === "inPlace" ? "changed in place" : change, because.join(", ")]);
  print(rows.length === 0 ? "There is nothing to run." : table(rows, room()).join("\n"));
}
