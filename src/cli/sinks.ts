/** Where output goes: to the terminal, with the newest of it kept for each entry, or when detached to a file for each. */
import { join } from "node:path";
import { isatty } from "node:tty";

import type { Addon } from "../native/addon.ts";
import type { Sinks } from "../output/journal.ts";
import type { Whereabouts } from "../output/log-file.ts";
import { tailOf } from "../survival/kept.ts";
import { makeLogFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { ELSEWHERE, orRefuse } from "./refusal.ts";

const STDOUT = 1;

/** No entry can have this name. */
const OWN = "_sentry";

/** What is kept of the output of an entry that has no file. The descriptor is a memfd (native/tail.h). */
export interface KeptTail { readonly entry: string; readonly fd: number }

export interface NamedSinks extends Sinks {
  /** Whose output goes there; null: it is Sentry's own, or of all together. */
  entryOf(sink: number): string | null;
  /** Where the output of an entry can be read; null: nowhere. */
  whereOf(entry: string): Whereabouts | null;
  readonly tails: readonly KeptTail[];
  /** What was refused, and means that there is less to be read later. */
  readonly told: readonly string[];
  /** Tells a new keeper what it has to hold. */
  hold(): void;
}

/** @param left the tails that an earlier image, or a Sentry that is gone, has left */
export function terminalSink(addon: Addon, entries: Iterable<string>, left: readonly KeptTail[]): NamedSinks {
  const own = addon.openTerminal(STDOUT);
  const coloured = isatty(STDOUT) && !process.env["NO_COLOR"];
  const known = new Map(left.map(({ entry, fd }) => [entry, fd]));
  const told: string[] = [];
  const tails = new Map<string, number>();
  const sinks = new Map<string, number>();
  for (const entry of entries) {
    try {
      const fd = known.get(entry) ?? addon.openTail();
      tails.set(entry, fd);
      sinks.set(entry, addon.openTailed(own, fd));
    } catch (error) {
      told.push(`The output of ${entry} is not kept for sentry logs: ${(error as Error).message}`);
    }
  }
  drop(addon, left.filter(({ entry }) => !tails.has(entry)));
  const hold = (): void => { for (const [entry, fd] of tails) addon.hold(tailOf(entry), fd); };
  hold();
  const names = new Map([...sinks].map(([entry, sink]) => [sink, entry]));
  return {
    own, of: (entry) => sinks.get(entry) ?? own, coloured: () => coloured, entryOf: (sink) => names.get(sink) ?? null,
    whereOf(entry) {
      const fd = tails.get(entry);
      return fd === undefined ? null : { kind: "tail", fd };
    },
    tails: [...tails].map(([entry, fd]) => ({ entry, fd })), told, hold,
  };
}

/** Nobody writes to them any more. */
function drop(addon: Addon, tails: readonly KeptTail[]): void {
  for (const { entry, fd } of tails) {
    addon.release(tailOf(entry));
    addon.close(fd);
  }
}

/** Where a detached Sentry writes what concerns these entries; the folder is made if need be. */
export function ownLogFiles(place: Place, entries: Iterable<string>): string[] {
  makeLogFolder(place);
  return [OWN, ...entries].map((name) => join(place.logs, `${name}.log`));
}

/** A file for each entry, with all its lines; Sentry's own are in a file that no entry's name can mean. */
export function fileSinks(addon: Addon, place: Place, entries: Iterable<string>, left: readonly KeptTail[]): NamedSinks {
  makeLogFolder(place);
  drop(addon, left);
  const open = (name: string): number => orRefuse(name, () => addon.openFile(join(place.logs, name), false), ELSEWHERE);
  const own = open(`${OWN}.log`);
  const files = new Map([...entries].map((entry) => [entry, open(`${entry}.log`)]));
  const names = new Map([...files].map(([entry, sink]) => [sink, entry]));
  return {
    own, of: (entry) => files.get(entry) ?? own, coloured: () => false, entryOf: (sink) => names.get(sink) ?? null,
    whereOf: (entry) => files.has(entry) ? { kind: "file", path: join(place.logs, `${entry}.log`) } : null,
    tails: [], told: [], hold() {},
  };
}
