/**
 * The composition root: joins the law, the loop and the native threads to one running Sentry, from its configuration
 * to its end. Everything that is decided is decided elsewhere.
 */
import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";

import type { Configuration, EntryConfiguration } from "../config/configuration.ts";
import { Functions } from "../config/functions.ts";
import type { Fault, Millis, RunId } from "../core/types.ts";
import { systemClock, SystemTimers } from "../engine/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Unanswered } from "../engine/engine.ts";
import { SentryError } from "../errors.ts";
import { listen } from "../http/listener.ts";
import type { Addon, Fact, SpawnRequest } from "../native/addon.ts";
import { happeningOf, NativeKernel } from "../native/kernel.ts";
import { colourOf } from "../output/colours.ts";
import { Transcript } from "../output/journal.ts";
import { refuseTooMany } from "./descriptors.ts";
import { FirstStarts } from "./first-starts.ts";
import { makeRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { orRefuse } from "./refusal.ts";
import { Signals } from "./signals.ts";
import { fileSinks, terminalSink } from "./sinks.ts";
import { startRequest } from "./start-request.ts";

/** More spawning threads than cores gain nothing; more than four have nothing to do. */
const MOST_SPAWNERS = 4;

/** How long the output may take at the end. */
const LAST_WORDS: Millis = 2000;

export interface Supervision {
  readonly place: Place;
  readonly configuration: Configuration;
  readonly addon: Addon;
  /** Output goes to files in the run folder, and nothing to the terminal. */
  readonly detached: boolean;
  /** Each wanted process has been started, or could not be, and the socket answers. */
  started(): void;
}

/**
 * Runs until everything is stopped.
 * @throws SentryError where it cannot begin; then nothing was started, and nothing is left behind
 */
export function supervise({ place, configuration, addon, detached, started }: Supervision): Promise<void> {
  let gone: () => void;
  const left = new Promise<void>((resolve) => { gone = resolve; });
  const entries = new Map(configuration.entries.map((entry) => [entry.law.name, entry]));
  const signals = new Signals(process.ppid);
  const bound: string[] = [];
  let lastWords: NodeJS.Timeout | undefined;

  refuseTooMany(configuration);
  makeRunFolder(place);
  lock(addon, place);
  const { listening, socket, eventsFault, sinks } = orUndo(() => ({
    listening: new Map(configuration.entries.map((entry) => [entry.law.name, bindAll(entry)])),
    socket: orRefuse(place.socket, () => listenUnix(place.socket)),
    eventsFault: orRefuse("the native threads", () =>
      addon.start(Math.min(availableParallelism(), MOST_SPAWNERS), configuration.processEvents, take)),
    sinks: detached ? fileSinks(addon, place, entries.keys()) : terminalSink(addon),
  }));
  const transcript = new Transcript(addon.say.bind(addon), sinks, systemClock);
  const functions = configuration.code === null ? null
    : new Functions(configuration.code, configuration.path, (text) => transcript.tell(text.trimEnd()));

  const surroundings = {
    instance: randomBytes(8).toString("hex"), inherited: { ...process.env }, functions, listening,
    sinkOf: (entry: string) => sinks.of(entry),
    colourOf: (entry: string) => (sinks.coloured(sinks.of(entry)) ? colourOf(entry) : null),
  };
  const prepare = async (run: RunId, name: string, slot: number): Promise<SpawnRequest | Fault> => {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`there is no entry ${name}`);
    return startRequest(entry, slot, run, surroundings);
  };

  const firstStarts = new FirstStarts(configuration.entries, started);
  const engine: Engine = new Engine({
    clock: systemClock,
    timers: new SystemTimers(systemClock, (token) => engine.post([{ kind: "timeUp", token }])),
    kernel: new NativeKernel(addon, systemClock, prepare, (facts) => engine.post(facts)),
    journal: {
      record: (record) => {
        transcript.record(record);
        firstStarts.record(record);
      },
      bug: (error, what) => transcript.bug(error, what),
    },
    leave,
  });

  // A mistake of Sentry's own must not end what it supervises: it is told, and the loop goes on.
  const tell = (error: unknown): void => transcript.bug(error, "something was done that nobody waited for");
  process.on("uncaughtException", tell);

  transcript.tell(`Sentry started (PID: ${process.pid} saved in ${place.pidFile}).`);
  if (eventsFault !== null) {
    transcript.tell(`The kernel's process events are not listened to: ${eventsFault}. Exits are exact without them.`);
  }
  engine.post([{ kind: "start", laws: configuration.entries.map((entry) => entry.law) }]);
  // Supervision comes first. Whoever has connected meanwhile waits in the socket's queue.
  listen(socket, {
    engine, clock: systemClock, program: (name) => entries.get(name) ?? { command: "", args: [] },
    peer: (fd) => addon.peer(fd), bug: (error, what) => transcript.bug(error, what),
  });
  return left;

  /** A batch of what native threads have seen. */
  function take(facts: Fact[]): void {
    engine.post(facts.map((fact) => happeningOf(fact) ?? commandOf(fact)).filter((command) => command !== null));
  }

  /** What is no affair of a process: signals to Sentry are requests like others, the rest ends here. */
  function commandOf(fact: Fact): Unanswered | null {
    if (fact.kind === "flushed") end();
    if (fact.kind === "lost" && fact.what === "processEvents") {
      transcript.tell(`${fact.count} of the kernel's process events were lost. Exits are exact without them.`);
    }
    if (fact.kind !== "signal") return null;
    switch (signals.meaningOf(fact)) {
      // A terminal that goes away is told more than once, by the kernel and by the shell: nobody asks for haste with that.
      case "stop": return { kind: "stop", hurry: fact.signal !== "SIGHUP", by: { kind: "signal", pid: fact.pid, uid: fact.uid }, reply: null };
      case "reload": transcript.tell(`SIGHUP from PID ${fact.pid}: this version cannot reload; everything runs on.`); return null;
      case "reopen": transcript.tell(`SIGUSR2 from PID ${fact.pid}: this version cannot reopen log files; everything runs on.`); return null;
      case null: return null;
    }
  }

  /** Nothing is alive any more; what was printed is written before the end, but no slow reader is waited for. */
  function leave(): void {
    functions?.close();
    transcript.tell("Bye.");
    addon.flush(0);
    lastWords = setTimeout(end, LAST_WORDS);
  }

  function end(): void {
    clearTimeout(lastWords);
    process.off("uncaughtException", tell);
    removeNames();
    addon.stop();
    gone();
  }

  /** Bound once, before the first process; each of the entry's processes gets the same sockets. */
  function bindAll({ law, listen: all }: EntryConfiguration): number[] {
    return all.map((one) => orRefuse(`${one.kind === "unix" ? one.path : `port ${one.port}`} for entry ${law.name}`, () =>
      one.kind === "unix" ? listenUnix(one.path) : addon.listenTcp(one.host ?? "*", one.port)));
  }

  /** The addon opens no folder through a link, which is right for our own; what a user names may lead over one (/var/run). */
  function listenUnix(path: string): number {
    const real = join(realpathSync(dirname(path)), basename(path));
    const fd = addon.listenUnix(real);
    bound.push(real);
    return fd;
  }

  /** What has a name in the file system while Sentry runs, and only then. */
  function removeNames(): void {
    for (const path of bound) addon.removeSocket(path);
    addon.removeLock(place.pidFile);
  }

  function orUndo<T>(begin: () => T): T {
    try {
      return begin();
    } catch (error) {
      addon.stop();
      removeNames();
      throw error;
    }
  }
}

function lock(addon: Addon, place: Place): void {
  const holder = orRefuse(place.pidFile, () => addon.lockFile(place.pidFile));
  if (holder === null) return;
  const who = holder === 0 ? `its PID is not in ${place.pidFile} yet` : `PID: ${holder}`;
  throw new SentryError("E_RUNNING", `Sentry already runs for ${place.config} (${who})`);
}
