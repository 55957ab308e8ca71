/**
 * Finds and loads the addon: the one that was built here, or else a prebuilt one that fits (node-gyp-build decides).
 * The package's folder is looked for upwards, since this file runs from its bundle and from the tests' output alike.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { SentryError } from "../errors.ts";
import type { Addon } from "./addon.ts";

/** @throws SentryError E_FAILED where there is no addon for this machine */
export function loadAddon(): Addon {
  const require = createRequire(import.meta.url);
  try {
    const load = require("node-gyp-build") as (folder: string) => Addon;
    return load(packageFolder());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SentryError("E_FAILED", `the native part of Sentry cannot be loaded: ${why}\n`
      + "It is built with `npm rebuild sentryd` (needs a C++ compiler, make and python3).");
  }
}

export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "binding.gyp")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
