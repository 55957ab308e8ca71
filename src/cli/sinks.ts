/** Where output goes: to the terminal, or when detached to a file for each entry. */
import { join } from "node:path";
import { isatty } from "node:tty";

import type { Addon } from "../native/addon.ts";
import type { Sinks } from "../output/journal.ts";
import { makeLogFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { orRefuse } from "./refusal.ts";

const STDOUT = 1;

/** No entry can have this name. */
const OWN = "_sentry";

export interface NamedSinks extends Sinks {
  /** Whose output goes there; null: it is Sentry's own, or of all together. */
  entryOf(sink: number): string | null;
}

export function terminalSink(addon: Addon): NamedSinks {
  const own = addon.openTerminal(STDOUT);
  const coloured = isatty(STDOUT) && !process.env["NO_COLOR"];
  return { own, of: () => own, coloured: () => coloured, entryOf: () => null };
}

/** Where a detached Sentry writes what concerns these entries; the folder is made if need be. */
export function ownLogFiles(place: Place, entries: Iterable<string>): string[] {
  makeLogFolder(place);
  return [OWN, ...entries].map((name) => join(place.logs, `${name}.log`));
}

/** A file for each entry, with all its lines; Sentry's own are in a file that no entry's name can mean. */
export function fileSinks(addon: Addon, place: Place, entries: Iterable<string>): NamedSinks {
  makeLogFolder(place);
  const open = (name: string): number => orRefuse(name, () => addon.openFile(join(place.logs, name), false));
  const own = open(`${OWN}.log`);
  const files = new Map([...entries].map((entry) => [entry, open(`${entry}.log`)]));
  const names = new Map([...files].map(([entry, sink]) => [sink, entry]));
  return { own, of: (entry) => files.get(entry) ?? own, coloured: () => false, entryOf: (sink) => names.get(sink) ?? null };
}
