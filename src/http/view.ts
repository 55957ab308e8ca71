/** What the routes look at, and what they may ask for. */
import type { Clock } from "../engine/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { Program } from "./process.ts";

export interface View {
  readonly engine: Engine;
  readonly clock: Clock;
  program(entry: string): Program;
  /** Who is at the other end of a connected Unix socket. unix(7), SO_PEERCRED. */
  peer(fd: number): { pid: number; uid: number } | null;
  /** Something in Sentry itself has thrown. */
  bug(error: unknown, what: string): void;
}
