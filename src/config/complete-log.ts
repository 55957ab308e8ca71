/** Where output goes, with its defaults and bounds. Whether two files get in each other's way is asked by log-files.ts. */
import { lstatSync, type Stats } from "node:fs";
import { basename, resolve } from "node:path";
import type { Log } from "./configuration.ts";
import type { AskedEntry } from "./given.ts";
import type { LogOptions } from "./options-output.ts";
import type { Refuse } from "./spans.ts";
import { bytesOf } from "./units.ts";

/** Less than a page would rotate with every few lines. */
const LEAST_SIZE = 4096;
/** 1 PiB: what a file is only meant to be by mistake, and far within what a number can tell. */
const MOST_SIZE = 2 ** 50;
/** Also those of the files in the run folder. */
export const defaultBounds = { maxSize: 10 * 2 ** 20, keep: 5 } as const;
/** NAME_MAX is 255 on Linux (limits.h): there has to be room for `.1000.gz`, and for `.packing`. */
const LONGEST_NAME = 200;

export function logOf({ log, ready }: AskedEntry["options"], folder: string, refuse: Refuse): Log | null {
  if (log === undefined) return null;
  if (log === "none") return { kind: "none" };
  if (log === "inherit") {
    if (typeof ready === "object" && ready.log !== undefined) {
      refuse("log", 'is "inherit", and then Sentry sees no line of it: `ready: { log }` would never come true');
    }
    return { kind: "inherit" };
  }
  const { maxSize = defaultBounds.maxSize, keep = defaultBounds.keep, compress = false, format = "raw", terminal = false } = log;
  if (compress && keep === 0) refuse("log.compress", "means nothing with `keep: 0`: no rotated file is kept");
  return { kind: "file", file: fileOf(log.file, folder, refuse), maxSize: boundOf(maxSize, refuse), keep, compress, format, terminal };
}

function boundOf(given: NonNullable<LogOptions["maxSize"]>, refuse: Refuse): number {
  const bytes = bytesOf(given);
  if (bytes >= LEAST_SIZE && bytes <= MOST_SIZE) return bytes;
  return refuse("log.maxSize", `is ${bytes} bytes, and must be from ${LEAST_SIZE} ("4K") to ${MOST_SIZE} ("1048576G")`);
}

function fileOf(given: string, folder: string, refuse: Refuse): string {
  const [unknown] = /^~(?=\/|$)|\{(?!slot\})[^{}]*\}|%[A-Za-z(]|\$[A-Za-z{(]/.exec(given) ?? [];
  if (unknown !== undefined) {
    refuse("log.file", `has "${unknown}" in it: nothing stands for something else in a name but \`{slot}\`, the slot's number`);
  }
  const [scheme] = /^(?:append|truncate|file|fd):/.exec(given) ?? [];
  if (scheme !== undefined) refuse("log.file", `begins with "${scheme}", and must be a path alone; it is always appended to`);
  if (/(?:^|\/)\.{0,2}$/.test(given)) refuse("log.file", `is "${given}", a folder: name a file in it`);
  const file = resolve(folder, given);
  const length = Buffer.byteLength(basename(file));
  if (length > LONGEST_NAME) refuse("log.file", `has a name of ${length} bytes: rotated files need room for more, so it has at most ${LONGEST_NAME}`);
  if (/^\/(?:dev\/(?:stdout|stderr|fd\/[0-9]+)|proc\/[^/]+\/fd\/[0-9]+)$/.test(file)) {
    refuse("log.file", `is ${file}, and no file: write \`log: "inherit"\` to have the output where Sentry's own goes`);
  }
  if (file === "/dev/null") refuse("log.file", 'is /dev/null: write `log: "none"` to have the output thrown away');
  const odd = oddityOf(file.replaceAll("{slot}", "0"));
  return odd === null ? file : refuse("log.file", `is ${file}, ${odd}`);
}

/** Why what is there already cannot be a log. One that is not there is made. */
function oddityOf(path: string): string | null {
  const found = statsOf(path);
  if (found === null || found.isFile()) return null;
  if (found.isDirectory()) return "a folder that is there: name a file in it";
  if (found.isSymbolicLink()) return "a link, and output is never written through one: name the file that it leads to";
  return "which is there as a device, a pipe or a socket: a log is a file";
}

/** Null also for what may not be looked at: that is for the start to tell. */
function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
