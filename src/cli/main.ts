#!/usr/bin/env node
/**
 * The command: reads the words, calls the verb, and is the only place that ends the process. What asks a running Sentry
 * is all in this one file once it is bundled, and is quick; the rest is loaded when it is called for (alone.ts).
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";

import { findConfig, possibleConfigs } from "../config/find.ts";
import { SentryError } from "../errors.ts";
import { printableText } from "../printable.ts";
import type * as Alone from "./alone.ts";
import { whoRuns } from "./client.ts";
import { events } from "./events.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { logs } from "./logs.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";
import { plan } from "./plan.ts";
import { print } from "./print.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { has, rightCommand } from "./right-command.ts";
import { signal } from "./signal.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { why } from "./why.ts";
import { down, scale, up } from "./wishes.ts";
import { read } from "./words.ts";
import type { Asked, Options } from "./words.ts";
import { TRIAL } from "./verbs.ts";
import type { VerbName } from "./verbs.ts";

const FAILED = 1;

/** Gives what the command exits with, where that is not 0. */
type Run = (names: readonly string[], options: Options) => Promise<number | void>;

/** A verb that asks a running Sentry. */
type Question = (place: Place, names: readonly string[], options: Options) => Promise<void>;

const verbs: Record<VerbName, Run> = {
  async start([name], options) {
    if (options.json && !options.detach) {
      throw new SentryError("E_USAGE", "start --json goes with --detach: in the foreground, the terminal shows the transcript");
    }
    const { start, startAgain } = await alone();
    if (options.handover === undefined) {
      const place = find(name, options);
      return start(place, runDirOf(options), options).catch((error: unknown) => refuseBesideAnother(place, error));
    }
    // By the words of the image before: the file itself may be moved away by now, and is not read.
    return startAgain(placeOf(configOf(name, options) ?? "", runDirOf(options)), Number(options.handover));
  },
  async stop([name], options) {
    const place = findRunning(name, options);
    if (options.orphans) {
      const { stopOrphans } = await alone();
      return stopOrphans(place, options.json === true).catch((error: unknown) => refuseBesideAnother(place, error));
    }
    return stop(place, options.json === true);
  },
  reload: ofConfig(reload),
  plan: ofConfig(plan),
  status: ofConfig(status),
  events: ofConfig(events),
  up: ofEntry(up),
  down: ofEntry(down),
  restart: ofEntry(restart),
  signal: ofEntry(signal),
  scale: ofEntry(scale),
  logs: ofEntry(logs),
  why: ofEntry(why),
  check: async ([name], options) => (await alone()).check(find(name, options).config, options.json === true),
  init: async ([name], options) => (await alone()).init(configOf(name, options), options.json === true),
};

main().then((code) => leave(code ?? 0), (error: unknown) => {
  const message = isSentryError(error) ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`sentry: ${printableText(message)}\n`);
  leave(isSentryError(error) ? error.exitCode : FAILED);
});

function alone(): Promise<typeof Alone> {
  // Node would open its debugger for whoever sends this, until the supervisor takes the signal over.
  process.on("SIGUSR1", () => {});
  return import("./alone.js");
}

/** By its name: each bundle has the class once. */
function isSentryError(error: unknown): error is SentryError {
  return error instanceof Error && error.name === "SentryError";
}

/** A verb whose word is a configuration. */
function ofConfig(ask: Question): Run {
  return async ([name], options) => ask(findRunning(name, options), [], options);
}

/** A verb whose words are about an entry: the configuration comes with --config. */
function ofEntry(ask: Question): Run {
  return async (names, options) => ask(findRunning(undefined, options), names, options);
}

async function main(): Promise<number | void> {
  if (process.argv[2] === TRIAL) return (await alone()).tryReload();
  const asked = read(process.argv.slice(2));
  switch (asked.kind) {
    case "verb": return perform(asked);
    case "version": return print((await alone()).version());
    case "help": return print(asked.of === null ? helpOfAll() : helpOf(asked.of));
  }
}

async function perform({ verb, names, options }: Extract<Asked, { kind: "verb" }>): Promise<number | void> {
  try {
    return await verbs[verb](names, options);
  } catch (error) {
    const [name] = names;
    if (name === undefined || !isSentryError(error) || error.code !== "E_CONFIG_MISSING") throw error;
    const places = possiblePlaces(undefined, options);
    const running = places.find(({ socket }) => existsSync(socket));
    const there = places.find(({ config }) => existsSync(config));
    const place = running ?? there;
    if (place === undefined) throw error;
    // No Sentry to ask: only a start may look into the configuration itself.
    throw await rightCommand(place, verb, name, error, async (entry) => running !== undefined ? has(running, entry)
      : verb === "start" ? (await (await alone()).entriesOf(place.config)).includes(entry) : null);
  }
}

/** What was in its way may be the Sentry of another configuration, which can say so itself. */
async function refuseBesideAnother(place: Place, error: unknown): Promise<never> {
  const isInTheWay = isSentryError(error) && (error.code === "E_RUNNING" || error.code === "E_REFUSED");
  const whose = isInTheWay ? await whoRuns(place) : null;
  if (whose === null || whose.config === place.config) throw error;
  throw new SentryError("E_RUNNING", `Sentry already runs for ${whose.config} (PID: ${whose.pid}) at ${place.socket}; `
    + `for ${place.config} choose another folder with --run-dir`);
}

function find(name: string | undefined, options: Options): Place {
  return placeOf(findConfig(configOf(name, options), homedir(), process.cwd()), runDirOf(options));
}

/** For a verb that only talks to a running Sentry: its configuration may have been moved away meanwhile. */
function findRunning(name: string | undefined, options: Options): Place {
  return possiblePlaces(configOf(name, options), options).find(({ socket }) => existsSync(socket)) ?? find(name, options);
}

function possiblePlaces(config: string | undefined, options: Options): Place[] {
  return possibleConfigs(config, homedir(), process.cwd()).map((path) => placeOf(path, runDirOf(options)));
}

function configOf(name: string | undefined, { config }: Options): string | undefined {
  if (name !== undefined && config !== undefined) {
    throw new SentryError("E_USAGE", `two configurations are given: ${config} and ${name}`);
  }
  return name ?? config;
}

function runDirOf(options: Options): string | undefined {
  if (options["run-dir"] === "") throw new SentryError("E_USAGE", "--run-dir is given no folder");
  return options["run-dir"] ?? (process.env["SENTRY_RUN_DIR"] || undefined);
}

/** What has been printed into a pipe may still be on its way; only when all of it is out is this the end. */
function leave(code: number): void {
  const end = (): void => process.exit(code);
  // What goes well says nothing there, and to open it takes time.
  process.stdout.write("", code === 0 ? end : () => process.stderr.write("", end));
}
