/** All that can be done about it. Performed in the order in which `step` gives them. */
import type { Answer, ReplyTo } from "./command.ts";
import type { HistoryRecord } from "./record.ts";
import type { Millis, RunId, Scope, Sought, Token } from "./types.ts";

export type Effect =
  /** Start a process. Answered by exactly one `spawned` or `fault` with the same run. */
  | { readonly kind: "spawn"; readonly run: RunId; readonly entry: string; readonly slot: number }
  /** To the process alone. */
  | { readonly kind: "signal"; readonly run: RunId; readonly signal: string }
  /**
   * The signal, once for each process of the scope, and then SIGCONT, so that a stopped one takes it; SIGKILL again and
   * again, until none is left. Also for a run whose start is not answered yet: then the start is ended. Once the exit of
   * the run has been told it is for what is left of the scope, and is answered by one `cleared` when nothing is. A state that
   * is asleep may name a start that nobody has asked for: then it is for nobody.
   */
  | { readonly kind: "end"; readonly run: RunId; readonly signal: string; readonly scope: Scope }
  /** What of the scope is still there? Answered by `surviving`, or by nothing where nothing is. */
  | { readonly kind: "inspect"; readonly run: RunId; readonly scope: Scope }
  /**
   * The daemon's process has ended well: look for the one that it has left. Answered by `followed` or `astray`; where it
   * has a PID file, only once that names a process of the run, or nothing is left that it could name. `pid`: the process has
   * named it itself.
   */
  | { readonly kind: "follow"; readonly run: RunId; readonly entry: string; readonly slot: number; readonly pid: number | null }
  /**
   * Look whether that process is ready, until it is: answered by one `proven`, and before by `examined` where something else
   * is found than the last time. Or only wait for what it shows by itself ("sign"): answered by one `proven`, or by nothing where
   * somebody has to look. Or look at its health, again and again, each time answered by `examined`. Until `unprobe`, or
   * another `probe` of that run.
   */
  | {
      readonly kind: "probe"; readonly run: RunId; readonly entry: string; readonly slot: number; readonly pid: number;
      readonly what: Sought;
    }
  | { readonly kind: "unprobe"; readonly run: RunId }
  /**
   * The end of the process is recorded, or another is followed in its place: let go of its pid. Where no other is
   * followed, nothing may be sent to that run after.
   */
  | { readonly kind: "reap"; readonly run: RunId }
  /** Answered by one `timeUp` at that moment of the monotonic clock, unless it is cancelled. */
  | { readonly kind: "setTimer"; readonly token: Token; readonly at: Millis }
  | { readonly kind: "cancelTimer"; readonly token: Token }
  | { readonly kind: "record"; readonly record: HistoryRecord }
  | { readonly kind: "reply"; readonly to: Exclude<ReplyTo, null>; readonly answer: Answer }
  /** A whole stop is done: nothing is alive, no timer is set. `code`: what Sentry itself is to exit with. */
  | { readonly kind: "leave"; readonly code: number };
