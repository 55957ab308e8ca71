/** All that can be done about it. Performed in the order in which `step` gives them. */
import type { Answer, ReplyTo } from "./command.ts";
import type { HistoryRecord } from "./record.ts";
import type { Millis, RunId, Token } from "./types.ts";

/** Whom a signal is for: the process alone, or all of its process group. */
export type Scope = "process" | "group";

export type Effect =
  /** Start a process. Answered by exactly one `spawned` or `fault` with the same run. */
  | { readonly kind: "spawn"; readonly run: RunId; readonly entry: string; readonly slot: number }
  /** Also for a run whose start is not answered yet: then the start is ended. */
  | { readonly kind: "signal"; readonly run: RunId; readonly signal: string; readonly scope: Scope }
  /** The exit is recorded: end what is left of the group, let go of the pid. Nothing may be sent to that run after. */
  | { readonly kind: "reap"; readonly run: RunId }
  /** Answered by one `timeUp` at that moment of the monotonic clock, unless it is cancelled. */
  | { readonly kind: "setTimer"; readonly token: Token; readonly at: Millis }
  | { readonly kind: "cancelTimer"; readonly token: Token }
  | { readonly kind: "record"; readonly record: HistoryRecord }
  | { readonly kind: "reply"; readonly to: Exclude<ReplyTo, null>; readonly answer: Answer }
  /** A whole stop is done: nothing is alive, no timer is set. */
  | { readonly kind: "leave" };
