/** Which file is meant by the name that a command was given, or by none. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SentryError } from "../errors.ts";

/**
 * @param name a path, or a name that is looked up; undefined for the default configuration
 * @param home the user's home folder
 * @param cwd  where relative paths start
 * @returns the real path: that is what identifies a configuration
 * @throws SentryError E_CONFIG_MISSING naming all places that were tried
 */
export function findConfig(name: string | undefined, home: string, cwd: string): string {
  const tried = placesToTry(name, home, cwd);
  for (const path of tried) {
    const found = realPathOf(path, tried.length > 1);
    if (found !== null) return found;
  }
  const hint = name === undefined ? " (`sentry init` writes one)" : "";
  throw new SentryError("E_CONFIG_MISSING", `no configuration found: tried ${tried.join(", ")}${hint}`);
}

/**
 * What the configuration of a running Sentry would be called: what `findConfig` finds comes first. But its file may have
 * been moved away since, or its folder; so then come all paths that were tried, whether or not there is a file.
 */
export function possibleConfigs(name: string | undefined, home: string, cwd: string): string[] {
  const tried = placesToTry(name, home, cwd);
  const there = tried.map((path) => realPathOf(path, tried.length > 1)).filter((path) => path !== null);
  return [...there, ...tried.map((path) => join(realPathOf(dirname(path), false) ?? dirname(path), basename(path)))];
}

/** It is no name that is looked up. */
export function isPath(name: string): boolean {
  return name.includes("/") || /\.[cm]?[jt]s$/.test(name);
}

function placesToTry(name: string | undefined, home: string, cwd: string): string[] {
  const kept = join(home, ".sentry/conf");
  const names = name === undefined ? ["sentry.ts", join(kept, "sentry.ts")]
    : isPath(name) ? [name]
    : [`${name}.ts`, join(kept, `${name}.ts`)];
  return names.map((path) => resolve(cwd, path));
}

/** A folder may have the name that is looked up; only where it was named as a path is it an answer, if a wrong one. */
function realPathOf(path: string, filesOnly: boolean): string | null {
  try {
    return filesOnly && !statSync(path).isFile() ? null : realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new SentryError("E_CONFIG_MISSING", `cannot look for a configuration: ${(error as Error).message}`);
  }
}
