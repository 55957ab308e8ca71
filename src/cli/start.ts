/** `sentry start`: in the foreground, or detached. */
import { spawn } from "node:child_process";
import { closeSync, constants, writeSync } from "node:fs";
import type { Readable } from "node:stream";

import type { Configuration } from "../config/configuration.ts";
import { SentryError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Beginning } from "./beginning.ts";
import type { LogFormat } from "../output/journal.ts";
import { openOwn } from "../survival/own-file.ts";
import { refuseUnknownAccounts } from "./accounts.ts";
import { refuseTooMany } from "./descriptors.ts";
import { Keeper } from "./keeper.ts";
import { lock, makeRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { ownLogFiles } from "./sinks.ts";

/** The descriptor on which a detached Sentry tells the command what became of the start. */
const REPORT = 3;

/** Where what happens is told, and how. */
interface Shown { readonly detached: boolean; readonly logFormat: LogFormat }

/** What the transcript has said first. */
interface Begun { readonly told: readonly string[] }

type Report = { readonly pid: number } & Begun | { readonly code: ErrorCode; readonly message: string };

/**
 * In the foreground until everything is stopped. Gives what Sentry is to exit with.
 * @param configuration is being evaluated in its own process, while the rest of Sentry is loaded here
 */
export async function start(place: Place, configuration: Promise<Configuration>, logFormat: LogFormat): Promise<number> {
  return run(place, configuration, { detached: false, logFormat }, null);
}

/** The same in the background, as `startDetached` has started it. */
export async function startInBackground(place: Place, configuration: Promise<Configuration>): Promise<number> {
  try {
    return await run(place, configuration, { detached: true, logFormat: "text" }, ({ told }) => report({ pid: process.pid, told }));
  } catch (error) {
    const code = error instanceof SentryError ? error.code : "E_FAILED";
    report({ code, message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

async function run(place: Place, configuration: Promise<Configuration>, shown: Shown, started: ((begun: Begun) => void) | null): Promise<number> {
  const [{ supervise }, { beginHere }, { loadAddon }] = await Promise.all(
    [import("./supervise.ts"), import("./beginning.ts"), import("../native/load.ts")]);
  const addon = loadAddon();
  const circumstances = { place, configuration: await configuration, addon, keeper: new Keeper(addon, place) };
  refuseUnknownAccounts(circumstances.configuration);
  refuseTooMany(circumstances.configuration);
  makeRunFolder(place);
  lock(addon, place);
  let beginning: Beginning | undefined;
  let ended: Promise<number>;
  try {
    beginning = beginHere(circumstances);
    const { told } = beginning;
    ended = supervise({ ...circumstances, ...shown, started: started && (() => started({ told })) }, beginning);
  } catch (error) {
    addon.stop();
    beginning?.undo();
    addon.removeLock(place.pidFile);
    throw error;
  }
  return ended;
}

/** The image that comes after an exec: nothing is read from disk but its own program. */
export async function startAgain(place: Place, memfd: number): Promise<number> {
  try {
    return await takeUp(place, memfd);
  } catch (error) {
    // Detached, nobody sees what is printed. What is left is what a SIGKILL leaves.
    const text = `Sentry could not go on after a reload: ${error instanceof Error ? error.message : String(error)}\n`;
    const [own = ""] = ownLogFiles(place, []);
    const fd = openOwn(own, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    writeSync(fd, text);
    closeSync(fd);
    throw error;
  }
}

async function takeUp(place: Place, memfd: number): Promise<number> {
  const [{ supervise }, { beginAgain }, { loadAddon }, { readHandover }] = await Promise.all(
    [import("./supervise.ts"), import("./beginning.ts"), import("../native/load.ts"), import("./handover.ts")]);
  const handover = readHandover(memfd);
  const addon = loadAddon();
  addon.close(memfd);
  const circumstances = { place, configuration: handover.configuration as Configuration, addon, keeper: new Keeper(addon, place) };
  const { detached, logFormat = "text" } = handover;
  return supervise({ ...circumstances, detached, logFormat, started: null }, beginAgain(circumstances, handover, null));
}

function report(what: Report): void {
  try {
    writeSync(REPORT, `${JSON.stringify(what)}\n`);
    closeSync(REPORT);
  } catch {
    // The command that waited for it is gone. That is no reason not to run.
  }
}

/** Starts Sentry in a session of its own, and returns once its processes are started and its socket answers. */
export async function startDetached(place: Place, runDir: string | undefined, json: boolean): Promise<void> {
  const [, command = ""] = process.argv;
  const args = [...process.execArgv, command, "start", place.config, "--background"];
  if (runDir !== undefined) args.push("--run-dir", place.runFolder);
  // Its stderr is a pipe as long as we are there: what the configuration prints while it is evaluated is seen.
  const sentry = spawn(process.execPath, args, { detached: true, cwd: "/", stdio: ["ignore", "ignore", "pipe", "pipe"] });
  sentry.stderr?.pipe(process.stderr);
  // Called off: it stops what it has started, or comes to nothing.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => sentry.kill("SIGTERM"));

  let told = "";
  for await (const chunk of (sentry.stdio[REPORT] as Readable).setEncoding("utf8")) told += String(chunk);
  if (told === "") throw new SentryError("E_FAILED", `Sentry ended before it had started ${place.config}`);
  const what = JSON.parse(told) as Report;
  if ("code" in what) throw new SentryError(what.code, what.message);
  sentry.unref();
  const { pidFile, socket, config } = place;
  print(json ? { pid: what.pid, pidFile, socket, config } : what.told.join("\n"));
}
