/**
 * With what an image of Sentry begins: with nothing, with what a Sentry that is gone has left, or with what the image
 * before it has handed over. All three come to the same: a state, the processes and pipes that belong to it, and what
 * the engine is to be told.
 */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";

import type { Configuration, EntryConfiguration, HttpConfiguration, Log } from "../config/configuration.ts";
import { definitionOf } from "../config/definition.ts";
import type { Attention, Definition } from "../config/definition.ts";
import type { Happening } from "../core/command.ts";
import type { SlotRecord } from "../core/record.ts";
import type { State } from "../core/state.ts";
import type { By, Fault, Micros } from "../core/types.ts";
import { systemClock } from "../engine/clock.ts";
import { dieAt } from "../engine/die-at.ts";
import type { Unanswered } from "../engine/engine.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import { isProbe } from "../engine/probe-run.ts";
import type { Addon, Adoption, Fact, Inherited, Output, UnixSocket } from "../native/addon.ts";
import type { Adopted, OutputLeft } from "../survival/findings.ts";
import { readPast } from "../survival/history.ts";
import type { Unwritten } from "../survival/history.ts";
import type { Held } from "../survival/kept.ts";
import { fromPlain } from "../survival/plain.ts";
import { bootId, systemProcesses } from "../survival/proc.ts";
import { moveAside, readSnapshot } from "../survival/snapshot.ts";
import type { Snapshot } from "../survival/snapshot.ts";
import { survey } from "../survival/takeover.ts";
import type { Survey } from "../survival/takeover.ts";
import { Addresses, addressOf } from "./addresses.ts";
import { descriptorsOf } from "./handover.ts";
import type { IdleConnections } from "./doors.ts";
import type { Handover } from "./handover.ts";
import type { Keeper } from "./keeper.ts";
import type { Place } from "./place.ts";
import { ELSEWHERE, orRefuse } from "./refusal.ts";
import { bindTcp, tryTcp } from "./tcp.ts";
import type { TcpSocket } from "./tcp.ts";

export interface Beginning {
  /** The first part of SENTRY_RUN of all processes. */
  readonly instance: string;
  /** Null: there was nothing. */
  readonly state: State | null;
  /** The last record that the state knows of. */
  readonly lastId: number;
  readonly definitions: readonly Definition[];
  /** Where entries have printed until now. */
  readonly logs: ReadonlyMap<string, Log | null>;
  readonly addresses: Addresses;
  /** Sentry's own listening socket, for Node. */
  readonly socket: number;
  /** What HTTP is served on over TCP. */
  readonly tcp: TcpSocket | null;
  /** When Sentry itself was started, and when it was last re-exec'd. */
  readonly startedAt: Micros;
  readonly reexecedAt: Micros | null;
  readonly processes: readonly Adoption[];
  /** Programs that an image before this one has started to look at others: to be taken up, ended and reaped. */
  readonly probes: readonly Adoption[];
  /** `sink` means nothing here: the entry in `kept` says which it is. */
  readonly outputs: readonly Output[];
  readonly owed: Handover["owed"];
  readonly tails: Handover["tails"];
  readonly inherited: Inherited | null;
  /** Connections that the image before has left, to each of the two. */
  readonly idle: IdleConnections;
  /** What the image before has counted. */
  readonly tallies: unknown;
  /** The last record that the configuration's `on` was given by the image before; null: it was given none. */
  readonly hooked: HistoryId | null;
  /** Whoever has started this process has been told by the image before that all is ready. */
  readonly announced: boolean;
  /** What the engine is told: this first, then what native threads had seen, and last that it goes on, or begins. */
  readonly first: readonly (Happening | Unanswered)[];
  readonly facts: readonly Fact[];
  readonly last: Happening;
  /** Records that wait for room on the disk. */
  readonly unwritten: Unwritten;
  /** What the transcript says first. */
  readonly told: readonly string[];
  /** What a Sentry that is gone did not get to record. */
  readonly untold: readonly SlotRecord[];
  /** A reload that came to nothing: recorded first of all. */
  readonly failed: Fault | null;
  /** SIGHUP came again during the reload. */
  readonly again: { readonly by: By } | null;
  /** It could not begin after all: takes back what it has made, and leaves what a Sentry that is gone had left. */
  undo(): void;
}

/** What nobody has to look for: the command has it. */
export interface Circumstances {
  readonly place: Place;
  readonly configuration: Configuration;
  readonly addon: Addon;
  readonly keeper: Keeper;
}

/** The lock is held: whoever had it before is gone. */
export function beginHere({ place, configuration, addon, keeper }: Circumstances): Beginning {
  const socket = orRefuse(place.socket, () => addon.listenUnix(place.socket), ELSEWHERE);
  const addresses = new Addresses(addon);
  const told = [`Sentry started (PID: ${process.pid} saved in ${place.pidFile}).`];
  let held: Held[] | null = null;
  let tcp: TcpSocket | null = null;
  const undo = (): void => {
    addresses.removeFresh();
    if (tcp !== null) addon.close(tcp.fd);
    addon.removeSocket(place.socket);
    if (held === null) addon.endKeeper();
  };
  try {
    held = keeper.find();
    if (held === null) told.push(...keeper.start());
    const { snapshot, found } = lookAround(place, held ?? [], configuration, told);
    for (const [address, fd] of found.listening) addresses.takeUp(address, fd);
    for (const entry of configuration.entries) bindAll(entry, addresses, found.state !== null, told);
    tcp = openTcp(addon, configuration.http, found.state !== null, told);
    return taken({ place, configuration, addon, keeper }, { snapshot, found, held, addresses, socket, tcp, told, undo });
  } catch (error) {
    undo();
    throw error;
  }
}

/** What the last Sentry has left. What of it cannot be used is put aside, and named. */
function lookAround(place: Place, held: readonly Held[], { entries, exitWhen }: Configuration, told: string[]) {
  const read = readSnapshot(place.state);
  const snapshot = read.kind === "ok" ? read.snapshot : null;
  const lines = tryPast(place, snapshot, told);
  const laws = entries.map(({ law }) => law);
  const found = survey({ snapshot, lines, held, processes: systemProcesses, boot: bootId(), now: systemClock.now(), laws, exitWhen });
  told.push(...tookOver(found), ...found.told.map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`));
  if (read.kind === "bad") told.push(`The state file ${read.why}; moved to ${moveAside(place.state)}.`);
  return { snapshot, found };
}

function tryPast(place: Place, snapshot: Snapshot | null, told: string[]): Iterable<HistoryLine | null> {
  try {
    return readPast(place.history, snapshot?.lastId ?? 0);
  } catch (error) {
    told.push(`The history cannot be used: ${(error as Error).message}; moved to ${moveAside(place.history)}.`);
    return [];
  }
}

/**
 * Before the first process. At a take-over an address that is in use is no reason to leave its processes alone: without the
 * keeper it is they who have it. Then a start that needs it fails, and is tried again.
 */
function bindAll({ law, listen }: EntryConfiguration, addresses: Addresses, isTakeOver: boolean, told: string[]): void {
  for (const one of listen) {
    try {
      addresses.bind(one, `for entry ${law.name}`);
    } catch (error) {
      if (!isTakeOver) throw error;
      told.push(`${(error as Error).message}; its processes of before may have it.`);
    }
  }
}

/** Before the first process, too. Whoever has the address when there are processes to be taken up does not keep us from that. */
function openTcp(addon: Addon, http: HttpConfiguration | null, isTakeOver: boolean, told: string[]): TcpSocket | null {
  if (http === null) return null;
  return http.isDefault || isTakeOver ? tryTcp(addon, http, told) : bindTcp(addon, http);
}

interface Taken {
  readonly snapshot: Snapshot | null;
  readonly found: Survey;
  readonly held: readonly Held[] | null;
  readonly addresses: Addresses;
  readonly socket: number;
  readonly tcp: TcpSocket | null;
  readonly told: readonly string[];
  undo(): void;
}

function taken({ configuration, addon }: Circumstances, { snapshot, found, held, addresses, socket, tcp, told, undo }: Taken): Beginning {
  const laws = configuration.entries.map(({ law }) => law);
  const known = new Set(held?.map(({ label }) => label));
  for (const { stream, kept, fd } of found.outputs) {
    const label = `${stream === 0 ? "out" : "err"} ${kept}`;
    if (!known.has(label)) addon.hold(label, fd); // it was found with its process
  }
  dieAt("taken");
  for (const fd of found.close) addon.close(fd);
  for (const { label, fd } of found.superfluous) {
    addon.release(label);
    addon.close(fd);
  }

  const startedAt = systemClock.now().wall;
  const definitions = definitionsInForce(snapshot, found.state, configuration);
  return {
    instance: found.instance ?? randomBytes(8).toString("hex"), state: found.state, lastId: snapshot?.lastId ?? 0,
    definitions, logs: logsOf(definitions), addresses, socket, tcp, startedAt, reexecedAt: null,
    processes: found.adoptions.map(adoptionOf), probes: found.probes.map(adoptionOf),
    outputs: found.outputs.map((one) => ({ ...one, sink: 0, colour: null, tell: isToTell(one, found.state, configuration) })), owed: [],
    tails: [...found.tails].map(([entry, fd]) => ({ entry, fd })), inherited: null,
    idle: { socket: [], tcp: [] }, tallies: null, hooked: null, announced: false,
    first: found.facts, facts: [],
    last: found.state === null ? { kind: "start", laws, exitWhen: configuration.exitWhen } : { kind: "resume", tookOver: { pid: found.oldPid, processes: found.living } },
    unwritten: { lines: [], dropped: 0 }, told, untold: found.untold, failed: null, again: null, undo,
  };
}

function adoptionOf(one: Adopted): Adoption {
  return { ...one, inheritedRss: 0, threads: null, descendants: [] };
}

/** A line of it may be the one that says that the process is ready. */
function isToTell({ run, entry }: OutputLeft, state: State | null, { entries }: Configuration): boolean {
  const slot = state?.runs.get(run);
  const phase = slot === undefined ? undefined : state?.slots.get(slot)?.phase.kind;
  const isReady = phase !== "starting" && phase !== "following" && phase !== "settling" && phase !== "readying";
  return !isReady && entries.find(({ law }) => law.name === entry)?.ready?.kind === "log";
}

/**
 * The same process in another image: what has a name or a lock is taken up as it is.
 * @param same the addresses, where the exec failed and the image is the same too: then the addon has all of that still
 */
export function beginAgain({ place, configuration, addon }: Circumstances, handover: Handover, same: Addresses | null): Beginning {
  const { snapshot, changes, by, failed } = handover;
  const laws = configuration.entries.map(({ law }) => law);
  const addresses = same ?? new Addresses(addon);
  if (same === null) {
    addon.closeOnExec(descriptorsOf(handover));
    addon.inheritLock(place.pidFile, handover.lock);
    if (handover.keeper !== null) addon.inheritKeeper(handover.keeper);
    for (const one of handover.addresses) addresses.inherit(one);
  }
  addresses.keepOnly(configuration.entries.flatMap(({ listen }) => listen.map(addressOf)));
  const socket = isThere(place.socket, handover.socket)
    ? (same === null ? addon.inheritSocket(place.socket, handover.socket) : addon.duplicate(handover.socket.fd))
    : orRefuse(place.socket, () => addon.listenUnix(place.socket), ELSEWHERE); // somebody has removed it: it comes back with a reload
  const told = [...handover.told];
  const tcp = handover.tcp ?? (configuration.http === null ? null : tryTcp(addon, configuration.http, told));
  const replaced = changes.filter(({ change }) => change === "replaced").map(({ entry }) => entry);
  const previously = handover.reexecedAt === null ? "" : ` (Previously reexec'd at ${seconds(handover.reexecedAt)})`;
  return {
    instance: snapshot.instance, state: fromPlain(snapshot.state), lastId: snapshot.lastId,
    definitions: failed === null ? configuration.entries.map(definitionOf) : snapshot.definitions as Definition[],
    logs: logsOf(snapshot.definitions as Definition[]),
    addresses, socket, tcp, startedAt: handover.startedAt,
    reexecedAt: failed === null ? systemClock.now().wall : handover.reexecedAt,
    processes: handover.processes.filter(({ run }) => !isProbe(run)), probes: handover.processes.filter(({ run }) => isProbe(run)),
    outputs: handover.outputs, owed: handover.owed, tails: handover.tails, inherited: handover.inherited,
    idle: { socket: handover.idle, tcp: handover.tcp?.idle ?? [] }, tallies: handover.tallies, hooked: handover.hooked, announced: handover.announced,
    first: [...(failed === null ? [{ kind: "reload", laws, replaced, exitWhen: configuration.exitWhen, by } as const] : []), ...handover.queued],
    facts: handover.facts, last: { kind: "resume", tookOver: null },
    unwritten: handover.unwritten, told: [...told, ...(failed === null ? [`Sentry reexec'd. Initially started at ${seconds(handover.startedAt)}${previously}.`] : [])],
    untold: [], failed, again: handover.again, undo: () => {},
  };
}

/** What the dead Sentry had read; of entries that it did not have, what is on disk. What it had and has not told is not known. */
function definitionsInForce(snapshot: Snapshot | null, state: State | null, { entries }: Configuration): Definition[] {
  const known = (snapshot?.definitions ?? []) as Definition[];
  const had = new Set([...known.map(({ law }) => law.name), ...state?.entries.keys() ?? []]);
  return [...known, ...entries.map(definitionOf).filter(({ law }) => !had.has(law.name))];
}

/** An older version does not say. */
function logsOf(definitions: readonly (Pick<Definition, "law"> & { readonly attention?: Partial<Attention> })[]): Map<string, Log | null> {
  return new Map(definitions.map(({ law, attention }) => [law.name, attention?.log ?? null]));
}

function tookOver({ state, living, oldPid }: Survey): string[] {
  if (state === null) return [];
  const whose = oldPid === null ? "a Sentry" : `PID ${oldPid}`;
  return [`Sentry took over ${living} ${living === 1 ? "process" : "processes"} of ${whose}, which is gone.`];
}

function isThere(path: string, { device, inode }: UnixSocket): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.dev === device && found.ino === inode;
}

function seconds(wall: Micros): number {
  return Math.floor(wall / 1e6);
}
