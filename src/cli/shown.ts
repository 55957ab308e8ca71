/** What the HTTP interface may see of a running Sentry, and ask of it. */
import type { Change } from "../config/changes.ts";
import type { EntryConfiguration } from "../config/configuration.ts";
import type { Definition } from "../config/definition.ts";
import { systemClock } from "../engine/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { View } from "../http/view.ts";
import type { Addon } from "../native/addon.ts";
import type { Transcript } from "../output/journal.ts";
import type { History } from "../survival/history.ts";
import type { Reloading } from "./reloading.ts";

export interface Parts {
  readonly addon: Addon;
  readonly engine: Engine;
  readonly history: History;
  readonly reloading: Reloading;
  readonly transcript: Transcript;
  /** What is on disk, as it was read, and what the processes were made of. */
  readonly entries: ReadonlyMap<string, EntryConfiguration>;
  readonly definitions: readonly Definition[];
}

export function viewOf({ addon, engine, history, reloading, transcript, entries, definitions }: Parts): View {
  const known = new Map(definitions.map((definition) => [definition.law.name, definition.process]));
  return {
    engine, clock: systemClock, past: history,
    program: (name) => known.get(name) ?? { command: "", args: [] },
    options: (name) => optionsOf(entries.get(name)),
    reload: (by) => reloading.ask(by),
    async plan() {
      const verdict = await reloading.plan();
      if (verdict === null) return { kind: "busy" };
      if (verdict.kind === "unusable") return { kind: "invalid", message: verdict.message };
      return { kind: "plan", changes: verdict.changes as readonly Change[] };
    },
    peer: (fd) => addon.peer(fd),
    duplicate: (fd) => addon.duplicate(fd),
    bug: (error, what) => transcript.bug(error, what),
  };
}

/** All that is configured, but no environment: that is nobody's business. */
function optionsOf(entry: EntryConfiguration | undefined): Record<string, unknown> {
  if (entry === undefined) return {};
  const { law, command: _command, args: _args, env: _env, envFunction: _function, envSource: _source, ...options } = entry;
  return { count: law.count, delay: law.delay, ...options };
}
