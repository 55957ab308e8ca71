/**
 * The file `state`: what Sentry knows at one moment, for the one that comes after it. Its form has a version of its own,
 * and each version has a reader here for ever: so a newer Sentry takes up what an older one has left.
 *
 * It is written beside, and renamed over the old one (rename(2)): whoever is killed in the middle leaves the old one
 * whole. There is no fsync: it is for a Sentry that died, and after the machine has died only wishes are left of it.
 */
import { closeSync, constants, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { Micros } from "../core/types.ts";
import { dieAt } from "../engine/die-at.ts";
import type { HistoryId } from "../engine/line.ts";
import { openBeside, openOwn, removeLeftovers } from "./own-file.ts";
import { plainState } from "./plain.ts";
import type { PlainState } from "./plain.ts";
import { anything, fields, list, Misfit, nullable, number, positive, text, whole } from "./shape.ts";
import type { Reader } from "./shape.ts";
import { instance } from "./words.ts";

export const VERSION = 3;

export interface Snapshot {
  readonly version: typeof VERSION;
  /** The version of the package that wrote it. */
  readonly sentry: string;
  /** Which life of the machine: pids and monotonic moments mean nothing in another. */
  readonly boot: string;
  /** The first part of SENTRY_RUN of its processes. */
  readonly instance: string;
  /** Of Sentry itself. */
  readonly pid: number;
  readonly startedAt: Micros;
  readonly reexecedAt: Micros | null;
  /** The last record of the history that is part of it. */
  readonly lastId: HistoryId;
  readonly state: PlainState;
  /** What the processes are made of: config's Definitions, which mean nothing here. */
  readonly definitions: readonly unknown[];
}

export type Found =
  | { readonly kind: "none" }
  | { readonly kind: "ok"; readonly snapshot: Snapshot }
  /** Why it cannot be used, as the end of a sentence that begins with its name: `is damaged (…)`. */
  | { readonly kind: "bad"; readonly why: string };

const form: Reader<Snapshot> = fields<Snapshot>({
  version: (): typeof VERSION => VERSION,
  sentry: text, boot: text, instance, pid: positive, startedAt: number, reexecedAt: nullable(number),
  lastId: whole, state: plainState, definitions: list(anything),
});

/**
 * By version: what makes a snapshot of today of what that version has written. What one has more than those before says field
 * by field (`later`) what was true before.
 */
const readers: ReadonlyMap<number, Reader<Snapshot>> = new Map([[1, form], [2, form], [3, form]]);

const MOST_BAD = 5;

/** @throws Error where the machine refuses it; the old one stands then */
export function writeSnapshot(path: string, snapshot: Snapshot): void {
  dieAt("state-write");
  removeLeftovers(path);
  const bytes = Buffer.from(`${JSON.stringify(snapshot)}\n`);
  const { fd, temporary } = openBeside(path);
  try {
    try {
      const half = bytes.length >> 1;
      writeFileSync(fd, bytes.subarray(0, half));
      dieAt("state-half");
      writeFileSync(fd, bytes.subarray(half));
    } finally {
      closeSync(fd);
    }
    dieAt("state-rename");
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  dieAt("state-written");
}

export function readSnapshot(path: string): Found {
  let fd: number;
  try {
    fd = openOwn(path, constants.O_RDONLY);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { kind: "none" };
    return { kind: "bad", why: code === "ELOOP" ? "is a link" : `cannot be read: ${message}` };
  }
  try {
    return readText(readFileSync(fd, "utf8"));
  } catch (error) {
    return { kind: "bad", why: `cannot be read: ${(error as Error).message}` };
  } finally {
    closeSync(fd);
  }
}

/** The text of a snapshot. Never throws. */
export function readText(content: string): Found {
  try {
    const value: unknown = JSON.parse(content);
    const { version } = fields<{ version: number }>({ version: positive })(value, "it");
    if (version > VERSION) return { kind: "bad", why: `was written by a newer Sentry (version ${version} of its form; this one knows ${VERSION})` };
    const reader = readers.get(version);
    if (reader === undefined) return { kind: "bad", why: `has version ${version}, which never was` };
    return { kind: "ok", snapshot: reader(value, "it") };
  } catch (error) {
    if (error instanceof Misfit) return { kind: "bad", why: `is damaged: ${error.message}` };
    if (error instanceof SyntaxError) return { kind: "bad", why: "is damaged: it is not JSON, or not all of it" };
    throw error;
  }
}

/**
 * What cannot be used is kept beside, for people to look at: `state.bad-1` and so on, the newest five.
 * @returns its new path
 * @throws Error where the machine refuses it
 */
export function moveAside(path: string): string {
  const prefix = `${basename(path)}.bad-`;
  const numbers = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length))).filter(Number.isSafeInteger).sort((a, b) => a - b);
  const aside = (number: number): string => join(dirname(path), `${prefix}${number}`);
  for (const number of numbers.slice(0, Math.max(0, numbers.length - MOST_BAD + 1))) rmSync(aside(number), { recursive: true, force: true });
  const next = aside((numbers.at(-1) ?? 0) + 1);
  renameSync(path, next);
  return next;
}
