/**
 * Finds and loads the addon: the one that was built here, or else a prebuilt one that fits (node-gyp-build decides).
 * The package's folder is looked for upwards, since this file runs from its bundle and from the tests' output alike.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { SentryError } from "../errors.ts";
import type { Addon } from "./addon.ts";

const howToBuild = "It is built with `npm rebuild sentryd` (needs a C++ compiler, make and python3).";

/** @throws SentryError E_FAILED where there is no addon for this machine */
export function loadAddon(): Addon {
  return find((load) => load(packageFolder()));
}

/**
 * The file that `loadAddon` loads, or would load.
 * @throws SentryError as that does
 */
export function addonFile(): string {
  return find((load) => load.path(packageFolder()));
}

type Load = ((folder: string) => Addon) & { path(folder: string): string };

function find<T>(by: (load: Load) => T): T {
  const require = createRequire(import.meta.url);
  try {
    return by(require("node-gyp-build") as Load);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SentryError("E_FAILED", `the native part of Sentry cannot be loaded: ${why}\n${howToBuild}`);
  }
}

/**
 * The path of the keeper's program, which is made and shipped beside the addon.
 * @throws SentryError E_FAILED where there is none for this machine
 */
export function keeperProgram(): string {
  const places = ["build/Release", `prebuilds/${process.platform}-${process.arch}`];
  const programs = places.map((place) => join(packageFolder(), place, "sentry-keeper"));
  const found = programs.find((program) => existsSync(program));
  if (found === undefined) {
    throw new SentryError("E_FAILED", `the keeper's program is missing: neither ${programs.join(" nor ")} is there\n${howToBuild}`);
  }
  return found;
}

export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "binding.gyp")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
