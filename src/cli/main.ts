#!/usr/bin/env node
/** The command: reads the words, calls the verb, and is the only place that ends the process. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";

import { Command, CommanderError, Option } from "commander";

import { findConfig, possibleConfigs } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { SentryError } from "../errors.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";

interface Options {
  config?: string;
  runDir?: string;
  json?: boolean;
  detach?: boolean;
  background?: boolean;
}

const USAGE = 2;
const FAILED = 1;

// Node would open its debugger for whoever sends this, until the supervisor takes the signal over.
process.on("SIGUSR1", () => {});

const program = new Command("sentry")
  .description("Keeps programs running, and sees every exit exactly.")
  .version(versionOf(new URL("../package.json", import.meta.url)))
  .exitOverride()
  .addHelpText("after", "\nAn executable configuration is its own command: ./sample.ts start");

verb("start [config]", "start the configured processes, and keep them running", [
  "sentry start sample.ts", "sentry start --detach", "sentry start sample.ts --run-dir /run/sample",
])
  .option("-d, --detach", "return once each process has been started, and run on in the background")
  .addOption(new Option("--background").hideHelp())
  .action(async (name: string | undefined, options: Options) => {
    if (options.json && !options.detach) {
      throw new SentryError("E_USAGE", "start --json goes with --detach: in the foreground, the terminal shows the transcript");
    }
    const place = find(name, options);
    if (options.detach) {
      const { startDetached } = await import("./start.ts");
      return startDetached(place, runDirOf(options), options.json === true);
    }
    // First of all: its process boots while the rest of Sentry is loaded here.
    const configuration = loadConfig(place.config);
    const { start, startInBackground } = await import("./start.ts");
    await (options.background ? startInBackground : start)(place, configuration);
  });

verb("stop [config]", "stop everything in order, and wait until Sentry is gone", ["sentry stop", "sentry stop sample.ts"])
  .action(async (name: string | undefined, options: Options) => {
    const { stop } = await import("./stop.ts");
    await stop(findRunning(name, options), options.json === true);
  });

verb("check [config]", "compile and validate a configuration; touch nothing", ["sentry check sample.ts"])
  .action(async (name: string | undefined, options: Options) => {
    const { check } = await import("./check.ts");
    await check(find(name, options).config, options.json === true);
  });

verb("init [file]", "write a commented configuration", ["sentry init", "sentry init sample.ts"])
  .action(async (name: string | undefined, options: Options) => {
    const { init } = await import("./init.ts");
    init(name ?? options.config, options.json === true);
  });

main();

function verb(words: string, does: string, examples: readonly string[]): Command {
  return program.command(words).description(does).exitOverride()
    .option("-c, --config <config>", "the configuration: a path, or a name that is looked up (default: sentry.ts)")
    .option("--run-dir <dir>", "where Sentry's own files stand (or SENTRY_RUN_DIR; default: beside the configuration)")
    .option("--json", "answer with one JSON document")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
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
  return options.runDir ?? (process.env["SENTRY_RUN_DIR"] || undefined);
}

/** `./sample.ts start` comes here as `sentry ./sample.ts start`: the configuration first, then the verb. */
function verbFirst(words: readonly string[]): string[] {
  const [first = "", second, ...rest] = words;
  const isConfig = first.includes("/") || /\.[cm]?[jt]s$/.test(first);
  if (!isConfig || second === undefined) return [...words];
  return [second, "--config", first, ...rest];
}

function main(): void {
  program.parseAsync(verbFirst(process.argv.slice(2)), { from: "user" }).then(() => leave(0), (error: unknown) => {
    // Help and version come as errors with exit code 0; what is wrong with the words has been told by commander.
    if (error instanceof CommanderError) return leave(error.exitCode === 0 ? 0 : USAGE);
    console.error(`sentry: ${error instanceof SentryError ? error.message : String((error as Error).stack ?? error)}`);
    return leave(error instanceof SentryError ? error.exitCode : FAILED);
  });
}

/** What has been printed into a pipe may still be on its way; only when all of it is out is this the end. */
function leave(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

function versionOf(file: URL): string {
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
