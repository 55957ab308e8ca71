/**
 * Whatever looks at processes, files and the clock for entries that ask for it, joined to the addon and to the loop: probes,
 * schedules, watched files, memory. What none of the entries asks for is not begun, costs nothing, and wakes nobody.
 */
import { dirname } from "node:path";

import type { Configuration, EntryConfiguration } from "../config/configuration.ts";
import { runOf, startedOf } from "../core/state.ts";
import type { RunId } from "../core/types.ts";
import { systemClock } from "../engine/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { Probes } from "../engine/ports.ts";
import { isProbe } from "../engine/probe-run.ts";
import type { Addon, Fact } from "../native/addon.ts";
import type { Transcript } from "../output/journal.ts";
import { Prober } from "../probes/prober.ts";
import type { Sign } from "../probes/prober.ts";
import type * as Calendar from "../triggers/calendar.ts";
import { FileWatch } from "../triggers/file-watch.ts";
import type * as Globs from "../triggers/globs.ts";
import { MemoryWatch } from "../triggers/memory-watch.ts";
import type { Limited } from "../triggers/memory-watch.ts";
import { Schedules } from "../triggers/schedules.ts";
import type { Kept } from "./late.ts";
import type { Place } from "./place.ts";
import { probeRequest } from "./start-request.ts";
import type { Surroundings } from "./start-request.ts";

export interface Attended {
  readonly place: Place;
  readonly configuration: Configuration;
  readonly entries: ReadonlyMap<string, EntryConfiguration>;
  readonly addon: Addon;
  readonly engine: () => Engine;
  readonly transcript: Transcript;
  readonly surroundings: Surroundings;
  readonly late: Kept;
}

export class Attending {
  readonly #attended: Attended;
  readonly #prober: Prober;
  readonly #schedules: Schedules;
  readonly #files: FileWatch;
  readonly #memory: MemoryWatch;
  /** Entries with `restartAbove`. */
  readonly #bounded: readonly { readonly name: string; readonly limit: number }[];

  constructor(attended: Attended) {
    this.#attended = attended;
    const { place, configuration, entries, addon, engine, transcript, surroundings, late } = attended;
    const post: Engine["post"] = (facts) => engine().post(facts);
    const tell = (text: string): void => transcript.tell(text);
    const bug = (error: unknown, what: string): void => transcript.bug(error, what);
    this.#prober = new Prober({
      asked: (name) => entries.get(name) ?? null,
      async prepare(run, name, slot, command, args) {
        const entry = entries.get(name);
        if (entry === undefined) return { step: "probe", errno: "", message: "its entry is not configured any more", subject: name };
        const request = await probeRequest(entry, slot, run, [command, ...args], surroundings);
        return "argv" in request ? () => addon.spawn(request) : request;
      },
      end: (run) => addon.end(run, "SIGKILL", "tree"),
      reap: (run) => addon.reap(run),
      hush: (run) => addon.hush(run),
      seenLines: (run, stream) => addon.seenLines(run, stream),
      settled: () => engine().settled,
      tell, post,
    });
    this.#schedules = new Schedules({
      clock: systemClock, alarm: addon, due: (name) => engine().state.entries.get(name)?.due ?? null, post,
      load: () => import(late.calendar().href) as Promise<typeof Calendar>,
    });
    this.#files = new FileWatch({
      folder: dirname(place.config), own: ownFiles(place, configuration), printed: [1, 2], post, tell, bug,
      load: () => import(late.globs().href) as Promise<typeof Globs>,
    });
    this.#bounded = configuration.entries.flatMap(({ law: { name }, restartAbove }) => restartAbove === null ? [] : [{ name, limit: restartAbove }]);
    this.#memory = new MemoryWatch({ running: () => this.#limited(), sweep: (roots) => addon.sweep([...roots]), post, bug });
  }

  get probes(): Probes {
    return this.#prober;
  }

  /** The law has been told of all that was there before, and is awake. */
  begin(): void {
    const { configuration: { entries }, transcript } = this.#attended;
    const bug = (what: string) => (error: unknown): void => transcript.bug(error, what);
    this.#schedules.begin(entries.flatMap(({ law: { name }, schedule }) => schedule === null ? [] : [{ entry: name, ...schedule }]))
      .catch(bug("schedules were begun"));
    this.#files.begin(entries.flatMap(({ law: { name }, watch }) => watch.length === 0 ? [] : [{ entry: name, globs: watch }]))
      .catch(bug("files were to be watched"));
    this.#memory.wake();
  }

  /** A process is there that was not. */
  started(): void {
    this.#memory.wake();
  }

  /** Whether that is a fact for `take`, and for nobody else. */
  concerns(fact: Fact): boolean {
    return isSign(fact) || fact.kind === "alarm" || ("run" in fact && isProbe(fact.run));
  }

  /** After what has come before it was posted. */
  take(fact: Fact): void {
    if (isSign(fact)) this.#prober.see(fact);
    else if (fact.kind === "alarm") this.#schedules.alarm();
    else if (isOfProgram(fact)) this.#prober.take(fact);
  }

  /** Before a reload no program is started any more (true), until it is called off. */
  rest(on: boolean): void {
    this.#prober.rest(on);
  }

  /** Of an earlier image: nobody waits for it any more. */
  end(run: RunId): void {
    this.#attended.addon.end(run, "SIGKILL", "tree");
  }

  close(): void {
    this.#prober.close();
    this.#schedules.close();
    this.#files.close();
    this.#memory.close();
  }

  /** Their processes. This is asked with each start. */
  #limited(): Limited[] {
    const { entries, slots } = this.#attended.engine().state;
    return this.#bounded.flatMap(({ name, limit }) =>
      Array.from({ length: entries.get(name)?.count ?? 0 }, (_, number) => slots.get(`${name}:${number}`)?.phase).flatMap((phase) => {
        if (phase === undefined || (phase.kind !== "running" && phase.kind !== "readying")) return [];
        const [run, started] = [runOf(phase), startedOf(phase)];
        return run === null || started === null ? [] : [{ run, pid: started.pid, startTicks: started.identity.startTicks, limit }];
      }));
  }
}

function isSign(fact: Fact): fact is Extract<Fact, Sign> {
  return fact.kind === "newline" || fact.kind === "lines";
}

function isOfProgram(fact: Fact): fact is Extract<Fact, { kind: "spawned" | "fault" | "exit" | "cleared" }> {
  return fact.kind === "spawned" || fact.kind === "fault" || fact.kind === "exit" || fact.kind === "cleared";
}

/** What Sentry and its processes write of themselves. */
function ownFiles({ pidFile, runFolder }: Place, { entries }: Configuration): string[] {
  const logs = entries.flatMap(({ log }) => log?.kind === "file" ? [log.file] : []);
  return [pidFile, runFolder, ...logs, ...entries.flatMap(({ pidFile: file }) => file ?? [])];
}
