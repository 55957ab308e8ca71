/** All that is written down about an experiment: by the children, by Sentry in its history, and in the log files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

import type { Site } from "../../support/site.ts";
import { historyIn } from "./history.ts";
import type { History } from "./history.ts";
import { livesIn } from "./life.ts";
import type { Life } from "./life.ts";

export interface Books {
  readonly lives: readonly Life[];
  readonly history: History;
  /** The text of each log file. */
  readonly logs: readonly string[];
}

export function booksOf(site: Site): Books {
  const folder = site.path("sample.run/logs");
  const files = existsSync(folder) ? readdirSync(folder).map((name) => site.path("sample.run/logs", name)) : [];
  // Of one that ran in the foreground.
  if (existsSync(site.path("transcript.log"))) files.push(site.path("transcript.log"));
  return {
    lives: livesIn(site.path("books")), history: historyIn(site.path("sample.run/history")),
    logs: files.map((path) => readFileSync(path, "utf8")),
  };
}
