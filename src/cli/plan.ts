/** `sentry plan`: what a reload would do now. */
import { ask } from "./client.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { table } from "./table.ts";
import type { Options } from "./words.ts";

interface Change {
  readonly entry: string;
  readonly change: string;
  readonly because: readonly string[];
}

export async function plan(place: Place, _names: readonly string[], { json }: Options): Promise<void> {
  const changes = await ask(place, "POST", "/plan") as Change[];
  if (json) return print(changes);
  const rows = changes.map(({ entry, change, because }) => [entry, change === "inPlace" ? "changed in place" : change, because.join(", ")]);
  print(rows.length === 0 ? "There is nothing to run." : table(rows, process.stdout.columns ?? Infinity).join("\n"));
}
