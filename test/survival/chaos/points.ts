/** The points at which Sentry kills itself when SENTRY_DIE_AT names them. docs/survival.md has them all. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { packageFolder } from "../../../src/native/load.ts";

export const POINTS = [
  "hold-output", "cloned", "hold-process", "spawned", "peeked", "reap", "reaped", "released", "followed",
  "history-append", "history-appended", "state-write", "state-half", "state-rename", "state-written",
  "trial", "drained", "quiet", "paused", "detached", "exec", "resumed", "taken",
] as const;

/** All that the sources name. */
export function pointsInSources(): string[] {
  const root = packageFolder();
  const texts = [
    ...readdirSync(join(root, "native")).map((name) => join("native", name)),
    ...readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((name) => join("src", name)),
  ].filter((name) => /\.(cc|h|ts)$/.test(name)).map((name) => readFileSync(join(root, name), "utf8"));
  const calls = texts.flatMap((text) => [...text.matchAll(/^(?!\s*(?:\/\/|\/?\*)).*\bdie_?[aA]t\("([a-z-]+)"\)/gm)]);
  return [...new Set(calls.map(([, point = ""]) => point))];
}
