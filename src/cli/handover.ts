/**
 * What one image of Sentry leaves to the next by exec: a sealed memfd with this as JSON, and the descriptors that it
 * names. The new image may be a newer version, so it is versioned; and it is the same process, so nothing is re-read
 * that was known. docs/survival.md has the order of things.
 */
import { readFileSync } from "node:fs";

import type { Change } from "../config/changes.ts";
import type { Happening } from "../core/command.ts";
import type { By, Fault, Identity, Micros } from "../core/types.ts";
import { dieAt } from "../engine/die-at.ts";
import type { Unanswered } from "../engine/engine.ts";
import type { HistoryId } from "../engine/line.ts";
import { SentryError } from "../errors.ts";
import type { Addon, Adoption, Fact, Inherited, KeeperDescriptors, Output, UnixSocket } from "../native/addon.ts";
import type { LogFormat } from "../output/journal.ts";
import type { Unwritten } from "../survival/history.ts";
import { readText } from "../survival/snapshot.ts";
import type { Snapshot } from "../survival/snapshot.ts";
import type { BoundAddress } from "./addresses.ts";
import type { Place } from "./place.ts";
import type { KeptTail } from "./sinks.ts";
import type { TcpSocket } from "./tcp.ts";

export const HANDOVER_VERSION = 4;

/** Those that can be read. */
export const KNOWN_VERSIONS: readonly number[] = [1, 2, 3, HANDOVER_VERSION];

export interface Handover {
  readonly version: typeof HANDOVER_VERSION;
  readonly snapshot: Snapshot;
  /** What the trial said, in the new version's own terms. */
  readonly configuration: unknown;
  readonly changes: readonly Change[];
  readonly by: By;
  /** SIGHUP came again meanwhile: who sent the last one. */
  readonly again: { readonly by: By } | null;
  /** Output goes to files. */
  readonly detached: boolean;
  /** An older version does not say: `text`. */
  readonly logFormat?: LogFormat;
  /** When Sentry itself was started, and when it was last re-exec'd. */
  readonly startedAt: Micros;
  readonly reexecedAt: Micros | null;
  /** What waited in the engine, then what the native threads had seen. */
  readonly queued: readonly (Happening | Unanswered)[];
  readonly facts: readonly Fact[];
  readonly processes: readonly Adoption[];
  /** `sink` is of the old image; the next one finds its own by the entry in `kept`. */
  readonly outputs: readonly Output[];
  /** What sinks have taken a part of: of an entry's, of that of a slot (`web:0`), or (null) of Sentry's own. A character per byte. */
  readonly owed: readonly { readonly entry: string | null; readonly text: string }[];
  /** What is kept of output for whoever asks later. */
  readonly tails: readonly KeptTail[];
  readonly inherited: Inherited;
  readonly lock: number;
  readonly socket: UnixSocket;
  /** What HTTP is served on over TCP, and the idle connections to it. */
  readonly tcp: TcpSocket & { readonly idle: readonly number[] } | null;
  readonly keeper: KeeperDescriptors | null;
  readonly addresses: readonly BoundAddress[];
  /** Idle connections to the Unix socket: their next request is the new image's. */
  readonly idle: readonly number[];
  /** Records that wait for room on the disk, and how many found none. */
  readonly unwritten: Unwritten;
  /** What was counted for the metrics. */
  readonly tallies: unknown;
  /** The last record that the configuration's `on` was given; null: it has none. */
  readonly hooked: HistoryId | null;
  /** Whoever has started Sentry has been told that all is ready. */
  readonly announced: boolean;
  /** What there was to be told when nobody could any more. */
  readonly told: readonly string[];
  /** Set in the same image, where the exec failed: everything is taken up again as it was. */
  readonly failed: Fault | null;
}

/** All that goes along. */
export function descriptorsOf({ processes, outputs, tails, inherited, lock, socket, tcp, keeper, addresses, idle }: Handover): number[] {
  const all = [
    ...processes.flatMap(({ pidfd, notify, readyPipe }) => [pidfd, notify?.fd ?? null, readyPipe]), ...outputs.map(({ fd }) => fd), ...tails.map(({ fd }) => fd),
    inherited.events?.fd ?? null, inherited.forks?.fd ?? null, inherited.signals?.fd ?? null,
    lock, socket.fd, tcp?.fd ?? null, ...tcp?.idle ?? [], keeper?.connection ?? null, keeper?.process ?? null, ...addresses.flatMap(({ fd, socket }) => [fd, socket?.fd ?? null]), ...idle,
  ];
  return all.filter((fd) => fd !== null);
}

/** @throws SentryError E_FAILED: that leaves what a SIGKILL leaves */
export function readHandover(memfd: number): Handover {
  let read: Partial<Omit<Handover, "version">> & { readonly version?: unknown };
  try {
    read = JSON.parse(readFileSync(`/proc/self/fd/${memfd}`, "utf8")) as typeof read;
  } catch (error) {
    throw new SentryError("E_FAILED", `nothing was handed over on descriptor ${memfd}: ${(error as Error).message}`);
  }
  if (!KNOWN_VERSIONS.includes(read.version as number)) {
    throw new SentryError("E_FAILED", `what was handed over has version ${String(read.version)}, this Sentry knows ${KNOWN_VERSIONS.join(", ")}`);
  }
  return completed(read as Older);
}

/** What an older image does not hand over. */
type LaterOfAll = "tcp" | "tallies" | "tails" | "hooked" | "announced";
type LaterOfProcesses = "outPipe" | "errPipe" | "cgroup" | "mark" | "descendants" | "notify" | "readyPipe";
type Older = Omit<Handover, "version" | LaterOfAll | "processes" | "outputs"> & Partial<Pick<Handover, LaterOfAll>> & {
  readonly processes: readonly (Partial<Adoption> & Omit<Adoption, LaterOfProcesses>)[];
  readonly outputs: readonly (Partial<Output> & Omit<Output, "tell">)[];
};

/**
 * The first version served no TCP, counted nothing, and kept no output; the second knew no more of a process than itself; the
 * third heard nothing of what a process says of itself. Whether one was alone when it ended is found out once more.
 */
function completed(read: Older): Handover {
  const left = readText(JSON.stringify(read.snapshot));
  if (left.kind !== "ok") throw new SentryError("E_FAILED", `the state that was handed over ${left.kind === "bad" ? left.why : "is none"}`);
  const unknown = { outPipe: 0, errPipe: 0, cgroup: null, descendants: [], notify: null, readyPipe: null };
  return {
    tcp: null, tallies: null, tails: [], hooked: null, announced: false, ...read, version: HANDOVER_VERSION, snapshot: left.snapshot,
    processes: read.processes.map((one) => ({ ...unknown, mark: one.kept.slice(0, one.kept.indexOf(" ")), ...one })),
    outputs: read.outputs.map((one) => ({ tell: false, ...one })),
    inherited: { ...read.inherited, forks: (read.inherited as Partial<Inherited>).forks ?? null },
    queued: read.queued.map(completedHappening), facts: read.facts.map(completedFact),
  };
}

function completedHappening(one: Happening | Unanswered): Happening | Unanswered {
  if (one.kind === "exited") return { ...one, alone: (one as Partial<typeof one>).alone ?? false };
  if (one.kind !== "spawned" && one.kind !== "followed") return one;
  return { ...one, identity: { ...one.identity, notify: (one.identity as Partial<Identity>).notify ?? null } };
}

function completedFact(one: Fact): Fact {
  if (one.kind === "exit") return { ...one, alone: (one as Partial<typeof one>).alone ?? false };
  return one.kind === "spawned" ? { ...one, notify: (one as Partial<typeof one>).notify ?? null } : one;
}

/**
 * From this image to the next. Comes back only by throwing `{ code, message }`.
 * @param library the file of the next image's addon
 */
export function execNext(addon: Addon, { config, runFolder, pidFile }: Place, handover: Handover, library: string): void {
  const [, program = ""] = process.argv;
  const runDir = pidFile.startsWith(`${runFolder}/`) ? ["--run-dir", runFolder] : [];
  const memfd = addon.memfd(JSON.stringify(handover));
  try {
    const argv = [process.execPath, ...process.execArgv, program, "start", config, ...runDir, "--handover", String(memfd)];
    dieAt("exec");
    addon.exec(process.execPath, argv, [...descriptorsOf(handover), memfd], library);
  } finally {
    addon.close(memfd);
  }
}
