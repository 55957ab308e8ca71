/**
 * The composition root: joins the law, the loop and the native threads to one running Sentry, from what it begins with to
 * its end, or to the image that comes after it. Everything that is decided is decided elsewhere.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";

import type { EntryConfiguration } from "../config/configuration.ts";
import { Functions } from "../config/functions.ts";
import { Hooks } from "../config/hooks.ts";
import type { Happening } from "../core/command.ts";
import type { HistoryRecord, LostRecord } from "../core/record.ts";
import type { Fault, RunId } from "../core/types.ts";
import { systemClock, SystemTimers } from "../engine/clock.ts";
import { dieAt } from "../engine/die-at.ts";
import { Engine } from "../engine/engine.ts";
import type { Unanswered } from "../engine/engine.ts";
import { Http } from "../http/listener.ts";
import type { Late } from "../http/listener.ts";
import { Tallies } from "../http/tallies.ts";
import type { View } from "../http/view.ts";
import type { Fact, SpawnRequest } from "../native/addon.ts";
import { NativeKernel } from "../native/kernel.ts";
import { letStandardBlock } from "../native/standard.ts";
import { colourOf } from "../colours.ts";
import { Transcript } from "../output/journal.ts";
import type { LogFormat } from "../output/journal.ts";
import { History } from "../survival/history.ts";
import { readLabel } from "../survival/kept.ts";
import { toPlain } from "../survival/plain.ts";
import { bootId } from "../survival/proc.ts";
import { VERSION, writeSnapshot } from "../survival/snapshot.ts";
import type { Snapshot } from "../survival/snapshot.ts";
import { endUnknown } from "../survival/takeover.ts";
import { Announcing } from "./announcing.ts";
import { Attending } from "./attending.ts";
import { beginAgain } from "./beginning.ts";
import type { Beginning, Circumstances } from "./beginning.ts";
import { openDoors } from "./doors.ts";
import type { Doors } from "./doors.ts";
import { FirstStarts, toBeStarted } from "./first-starts.ts";
import { keepAll } from "./late.ts";
import { spelled } from "./log-files.ts";
import { clearUp, LEAVING, sayBye } from "./leaving.ts";
import type { Leaving, LostFact } from "./leaving.ts";
import { Named } from "./named.ts";
import { orRefuse } from "./refusal.ts";
import { Reloading } from "./reloading.ts";
import { viewOf } from "./shown.ts";
import { Signals } from "./signals.ts";
import type { SignalFact } from "./signals.ts";
import { OutputSinks } from "./sinks.ts";
import { pidFileOf, startRequest } from "./start-request.ts";
import { Strays } from "./strays.ts";
import { tokenOf } from "./token.ts";
import { version } from "./version.ts";

/** More spawning threads than cores gain nothing; more than four have nothing to do. */
const MOST_SPAWNERS = 4;

export interface Supervision extends Circumstances {
  /** Output goes to files in the run folder, and nothing to the terminal. */
  readonly detached: boolean;
  readonly logFormat: LogFormat;
  /** Each process that is to be started at the beginning has been, or could not be, and the socket answers. Null: nobody waits. */
  readonly started: (() => void) | null;
}

/** Runs until everything is stopped, and gives what Sentry is to exit with. What keeps it from beginning is thrown, as a SentryError. */
export function supervise(supervision: Supervision, beginning: Beginning): Promise<number> {
  const { place, configuration, addon, keeper, detached, logFormat, started } = supervision;
  let saidAll = (): void => {};
  const { addresses, definitions, instance, startedAt, reexecedAt, tcp } = beginning;
  const tallies = new Tallies(beginning.tallies);
  const late = keepAll();
  let gone: (next: number | Promise<number>) => void;
  const left = new Promise<number>((resolve) => { gone = resolve; });
  const entries = new Map(configuration.entries.map((entry) => [entry.law.name, entry]));
  const signals = new Signals(process.ppid);
  let doors: Doors | null = null;

  const strays = new Strays(addon);
  const named = new Named(writeDown);

  const missing = orRefuse("the native threads", () => addon.start({
    spawners: Math.min(availableParallelism(), MOST_SPAWNERS), processEvents: configuration.processEvents,
    cgroups: `sentry.${instance}`, inherited: beginning.inherited,
  }, take));
  if (configuration.entries.some(({ log }) => log?.kind === "inherit")) letStandardBlock();
  const names = new Set([...entries.keys(), ...(beginning.state?.entries.keys() ?? []), ...beginning.outputs.map(({ kept }) => slotOf(kept).entry)]);
  const early: string[] = [];
  let say = (text: string): void => { early.push(text); };
  const sinks = new OutputSinks({
    addon, place, detached, logFormat, configured: entries, former: beginning.logs, names, left: beginning.tails,
    strict: beginning.state === null, // what is running already is not left alone for the sake of a file
    tell: (text) => say(text),
  });
  // The rest of a line comes before whatever is told: the reader has the other half.
  for (const { entry, text } of beginning.owed) addon.owe(sinks.named(entry), text);
  const transcript = new Transcript(addon.say.bind(addon), sinks, systemClock, logFormat);
  say = (text) => transcript.tell(text);
  const history = History.open(place.history, {
    lastId: beginning.lastId, instance, boot: bootId(),
    onTrouble: (message) => transcript.tell(message), onGrown: writeDown,
  });
  history.resume(beginning.unwritten);
  const functions = configuration.code === null ? null
    : new Functions(configuration.code, configuration.path, (text) => transcript.tell(text.trimEnd()), late.functionsWorker);

  const hooks = configuration.code === null || !configuration.on ? null : new Hooks({
    program: { code: configuration.code, path: configuration.path }, worker: late.hooksWorker, past: history, after: beginning.hooked,
    tell: (text) => transcript.tell(text), lost: (count) => tellLost("events", count, null),
  });
  const surroundings = {
    instance, inherited: { ...process.env }, functions,
    listening: (entry: EntryConfiguration) => entry.listen.map((one) => addresses.bind(one, `for entry ${entry.law.name}`)),
    outputOf: (entry: EntryConfiguration, slot: number) => sinks.outputOf(entry, slot),
    colourOf: (entry: string) => (sinks.coloured ? colourOf(entry) : null),
  };
  const prepare = async (run: RunId, name: string, slot: number): Promise<SpawnRequest | Fault> => {
    const entry = entries.get(name);
    if (entry !== undefined) return startRequest(entry, slot, run, surroundings);
    // After a take-over: it runs on as long as it lives. How it was started stands nowhere any more.
    return { step: "start", errno: "", message: `it is not in ${place.config} any more; sentry reload takes it out`, subject: "" };
  };

  const firstStarts = started === null ? null
    : new FirstStarts(toBeStarted(beginning.state, configuration.entries.map(({ law }) => law)), () => {
      started();
      reloading.begin();
    });
  const pidFile = (name: string, slot: number): string | null => pidFileOf(entries.get(name), slot);
  const kernel = new NativeKernel(addon, systemClock, { prepare, pidFileOf: pidFile }, (facts) => engine.post(facts));
  const announcing = Announcing.of(process.env, {
    notify: addon.notify.bind(addon), clock: systemClock, engine: { get state() { return engine.state; } },
    wasReady: beginning.announced, tell: (text) => transcript.tell(text),
  });
  const attending = new Attending({ place, configuration, entries, addon, engine: () => engine, transcript, surroundings, late });
  const engine: Engine = new Engine({
    clock: systemClock, timers: new SystemTimers(systemClock, (token) => engine.post([{ kind: "timeUp", token }])), kernel,
    probes: attending.probes, journal: { record, bug: (error, what) => transcript.bug(error, what) },
    leave,
  }, beginning.state);

  // A mistake of Sentry's own must not end what it supervises: it is told, and the loop goes on.
  const tell = (error: unknown): void => transcript.bug(error, "something was done that nobody waited for");
  process.on("uncaughtException", tell);

  const reloading: Reloading = new Reloading({
    place, detached, logFormat, addon, engine, transcript, history, addresses, sinks, tcp, tallies, hooks, announcing, startedAt, reexecedAt,
    snapshot, writeState,
    doors() {
      if (doors === null) throw new Error("a reload has begun before the beginning was over");
      return doors;
    },
    quiesce(on) {
      attending.rest(on);
      addon.quiesce(on);
    },
    letGo() {
      attending.close();
      sinks.files.close();
      named.close();
      kernel.letGo();
      keeper.letGo();
      functions?.close();
      hooks?.close();
      announcing?.close();
      history.close();
      process.off("uncaughtException", tell);
    },
    takeUp(handover) {
      const again = { ...supervision, started: null }; // whoever waited for that has been told
      gone(supervise(again, beginAgain(again, handover, addresses)));
    },
    lost: (error) => gone(Promise.reject(error as Error)),
  });

  for (const text of [...beginning.told, ...early]) transcript.tell(text);
  // An image that was without them has said so; one that hands them over has not.
  const isNews = beginning.inherited === null || beginning.inherited.events !== null;
  if (missing.processEvents !== null && isNews) {
    transcript.tell(`The kernel's process events are not listened to: ${missing.processEvents}. Exits are exact without them.`);
  }
  const ended = takeUp();
  if (beginning.failed !== null) record({ type: "fault", at: systemClock.now().wall, entry: null, slot: null, pid: null, cause: null, by: null, ...beginning.failed });
  for (const one of beginning.untold) record(one);
  engine.post([...beginning.first, ...ended]);
  take([...beginning.facts]);
  engine.post([beginning.last]);
  writeDown();
  dieAt("resumed");
  const view = viewOf({
    addon, configuration, definitions, engine, history, openapi: late.openapi, place, reloading, reopenLogs, sinks, strays, tallies, transcript,
  });
  const http = new Http(view, () => import(late.http().href) as Promise<Late>);
  // Supervision comes first. Whoever has connected meanwhile waits in the socket's queue.
  doors = openDoors(http, addon, {
    socket: beginning.socket, tcp, hosts: configuration.http?.hosts ?? [], idle: beginning.idle, token: tokenOf(place, transcript),
  }, transcript);
  attending.begin();
  if (beginning.failed !== null) announcing?.refused(beginning.failed.message);
  announcing?.begin();
  if (beginning.again !== null) reloading.signalled(beginning.again.by);
  if (firstStarts === null) reloading.begin();
  return left;

  /** The processes and pipes that were there before. What has ended in the meantime is told, for others of it may be left. */
  function takeUp() {
    for (const output of beginning.outputs) {
      const { entry, slot } = slotOf(output.kept);
      addon.adoptOutput({ ...output, slot, sink: sinks.pipesOf(entry, slot), colour: surroundings.colourOf(entry) });
    }
    const gone = beginning.processes.filter((process) => !addon.adopt(process));
    for (const probe of beginning.probes) if (addon.adopt(probe)) attending.end(probe.run);
    addon.spare(false);
    if (!existsSync(place.keeper)) renewKeeper();
    // Recorded, but perhaps not reaped: of no concern to the law any more, unless it has yet to end what they left behind.
    for (const { run, ended } of beginning.processes) if (ended && !engine.state.runs.has(run)) addon.reap(run);
    return gone.filter(({ ended }) => !ended).map((process) => {
      addon.adopt({ ...process, pidfd: null, notify: null, readyPipe: null, ended: true }); // for the sake of what it has left behind
      return endUnknown(process.run, process.pid, systemClock.now(), false);
    });
  }

  function record(record: HistoryRecord): void {
    history.append(record);
    tallies.record(record);
    transcript.record(record);
    firstStarts?.record(record);
    if (record.type === "started" || record.type === "ready") attending.started(); // a daemon is there once it is ready
    announcing?.record(record);
  }

  function tellLost(what: LostRecord["what"], count: number, entry: string | null): void {
    record(lostRecord(what, count, entry));
  }

  /** Whose output it was, where that is for a place of its own. */
  function entryOf({ sink }: LostFact): string | null {
    return sink === null ? null : sinks.nameOf(sink)?.split(":")[0] ?? null;
  }

  /** A batch of what native threads have seen. */
  function take(facts: Fact[]): void {
    const now = systemClock.now();
    const [aside, commands]: [Fact[], (Happening | Unanswered)[]] = [[], []];
    for (const fact of facts) {
      if (attending.concerns(fact)) {
        aside.push(fact);
        continue;
      }
      const command = kernel.happeningOf(fact) ?? commandOf(fact);
      if (command !== null) commands.push(command);
    }
    for (const command of commands) if (command.kind === "exited") tallies.seen(command.exit, now);
    engine.post(commands);
    named.heard(commands);
    for (const fact of aside) attending.take(fact);
  }

  /** What is no affair of a process: signals to Sentry are requests like others, the rest ends here. */
  function commandOf(fact: Fact): Unanswered | null {
    switch (fact.kind) {
      case "flushed":
        if (fact.token === LEAVING) saidAll();
        else reloading.answered("flushed");
        return null;
      case "quiet": reloading.answered("quiet"); return null;
      case "keeperGone": renewKeeper(); return null;
      case "strays": strays.answered(fact); return null;
      case "lost": tellLost(fact.what, fact.count, entryOf(fact)); return null;
      case "rotated": sinks.files.rotated(fact); return null;
      case "packed": sinks.files.packed(); return null;
      case "signal": return wishOf(fact);
      case "spawned": case "fault": case "exit": case "cleared": case "followed": case "astray": case "surviving": case "notified":
        return null; // happenings
      case "newline": case "lines": case "alarm": return null; // of those who attend
    }
  }

  function wishOf(fact: SignalFact): Unanswered | null {
    const by = { kind: "signal", pid: fact.pid, uid: fact.uid } as const;
    switch (signals.meaningOf(fact)) {
      // A terminal that goes away is told more than once, by the kernel and by the shell: nobody asks for haste with that.
      case "stop": return { kind: "stop", hurry: fact.signal !== "SIGHUP", by, reply: null };
      case "reload": reloading.signalled(by); return null;
      case "reopen": transcript.tell(`SIGUSR2${fact.pid === null ? "" : ` from PID ${fact.pid}`}: ${reopenLogs().reopened} log files were opened anew.`); return null;
      case null: return null;
    }
  }

  function reopenLogs(): ReturnType<View["reopenLogs"]> {
    const { files, faults } = addon.reopenFiles();
    const failed = faults.map(spelled);
    for (const why of failed) transcript.tell(`Cannot open ${why} anew; what is printed still goes to the old file.`);
    return { reopened: files, failed };
  }

  function renewKeeper(): void {
    keeper.renew((told) => {
      addresses.hold();
      sinks.hold();
      for (const text of told) transcript.tell(text);
    });
  }

  function snapshot(): Snapshot {
    return {
      version: VERSION, sentry: version(), boot: bootId(), instance, pid: process.pid, startedAt, reexecedAt,
      lastId: history.lastId, state: toPlain(engine.state), definitions,
    };
  }

  /** Without it a successor has the history; so a full disk is to be told, and no more. */
  function writeState(what: Snapshot): string | null {
    try {
      writeSnapshot(place.state, what);
      return null;
    } catch (error) {
      return `cannot write ${place.state}: ${(error as Error).message}`;
    }
  }

  function writeDown(): void {
    const trouble = writeState(snapshot());
    if (trouble !== null) transcript.tell(trouble);
  }

  function leave(code: number): void {
    attending.close();
    sinks.files.close();
    named.close();
    reloading.abort();
    functions?.close();
    const flushed = new Promise<void>((resolve) => { saidAll = resolve; });
    const all: Leaving = { place, addon, keeper, transcript, history, addresses, tcp, doors, hooks, flushed };
    void sayBye(all).then(() => {
      announcing?.close();
      process.off("uncaughtException", tell);
      clearUp(all, (fact) => history.append(lostRecord(fact.what, fact.count, entryOf(fact))));
      gone(code);
    });
  }
}

/** Whose run it is: that is part of what its descriptors are kept under. */
function slotOf(kept: string): { entry: string; slot: number } {
  const label = readLabel(`out ${kept}`);
  return label === null || !("run" in label) ? { entry: "", slot: 0 } : label;
}

function lostRecord(what: LostRecord["what"], count: number, entry: string | null): LostRecord {
  return { type: "lost", at: systemClock.now().wall, entry, slot: null, pid: null, cause: null, by: null, what, count };
}
