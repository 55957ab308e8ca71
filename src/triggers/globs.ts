/**
 * What a glob of `watch` means, by picomatch: loaded late, and only where an entry has one. A path without any glob in it
 * means that file, or all that is in that folder.
 *
 * To look for files in all folders below would cost too much where they cannot match. So it is asked of each folder
 * whether something in it can: by the parts of the glob, up to the first one that may stand for more than one name. From
 * there on all folders can, except those that a glob has to name to mean them: `node_modules`, and what begins with a dot.
 */
import picomatch from "picomatch";

import { isBelow } from "./paths.ts";
import type { Pattern } from "./files.ts";

/** Makes a part of a path a glob, where it is not escaped. */
const GLOB = /[*?[{(]/;
/** Stands for more than one name, or may have a slash in it. */
const WIDE = /\*\*|[{(]/;
/** A name that begins with a dot, in the middle of a glob or in an alternative. */
const NAMES_HIDDEN = /(?:^|[/{(,|])\\?\./;

/** @param glob absolute; a backslash escapes */
export function patternOf(glob: string): Pattern {
  const parts = glob.replace(/\/+$/, "").split("/");
  const begin = parts.findIndex((part) => GLOB.test(part.replace(/\\./g, "")));
  const base = parts.slice(0, begin < 0 ? undefined : begin).join("/").replace(/\\(.)/g, "$1") || "/";
  return begin < 0 ? plain(base) : globbed(glob, base, parts.slice(begin));
}

function plain(path: string): Pattern {
  const skipped = skippedBy(path, "");
  const isMeant = (one: string): boolean => one === path || isBelow(one, path) && !below(one, path).some(skipped);
  return { base: path, matches: isMeant, reaches: isMeant };
}

function globbed(glob: string, base: string, parts: readonly string[]): Pattern {
  const wide = parts.findIndex((part) => WIDE.test(part));
  const narrow = parts.slice(0, wide < 0 ? -1 : wide).map((part) => picomatch(part, { nonegate: true }));
  const skipped = skippedBy(glob, parts.join("/"));
  const isGlob = picomatch(glob);
  return {
    base,
    matches: (path) => isGlob(path) && !below(path, base).some(skipped),
    reaches(folder) {
      if (folder === base) return true;
      if (!isBelow(folder, base)) return false;
      const names = below(folder, base);
      if (wide < 0 && names.length > narrow.length) return false;
      return names.every((name, n) => narrow[n]?.(name) ?? !skipped(name));
    },
  };
}

/** What a glob does not mean unless it says so. */
function skippedBy(glob: string, rest: string): (name: string) => boolean {
  const modules = glob.includes("node_modules");
  const hidden = NAMES_HIDDEN.test(rest);
  return (name) => (name === "node_modules" && !modules) || (name.startsWith(".") && !hidden);
}

function below(path: string, base: string): string[] {
  return path.slice(base === "/" ? 1 : base.length + 1).split("/");
}
