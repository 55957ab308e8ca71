/** Where output goes: to the terminal, or when detached to a file for each entry. */
import { join } from "node:path";
import { isatty } from "node:tty";

import type { Addon } from "../native/addon.ts";
import type { Sinks } from "../output/journal.ts";
import { makeLogFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { orRefuse } from "./refusal.ts";

const STDOUT = 1;

export function terminalSink(addon: Addon): Sinks {
  const own = addon.openTerminal(STDOUT);
  const coloured = isatty(STDOUT) && !process.env["NO_COLOR"];
  return { own, of: () => own, coloured: () => coloured };
}

/** A file for each entry, with all its lines; Sentry's own are in a file that no entry's name can mean. */
export function fileSinks(addon: Addon, place: Place, entries: Iterable<string>): Sinks {
  makeLogFolder(place);
  const open = (name: string): number => orRefuse(name, () => addon.openFile(join(place.logs, name), false));
  const own = open("_sentry.log");
  const files = new Map([...entries].map((entry) => [entry, open(`${entry}.log`)]));
  return { own, of: (entry) => files.get(entry) ?? own, coloured: () => false };
}
