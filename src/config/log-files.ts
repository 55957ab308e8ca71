/**
 * No two write to one file, and no rotation takes a file that is somebody else's: by itself, by the names that it has after
 * it was rotated (`web.log.1`, `web.log.2.gz`, on its way there `web.log.packing`), or by those that it has with another
 * number in the place of `{slot}`. An entry may be scaled, and `keep` be raised: so any number counts, whatever they are now.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Complaint } from "./complaint.ts";
import type { EntryConfiguration } from "./configuration.ts";
import type { Given } from "./given.ts";
import { canBeSame, slotName, type SlotName } from "./slot-names.ts";

/** A file that is not free. */
interface Taken {
  readonly file: string;
  readonly name: SlotName;
  /** The file of which entry, or what else it is. */
  readonly whose: string;
  /** The names that rotation would give it. */
  readonly rotated: readonly SlotName[];
}

/** @param path of the configuration, by which Sentry's own files have their names */
export function checkLogFiles(path: string, entries: readonly EntryConfiguration[], places: Given["places"]): void {
  const logs = entries.flatMap(({ law: { name }, log }, index) => {
    return log?.kind === "file" ? [{ name, log, place: places[index] ?? null }] : [];
  });
  if (logs.length === 0) return;
  // As src/cli/place.ts has them where there is no --run-dir.
  const own = join(dirname(path), basename(path).replace(/\.[cm]?[jt]s$/, ""));
  const all = [taken(path, "the configuration"), taken(`${own}.pid`, "Sentry's PID file"), ...entries.flatMap(filesOf)];
  for (const { name, log, place } of logs) {
    const refuse = (why: string): never => {
      throw new Complaint(`option \`log.file\` of entry \`${name}\` is ${log.file}, ${why}`, place);
    };
    const now = rotated(taken(log.file, `the file of entry \`${name}\``));
    if (isAtOrBelow(now.file, slotName(`${own}.run`))) refuse(`in Sentry's own folder ${own}.run: name a file elsewhere`);
    for (const other of all) {
      const clash = clashOf(now, other);
      if (clash !== null) refuse(`${clash}: name another one`);
    }
    all.push(now);
  }
}

function taken(path: string, whose: string): Taken {
  const file = realOf(path);
  return { file, name: slotName(file), whose, rotated: [] };
}

/** Their number is written as a slot's is. */
function rotated(log: Taken): Taken {
  return { ...log, rotated: [".{slot}", ".{slot}.gz", ".packing"].map((end) => slotName(log.file + end)) };
}

/** What else an entry writes, or reads. */
function filesOf({ law: { name }, pidFile, envFile, listen }: EntryConfiguration): Taken[] {
  return [
    ...pidFile === null ? [] : [taken(pidFile, `the \`pidFile\` of entry \`${name}\``)],
    ...envFile === null ? [] : [taken(envFile, `the \`envFile\` of entry \`${name}\``)],
    ...listen.flatMap((one) => one.kind === "unix" ? [taken(one.path, `a socket of entry \`${name}\``)] : []),
  ];
}

/** As the end of a sentence that begins with the file. */
function clashOf(now: Taken, other: Taken): string | null {
  if (now.file === other.file) return `which is ${other.whose}`;
  if (canBeSame(now.name, other.name)) return `which can be ${other.whose}, ${other.file}`;
  if (now.rotated.some((name) => canBeSame(name, other.name))) {
    return `whose rotated files would take the name of ${other.file}, ${other.whose}`;
  }
  const isTaken = other.rotated.some((name) => canBeSame(name, now.name));
  return isTaken ? `a name that rotated files of ${other.file} have, which is ${other.whose}` : null;
}

function isAtOrBelow(path: string, folder: SlotName): boolean {
  return canBeSame(slotName(path), folder) || (path !== "/" && isAtOrBelow(dirname(path), folder));
}

/**
 * A folder has one name here, though links may lead to it by others. The file itself is never opened through one. A folder
 * that is not there has its real name as far up as one is.
 */
function realOf(file: string): string {
  const folder = dirname(file);
  try {
    return join(realpathSync(folder), basename(file));
  } catch {
    return folder === "/" ? file : join(realOf(folder), basename(file));
  }
}
