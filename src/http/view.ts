/** What the routes look at, and what they may ask for. Each has its one real implementation elsewhere. */
import type { By } from "../core/types.ts";
import type { Clock } from "../engine/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { HistoryId, HistoryLine } from "../engine/line.ts";
import type { Program } from "./process.ts";

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
  /** Who is at the other end of a connected Unix socket; null where it is none. unix(7), SO_PEERCRED. */
  peer(fd: number): { pid: number; uid: number } | null;
  /** dup(2), with CLOEXEC. */
  duplicate(fd: number): number;
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
