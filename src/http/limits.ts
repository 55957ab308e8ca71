/**
 * What the clients of one listener can use up. Each listener has its own: whoever floods the TCP address takes nothing
 * from those who come by the socket.
 */
import { readFileSync } from "node:fs";

import type { Millis } from "../core/types.ts";

export interface Limits {
  /** Open at a time. */
  readonly connections: number;
  /** A connection on which nothing has come since it was accepted is closed after that time. Null: never. */
  readonly silence: Millis | null;
  /** One on which nothing is asked any more. Null: never. */
  readonly keepAlive: Millis | null;
  /** One on which an answer is owed, and nothing moves in either direction. Null: never. */
  readonly stall: Millis | null;
  /** From the first byte of a request to the end of its header, and to the end of its body. */
  readonly header: Millis;
  readonly request: Millis;
  /** How often those two are looked after, while anybody is served. */
  readonly look: Millis;
  /** Streams of events, and of the output of entries: one of these may not take the place of the other. */
  readonly events: number;
  readonly followers: number;
  /** A stream whose reader takes nothing of what is there for it is dropped after that time. */
  readonly untaken: Millis;
  /** Then so long what was written last is kept for it, and why it was dropped: it may only sleep. */
  readonly farewell: Millis;
}

const MOST_CONNECTIONS = 1024;
const MOST_STREAMS = 64;
/** `sentry logs -f` has one for each entry. */
const MOST_FOLLOWERS = 512;
/** One listener's connections can have that part of all descriptors; the others are for what is supervised. */
const SHARE = 1 / 4;

/** Connections of the command may be idle for ever: whoever asked for a stop waits on its own until the process is gone. */
export function limitsOf(kind: "socket" | "tcp"): Limits {
  const common = {
    connections: Math.min(MOST_CONNECTIONS, Math.floor(openFiles() * SHARE)),
    header: 10_000, request: 30_000, look: 5000, events: MOST_STREAMS, untaken: 30_000, farewell: 300_000,
  };
  switch (kind) {
    case "socket": return { ...common, followers: MOST_FOLLOWERS, silence: null, keepAlive: null, stall: null };
    case "tcp": return { ...common, followers: MOST_STREAMS, silence: 10_000, keepAlive: 75_000, stall: 60_000 };
  }
}

/** getrlimit(2), RLIMIT_NOFILE; Node raises it as far as it can go at its start. */
function openFiles(): number {
  const [, soft] = /^Max open files +([0-9]+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}
