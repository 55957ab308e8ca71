/**
 * The files that entries name in their `log`: one for all slots, or with `{slot}` in its name one for each, which is opened
 * when its slot first needs it. Rotated ones are compressed where that is asked for.
 */
import type { EntryConfiguration, LogFile } from "../config/configuration.ts";
import { slotId } from "../core/types.ts";
import type { Addon, Fact, FaultOfFile } from "../native/addon.ts";
import type { Whereabouts } from "../output/log-file.ts";
import { Packing } from "../output/packing.ts";
import type { Place } from "./place.ts";
import { orRefuse } from "./refusal.ts";

export interface Opening {
  readonly addon: Addon;
  readonly place: Place;
  /** The terminal; null: there is none. */
  readonly echo: number | null;
  /** Where the output goes that has no file because it cannot be opened. */
  readonly elsewhere: number;
  readonly tell: (text: string) => void;
}

interface Opened {
  readonly entry: string;
  readonly slot: number;
  /** The entry's, or that of a slot. */
  readonly name: string;
  readonly path: string;
  readonly log: LogFile;
  /** Null: it could not be opened. */
  readonly sink: number | null;
}

export class LogFiles {
  /** Whoever follows an entry is told of a file that is opened later. */
  onOpened: (entry: string) => void = () => {};
  readonly #opening: Opening;
  readonly #packing: Packing;
  /** By name. */
  readonly #opened = new Map<string, Opened>();
  readonly #names = new Map<number, string>();
  /** By path. */
  readonly #sinks = new Map<string, number>();

  constructor(opening: Opening) {
    this.#opening = opening;
    const { addon, tell } = opening;
    this.#packing = new Packing({ packed: (sink, original, path) => addon.packed(sink, original, path), tell });
  }

  /**
   * Those of the slots that are configured.
   * @param strict what cannot be opened is refused; otherwise it is told
   * @throws SentryError
   */
  openAll(entry: EntryConfiguration, strict: boolean): void {
    const { law: { name }, log } = entry;
    if (log?.kind !== "file") return;
    for (const slot of slotsWithFiles(entry, log)) {
      if (strict) orRefuse(`the log file of ${name}`, () => this.#open(name, log, slot));
      else this.sinkOf(name, log, slot);
    }
  }

  sinkOf(entry: string, log: LogFile, slot: number): number {
    const { elsewhere, tell } = this.#opening;
    const opened = this.#opened.get(nameOf(entry, log, slot));
    if (opened !== undefined && opened.sink !== null) return opened.sink;
    try {
      const sink = this.#open(entry, log, slot);
      this.onOpened(entry);
      return sink;
    } catch (error) {
      if (opened === undefined) tell(`The output of ${nameOf(entry, log, slot)} goes here: cannot open ${pathOf(log, slot)}: ${(error as Error).message}`);
      this.#keep({ entry, slot, name: nameOf(entry, log, slot), path: pathOf(log, slot), log, sink: null });
      return elsewhere;
    }
  }

  nameOf(sink: number): string | null {
    return this.#names.get(sink) ?? null;
  }

  /** Also where none is open, for it may have been there before: that for all slots, or else the first slot's. */
  whereOf(entry: string, log: LogFile): readonly Whereabouts[] {
    const { format, keep } = log;
    const opened = [...this.#opened.values()].filter((one) => one.entry === entry && one.path === pathOf(log, one.slot));
    const paths = opened.length === 0 ? [pathOf(log, 0)] : opened.map(({ path }) => path);
    return paths.map((path) => ({ kind: "file", path, format, keep }));
  }

  /** One has been rotated, or could not be. */
  rotated({ sink, fault }: Extract<Fact, { kind: "rotated" }>): void {
    const name = this.#names.get(sink);
    const opened = name === undefined ? undefined : this.#opened.get(name);
    if (fault !== null) {
      this.#opening.tell(`Cannot rotate ${opened?.path ?? "a log file"}, which grows on: ${spelled(fault)}`);
    } else if (opened?.log.compress) {
      this.#packing.ask({ sink, path: opened.path, keep: opened.log.keep });
    }
  }

  packed(): void {
    this.#packing.answered();
  }

  close(): void {
    this.#packing.close();
  }

  #open(entry: string, log: LogFile, slot: number): number {
    const { addon, place, echo } = this.#opening;
    const { format, maxSize, keep, compress, terminal } = log;
    const path = pathOf(log, slot);
    refuseOwn(place, path);
    // Twice only where another entry has had it: two that rotate one file would take it for somebody else's in turn.
    const sink = this.#sinks.get(path) ?? addon.openFile({ path, format, maxSize, keep, echo: terminal ? echo : null });
    this.#keep({ entry, slot, name: nameOf(entry, log, slot), path, log, sink });
    // A Sentry that is gone may have left some that it had no time for.
    if (compress) this.#packing.ask({ sink, path, keep });
    return sink;
  }

  #keep(opened: Opened): void {
    const { name, path, sink } = opened;
    this.#opened.set(name, opened);
    if (sink === null) return;
    this.#names.set(sink, name);
    this.#sinks.set(path, sink);
  }
}

const SLOT = "{slot}";

/** All paths that an entry's output will be written to. */
export function pathsOf(entry: EntryConfiguration): string[] {
  const { log } = entry;
  return log?.kind === "file" ? slotsWithFiles(entry, log).map((slot) => pathOf(log, slot)) : [];
}

/** Each of them, or where they share one file the first. */
function slotsWithFiles({ law: { count } }: EntryConfiguration, { file }: LogFile): number[] {
  return Array.from({ length: file.includes(SLOT) ? count : Math.min(count, 1) }, (_, slot) => slot);
}

/** `/var/log/web.log: ENOSPC (no space left on device)` */
export function spelled({ subject, errno, message }: FaultOfFile): string {
  return `${subject}: ${errno} (${message})`;
}

/**
 * Sentry's own files are nobody's logs. Beside the configuration that is refused with it; this is for `--run-dir`.
 * @throws Error
 */
export function refuseOwn({ runFolder, pidFile }: Place, path: string): void {
  if (path === pidFile || path.startsWith(`${runFolder}/`)) throw new Error(`${path} is among Sentry's own files; name another folder`);
}

function pathOf({ file }: LogFile, slot: number): string {
  return file.replaceAll(SLOT, String(slot));
}

function nameOf(entry: string, { file }: LogFile, slot: number): string {
  return file.includes(SLOT) ? slotId(entry, slot) : entry;
}
