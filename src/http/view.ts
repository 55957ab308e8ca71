/** What the routes look at, and what they may ask for. Each has its one real implementation elsewhere. */
import type { By, Millis } from "../core/types.ts";
import type { Clock } from "../engine/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import type { Program } from "./process.ts";
import type { Tallies } from "./tallies.ts";

export interface View {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly past: Past;
  program(entry: string): Program;
  /** All that is configured of an entry, defaults included, but not its environment: no answer ever holds that. */
  options(entry: string): Record<string, unknown>;
  /** Compiles and checks the configuration, and where it can be used execs. Answers just before the exec. */
  reload(by: By): Promise<Reloading>;
  /** What a reload would do now. */
  plan(): Promise<Planned>;
  /** Of Sentry itself. */
  readonly version: string;
  /** Real path of the configuration for which it runs. */
  readonly config: string;
  /** The text of dist/openapi.json: kept from the start, for an upgrade may take the file away. */
  openapi(): Buffer;
  /** An entry cannot be scaled to more. */
  readonly maxCount: number;
  /** CPU time and memory of whole trees of processes, from one look at /proc. In the order of the roots; null: it is gone. */
  sweep(roots: readonly Root[]): Promise<readonly (Consumption | null)[]>;
  /** What is ours by descent, and of which nobody can say whose it is; from one look at /proc. */
  strays(): Promise<readonly Stray[]>;
  /** What there is of an entry's output. */
  readonly logs: Logs;
  /** Files of output are opened anew, after somebody has moved them away. Gives how many, and which could not be, and why. */
  reopenLogs(): { readonly reopened: number; readonly failed: readonly string[] };
  readonly tallies: Tallies;
  /** Who is at the other end of a connected Unix socket; null where it is none. unix(7), SO_PEERCRED. */
  peer(fd: number): { pid: number; uid: number } | null;
  /** dup(2), with CLOEXEC. */
  duplicate(fd: number): number;
  /** A line of Sentry's own, to whoever reads its output. */
  tell(text: string): void;
  /** Something in Sentry itself has thrown. */
  bug(error: unknown, what: string): void;
}

/** The history: each line once, in the order of the ids. */
export interface Past {
  /** Of the newest line; 0 where there is none. */
  readonly lastId: HistoryId;
  /** The newest `limit` lines, oldest first; of one entry, or of all. */
  read(which: { readonly entry?: string; readonly limit: number }): Promise<HistoryLine[]>;
  /** All lines after that one which are there by the time that it gets to the end. */
  since(id: HistoryId): AsyncIterable<HistoryLine>;
  /** Tells of each line once it is written, before anything else is done. Ends with a call of what it returns. */
  subscribe(listener: (line: HistoryLine) => void): () => void;
}

/** A process, and when it was started (proc_pid_stat(5), field 22; 0: not known). */
export interface Root { readonly pid: number; readonly startTicks: number }

/** Of a process and all its descendants. */
export interface Consumption {
  /** CPU time, also of descendants that have ended and were waited for. */
  readonly cpu: Millis;
  /** Resident. */
  readonly memoryBytes: number;
}

/** A process that one of ours has started, and of which nothing says which one it was. */
export interface Stray {
  readonly pid: number;
  /** Of its program, as the kernel has it: at most 15 bytes. proc_pid_comm(5) */
  readonly name: string;
  /** One letter, and when it was started, in clock ticks since boot: fields 3 and 22 of proc_pid_stat(5). */
  readonly state: string;
  readonly startTicks: number;
}

export interface Logs {
  /** In which form they are. */
  format(entry: string): "raw" | "prefixed" | "json";
  /** The newest lines that an entry has printed by now. */
  last(entry: string, lines: number): Promise<LastLines>;
  /**
   * What it prints, without a gap and without a repeat, until `over` is aborted: all after a line, or the newest and then the
   * rest. Nothing waits for whoever takes it slowly: that one may miss some.
   */
  follow(entry: string, from: readonly LogPosition[] | { readonly lines: number }, over: AbortSignal, last: AbortSignal): AsyncIterable<LogPiece>;
}

/** A place in one of the files that an entry prints into: in which, and how many bytes are before it. */
export interface LogPosition { readonly file: string; readonly offset: number }

/** Whole lines, each with its newline, as they were printed; or a part of a very long one. */
export interface LogPiece {
  readonly bytes: Buffer;
  /** Where they begin. */
  readonly at: LogPosition;
  /** So many bytes before them are gone; null: some may be, and nobody knows how many. */
  readonly dropped: number | null;
  /** In the other files of the entry, as far as these have been told. */
  readonly beside: readonly LogPosition[];
}

export interface LastLines {
  /** Oldest first. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Where they end, in each file: from there on they can be followed. Empty: there is nothing yet. */
  readonly end: readonly LogPosition[];
  /** When something was last printed, in milliseconds since the epoch. */
  readonly modified: number | null;
  /** To be called in any case. */
  close(): void;
}

/** What becomes of a reload. `done`: all is ready for the exec, after which the history tells `reloaded` with that id. */
export type Reloading =
  | { readonly kind: "done"; readonly id: HistoryId }
  | { readonly kind: "invalid"; readonly message: string }
  /** Another is under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "refused"; readonly message: string };

export type Planned =
  /** A reload is under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "plan"; readonly changes: readonly Change[] }
  | { readonly kind: "invalid"; readonly message: string };

export interface Change {
  readonly entry: string;
  readonly change: "unchanged" | "inPlace" | "replaced" | "added" | "removed";
  /** For people: `count 2 → 3`. */
  readonly because: readonly string[];
}
