/** What the HTTP interface may see of a running Sentry, and ask of it. */
import type { Change } from "../config/changes.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Definition } from "../config/definition.ts";
import { systemClock } from "../engine/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { Tallies } from "../http/tallies.ts";
import type { View } from "../http/view.ts";
import type { Addon } from "../native/addon.ts";
import type { Transcript } from "../output/journal.ts";
import { Logs } from "../output/logs.ts";
import type { History } from "../survival/history.ts";
import { optionsOf } from "./entry-options.ts";
import type { Place } from "./place.ts";
import type { Reloading } from "./reloading.ts";
import type { OutputSinks } from "./sinks.ts";
import type { Strays } from "./strays.ts";
import { version } from "./version.ts";

export interface Parts {
  readonly addon: Addon;
  /** What is on disk, as it was read, and what the processes were made of. */
  readonly configuration: Configuration;
  readonly definitions: readonly Definition[];
  readonly engine: Engine;
  readonly history: History;
  readonly openapi: () => Buffer;
  readonly reloading: Reloading;
  readonly reopenLogs: View["reopenLogs"];
  readonly sinks: OutputSinks;
  readonly place: Place;
  readonly strays: Strays;
  readonly tallies: Tallies;
  readonly transcript: Transcript;
}

export function viewOf({
  addon, configuration, definitions, engine, history, openapi, place, reloading, reopenLogs, sinks, strays, tallies, transcript,
}: Parts): View {
  const entries = new Map(configuration.entries.map((entry) => [entry.law.name, entry]));
  const known = new Map(definitions.map((definition) => [definition.law.name, definition.process]));
  const logs = new Logs((entry) => sinks.whereOf(entry), place.runFolder);
  sinks.files.onOpened = (entry) => logs.opened(entry);
  return {
    engine, clock: systemClock, past: history, tallies, version: version(), config: place.config, maxCount: configuration.maxCount,
    program: (name) => known.get(name) ?? { command: "", args: [] },
    options: (name) => optionsOf(entries.get(name)),
    reload: (by) => reloading.ask(by),
    async plan() {
      const verdict = await reloading.plan();
      if (verdict === null) return { kind: "busy" };
      if (verdict.kind === "unusable") return { kind: "invalid", message: verdict.message };
      return { kind: "plan", changes: verdict.changes as readonly Change[] };
    },
    openapi, logs, reopenLogs,
    sweep: (roots) => addon.sweep(roots),
    strays: () => strays.ask(),
    peer: (fd) => addon.peer(fd),
    duplicate: (fd) => addon.duplicate(fd),
    tell: (text) => transcript.tell(text),
    bug: (error, what) => transcript.bug(error, what),
  };
}
