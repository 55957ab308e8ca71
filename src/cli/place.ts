/** Where the files of a running Sentry stand. docs/command.md has them all. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { SentryError } from "../errors.ts";
import type { Addon } from "../native/addon.ts";
import { ELSEWHERE, orRefuse } from "./refusal.ts";

export interface Place {
  /** Real path of the configuration: the identity of this Sentry. */
  readonly config: string;
  readonly pidFile: string;
  readonly runFolder: string;
  readonly socket: string;
  /** Where the keeper answers. */
  readonly keeper: string;
  readonly history: string;
  /** The snapshot. */
  readonly state: string;
  /** What HTTP over TCP asks for. */
  readonly token: string;
  readonly logs: string;
}

/** @param runDir `--run-dir`, or SENTRY_RUN_DIR; undefined: beside the configuration */
export function placeOf(config: string, runDir: string | undefined): Place {
  const name = basename(config).replace(/\.[cm]?[jt]s$/, "");
  const runFolder = runDir === undefined ? join(dirname(config), `${name}.run`) : resolve(runDir);
  const pidFile = join(runDir === undefined ? dirname(config) : runFolder, `${name}.pid`);
  const inside = (name: string): string => join(runFolder, name);
  return {
    config, pidFile, runFolder, socket: inside("socket"), keeper: inside("keeper"), history: inside("history"),
    state: inside("state"), token: inside("token"), logs: inside("logs"),
  };
}

/**
 * Makes the run folder, with a `.gitignore` that keeps all of it out of a repository; one that is there is used only
 * if it is a real folder of our own.
 * @throws SentryError E_PERMISSION
 */
export function makeRunFolder(place: Place): void {
  const isNew = ownFolder(place.runFolder);
  const ignore = join(place.runFolder, ".gitignore");
  try {
    // wx is O_EXCL: never through a link. open(2)
    if (isNew || readdirSync(place.runFolder).length === 0) writeFileSync(ignore, "*\n", { flag: "wx", mode: 0o600 });
  } catch (error) {
    rmSync(ignore, { force: true }); // half of one, on a full disk, would never be completed
    throw new SentryError("E_PERMISSION", `cannot write ${ignore}: ${(error as Error).message}\nUse --run-dir to choose another folder.`);
  }
}

/** One that is there, and ours. */
export function ownRunFolder(place: Place): void {
  ownFolder(place.runFolder);
}

/**
 * From here on this process is the Sentry of the configuration.
 * @throws SentryError E_RUNNING
 */
export function lock(addon: Addon, place: Place): void {
  addon.noteSignals(); // a SIGHUP for the one who is named there must not end it before it can listen
  const holder = orRefuse(place.pidFile, () => addon.lockFile(place.pidFile), ELSEWHERE);
  if (holder === null) return;
  const who = holder === 0 ? `its PID is not in ${place.pidFile} yet` : `PID: ${holder}`;
  throw new SentryError("E_RUNNING", `Sentry already runs for ${place.config} (${who})`);
}

/** The folder of the log files that a detached Sentry writes. */
export function makeLogFolder(place: Place): void {
  ownFolder(place.logs);
}

/** Whether it had to be made. */
function ownFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    chmodSync(path, 0o700); // whatever the umask took away
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      throw new SentryError("E_PERMISSION", `cannot make ${path}: ${message}\nUse --run-dir to choose another folder.`);
    }
  }
  const found = lstatSync(path);
  if (!found.isDirectory()) throw new SentryError("E_PERMISSION", `${path} is no folder (or a link to one); not used`);
  if (found.uid !== process.geteuid?.()) {
    throw new SentryError("E_PERMISSION", `${path} belongs to another user (uid ${found.uid}); use --run-dir to choose another folder`);
  }
  if ((found.mode & 0o022) !== 0) throw new SentryError("E_PERMISSION", `${path} can be written to by others; not used (chmod go-w)`);
  return false;
}
