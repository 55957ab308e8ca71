/** `sentry start`: in the foreground, or detached. */
import { spawn } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

import type { Configuration } from "../config/configuration.ts";
import { SentryError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { print } from "./print.ts";
import type { Place } from "./place.ts";

/** The descriptor on which a detached Sentry tells the command what became of the start. */
const REPORT = 3;

type Report = { readonly pid: number } | { readonly code: ErrorCode; readonly message: string };

/**
 * In the foreground until everything is stopped.
 * @param configuration is being evaluated in its own process, while the rest of Sentry is loaded here
 */
export async function start(place: Place, configuration: Promise<Configuration>): Promise<void> {
  await run(place, configuration, false, () => {});
}

/** The same in the background, as `startDetached` has started it. */
export async function startInBackground(place: Place, configuration: Promise<Configuration>): Promise<void> {
  try {
    await run(place, configuration, true, () => report({ pid: process.pid }));
  } catch (error) {
    const code = error instanceof SentryError ? error.code : "E_FAILED";
    report({ code, message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

async function run(place: Place, configuration: Promise<Configuration>, detached: boolean, started: () => void): Promise<void> {
  configuration.catch(() => {}); // awaited below, once the rest is loaded
  const [{ supervise }, { loadAddon }] = await Promise.all([import("./supervise.ts"), import("../native/load.ts")]);
  const addon = loadAddon();
  await supervise({ place, configuration: await configuration, addon, detached, started });
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
  print(json ? { pid: what.pid, pidFile, socket, config } : `Sentry started (PID: ${what.pid} saved in ${pidFile}).`);
}
