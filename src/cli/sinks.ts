/**
 * Where output goes. An entry has the files that its `log` names (log-files.ts), or throws its output away, or leaves it to
 * its processes. All others go where Sentry's own lines go: to the terminal, with the newest of it kept for each entry, or
 * when detached to a file for each in the run folder.
 */
import { join } from "node:path";
import { isatty } from "node:tty";

import type { EntryConfiguration, Log } from "../config/configuration.ts";
import { defaultBounds } from "../config/complete-log.ts";
import type { Addon } from "../native/addon.ts";
import type { LogFormat, Sinks } from "../output/journal.ts";
import type { Whereabouts } from "../output/log-file.ts";
import { tailOf } from "../survival/kept.ts";
import { LogFiles } from "./log-files.ts";
import { makeLogFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { ELSEWHERE, orRefuse } from "./refusal.ts";

const STDOUT = 1;

/** No entry can have this name. */
const OWN = "_sentry";

/** What is kept of the output of an entry that has no file. The descriptor is a memfd (native/tail.h). */
export interface KeptTail { readonly entry: string; readonly fd: number }

/** Where the output of entries goes that have no place of their own. */
interface Ground {
  readonly own: number;
  readonly coloured: boolean;
  /** The sink of each entry. */
  readonly sinks: ReadonlyMap<string, number>;
  whereOf(entry: string): readonly Whereabouts[];
  readonly tails: readonly KeptTail[];
  /** Tells a new keeper what it has to hold. */
  hold(): void;
}

export interface Laid {
  readonly addon: Addon;
  readonly place: Place;
  readonly detached: boolean;
  readonly logFormat: LogFormat;
  readonly configured: ReadonlyMap<string, EntryConfiguration>;
  /** Where entries have printed until now: those that are not configured any more go on there. */
  readonly former: ReadonlyMap<string, Log | null>;
  /** Also those of which only processes are left. */
  readonly names: Iterable<string>;
  /** The tails that an earlier image, or a Sentry that is gone, has left. */
  readonly left: readonly KeptTail[];
  /** What is refused keeps Sentry from starting. Otherwise that output goes where Sentry's own lines go, for processes run. */
  readonly strict: boolean;
  /** What was refused, and means that there is less to be read later. */
  readonly tell: (text: string) => void;
}

export class OutputSinks implements Sinks {
  readonly #configured: Laid["configured"];
  readonly #former: Laid["former"];
  readonly #detached: boolean;
  readonly #addon: Addon;
  readonly #ground: Ground;
  readonly files: LogFiles;
  #nowhere: number | null = null;

  /** @throws SentryError */
  constructor({ addon, place, detached, logFormat, configured, former, names, left, strict, tell }: Laid) {
    this.#configured = configured;
    this.#former = former;
    this.#detached = detached;
    this.#addon = addon;
    const common = [...names].filter((name) => this.#logOf(name) === null);
    this.#ground = detached ? runFolder(addon, place, common, left) : terminal(addon, logFormat, common, left, tell);
    this.files = new LogFiles({ addon, place, echo: detached ? null : this.#ground.own, elsewhere: this.#ground.own, tell });
    for (const entry of configured.values()) this.files.openAll(entry, strict);
  }

  /** Sentry's own. */
  get own(): number {
    return this.#ground.own;
  }

  /** Where lines about the entry go. */
  of(entry: string): number {
    return this.#ground.sinks.get(entry) ?? this.own;
  }

  /** Whether what is said about entries is for a terminal that shows colours. */
  get coloured(): boolean {
    return this.#ground.coloured;
  }

  /** What a process is given. A file that cannot be opened is told of; then its output goes where Sentry's own lines go. */
  outputOf({ law: { name }, log, ready }: EntryConfiguration, slot: number): number | null | "inherit" {
    switch (log?.kind) {
      case "file": return this.files.sinkOf(name, log, slot);
      case "inherit": return this.#detached ? null : "inherit"; // its stderr leads to whoever has started it, and that is gone
      case "none": return ready?.kind === "log" ? this.#discarding() : null;
      case undefined: return this.of(name);
    }
  }

  /**
   * Where a process goes on to print that was given a pipe, maybe by another configuration. If there are to be no pipes any
   * more, or there is to be no such entry, it has not long to go, and what it says until then belongs to the rest.
   */
  pipesOf(name: string, slot: number): number {
    const entry = this.#configured.get(name);
    const output = entry === undefined ? null : this.outputOf(entry, slot);
    if (typeof output === "number") return output;
    const former = this.#former.get(name) ?? null;
    switch (former?.kind) {
      case "file": return this.files.sinkOf(name, former, slot);
      case "none": return this.#discarding();
      case "inherit": case undefined: return this.of(name);
    }
  }

  /** By what the next image knows the sink: an entry, or a slot of it; null: it is Sentry's own, or of all together. */
  nameOf(sink: number): string | null {
    const [entry = null] = [...this.#ground.sinks].find(([, one]) => one === sink) ?? [];
    return entry ?? this.files.nameOf(sink);
  }

  named(name: string | null): number {
    const [entry = "", slot] = name?.split(":") ?? [];
    return name === null ? this.own : this.pipesOf(entry, Number(slot ?? 0));
  }

  /** Where the output of an entry can be read. */
  whereOf(name: string): readonly Whereabouts[] {
    const log = this.#logOf(name);
    if (log === null) return this.#ground.whereOf(name);
    return log.kind === "file" ? this.files.whereOf(name, log) : [];
  }

  get tails(): readonly KeptTail[] {
    return this.#ground.tails;
  }

  hold(): void {
    this.#ground.hold();
  }

  #logOf(name: string): Log | null {
    const entry = this.#configured.get(name);
    return entry === undefined ? this.#former.get(name) ?? null : entry.log;
  }

  #discarding(): number {
    this.#nowhere ??= this.#addon.openNowhere();
    return this.#nowhere;
  }
}

function terminal(addon: Addon, logFormat: LogFormat, entries: Iterable<string>, left: readonly KeptTail[], tell: Laid["tell"]): Ground {
  const own = addon.openTerminal(STDOUT, logFormat === "json");
  const known = new Map(left.map(({ entry, fd }) => [entry, fd]));
  const tails = new Map<string, number>();
  const sinks = new Map<string, number>();
  for (const entry of entries) {
    try {
      const fd = known.get(entry) ?? addon.openTail();
      tails.set(entry, fd);
      sinks.set(entry, addon.openTailed(own, fd));
    } catch (error) {
      tell(`The output of ${entry} is not kept for sentry logs: ${(error as Error).message}`);
    }
  }
  drop(addon, left.filter(({ entry }) => !tails.has(entry)));
  const hold = (): void => { for (const [entry, fd] of tails) addon.hold(tailOf(entry), fd); };
  hold();
  return {
    own, sinks, coloured: logFormat === "text" && isatty(STDOUT) && !process.env["NO_COLOR"],
    whereOf(entry) {
      const fd = tails.get(entry);
      return fd === undefined ? [] : [{ kind: "tail", fd, format: logFormat === "json" ? "json" : "prefixed" }];
    },
    tails: [...tails].map(([entry, fd]) => ({ entry, fd })), hold,
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
  return [OWN, ...entries].map((name) => logFile(place, name));
}

function logFile(place: Place, name: string): string {
  return join(place.logs, `${name}.log`);
}

/** A file for each entry, with all its lines; Sentry's own are in a file that no entry's name can mean. */
function runFolder(addon: Addon, place: Place, entries: Iterable<string>, left: readonly KeptTail[]): Ground {
  makeLogFolder(place);
  drop(addon, left);
  const bounds = { format: "prefixed", maxSize: defaultBounds.maxSize, keep: defaultBounds.keep } as const;
  const open = (name: string): number =>
    orRefuse(name, () => addon.openFile({ path: logFile(place, name), ...bounds, echo: null }), ELSEWHERE);
  const own = open(OWN);
  const sinks = new Map([...entries].map((entry) => [entry, open(entry)]));
  return {
    own, sinks, coloured: false,
    whereOf: (entry) => sinks.has(entry) ? [{ kind: "file", path: logFile(place, entry), format: bounds.format, keep: bounds.keep }] : [],
    tails: [], hold() {},
  };
}
