#!/usr/bin/env node
/** The command: reads the words, calls the verb, and is the only place that ends the process. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";

import { findConfig, possibleConfigs } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { SentryError } from "../errors.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";
import { version } from "./version.ts";
import { read } from "./words.ts";
import type { Options } from "./words.ts";
import { TRIAL } from "./verbs.ts";
import type { VerbName } from "./verbs.ts";

const FAILED = 1;

type Run = (names: readonly string[], options: Options) => Promise<void>;

/** A verb that asks a running Sentry. */
type Question = (place: Place, names: readonly string[], options: Options) => Promise<void>;

const verbs: Record<VerbName, Run> = {
  async start([name], options) {
    if (options.json && !options.detach) {
      throw new SentryError("E_USAGE", "start --json goes with --detach: in the foreground, the terminal shows the transcript");
    }
    if (options.handover !== undefined) {
      // By the words of the image before: the file itself may be moved away by now, and is not read.
      const { startAgain } = await import("./start.ts");
      return startAgain(placeOf(configOf(name, options) ?? "", runDirOf(options)), Number(options.handover));
    }
    const place = find(name, options);
    if (options.detach) {
      const { startDetached } = await import("./start.ts");
      return startDetached(place, runDirOf(options), options.json === true);
    }
    // First of all: its process boots while the rest of Sentry is loaded here.
    const configuration = loadConfig(place.config);
    const { start, startInBackground } = await import("./start.ts");
    return (options.background ? startInBackground : start)(place, configuration);
  },
  async stop([name], options) {
    const place = findRunning(name, options);
    if (options.orphans) {
      const { stopOrphans } = await import("./orphans.ts");
      return stopOrphans(place, options.json === true);
    }
    const { stop } = await import("./stop.ts");
    return stop(place, options.json === true);
  },
  reload: (names, options) => ofConfig(names, options, async () => (await import("./reload.ts")).reload),
  plan: (names, options) => ofConfig(names, options, async () => (await import("./plan.ts")).plan),
  up: (names, options) => ofEntry(names, options, async () => (await import("./wishes.ts")).up),
  down: (names, options) => ofEntry(names, options, async () => (await import("./wishes.ts")).down),
  scale: (names, options) => ofEntry(names, options, async () => (await import("./wishes.ts")).scale),
  why: (names, options) => ofEntry(names, options, async () => (await import("./why.ts")).why),
  async check([name], options) {
    const { check } = await import("./check.ts");
    return check(find(name, options).config, options.json === true);
  },
  async init([name], options) {
    const { init } = await import("./init.ts");
    return init(configOf(name, options), options.json === true);
  },
};

// Node would open its debugger for whoever sends this, until the supervisor takes the signal over.
process.on("SIGUSR1", () => {});

main().then(() => leave(0), (error: unknown) => {
  console.error(`sentry: ${error instanceof SentryError ? error.message : String((error as Error).stack ?? error)}`);
  leave(error instanceof SentryError ? error.exitCode : FAILED);
});

/** A verb whose word is a configuration. */
async function ofConfig([name]: readonly string[], options: Options, load: () => Promise<Question>): Promise<void> {
  const place = findRunning(name, options);
  return (await load())(place, [], options);
}

/** A verb whose words are about an entry: the configuration comes with --config. */
async function ofEntry(names: readonly string[], options: Options, load: () => Promise<Question>): Promise<void> {
  const place = findRunning(undefined, options);
  return (await load())(place, names, options);
}

async function main(): Promise<void> {
  if (process.argv[2] === TRIAL) return (await import("./try.ts")).tryReload();
  const asked = read(process.argv.slice(2));
  switch (asked.kind) {
    case "verb": return verbs[asked.verb](asked.names, asked.options);
    case "version": return console.log(version());
    case "help": {
      const { helpOf, helpOfAll } = await import("./help.ts");
      return console.log(asked.of === null ? helpOfAll() : helpOf(asked.of));
    }
  }
}

function find(name: string | undefined, options: Options): Place {
  return placeOf(findConfig(configOf(name, options), homedir(), process.cwd()), runDirOf(options));
}

/** For a verb that only talks to a running Sentry: its configuration may have been moved away meanwhile. */
function findRunning(name: string | undefined, options: Options): Place {
  const running = possibleConfigs(configOf(name, options), homedir(), process.cwd())
    .map((config) => placeOf(config, runDirOf(options)))
    .find((place) => existsSync(place.socket));
  return running ?? find(name, options);
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
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
