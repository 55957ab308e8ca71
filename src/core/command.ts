/** All that can be asked, and all that can happen. */
import type { By, Exit, Fault, Identity, Law, RunId, SlotId, Stamp, Token } from "./types.ts";

/** Whom an answer goes to; null where nobody waits for one. */
export type ReplyTo = number | null;

/** What was found of a Sentry that is gone. */
export interface TakeOver {
  /** Its pid; null where nothing says so any more. */
  readonly pid: number | null;
  /** How many of its processes live. */
  readonly processes: number;
}

/** Somebody wants something of one slot. */
export type SlotRequest =
  /** Where it waits for its restart, it waits no longer. */
  | { readonly kind: "up"; readonly slot: SlotId; readonly by: By; readonly reply: ReplyTo }
  | { readonly kind: "down"; readonly slot: SlotId; readonly by: By; readonly reply: ReplyTo }
  /** Another process in the place of the one that is there, without the delay; also where the slot was down. */
  | { readonly kind: "restart"; readonly slot: SlotId; readonly by: By; readonly reply: ReplyTo }
  /** For the process alone, if there is one; its name, `SIGHUP`, is one that there is. */
  | { readonly kind: "signal"; readonly slot: SlotId; readonly signal: string; readonly by: By; readonly reply: ReplyTo };

/** Somebody wants something. Answered by a `reply` effect. */
export type Request =
  | SlotRequest
  | { readonly kind: "scale"; readonly entry: string; readonly count: number; readonly by: By; readonly reply: ReplyTo }
  /** A rolling restart: each slot gets a new process, one after the other. What it does is told in rolling.ts. */
  | { readonly kind: "roll"; readonly entry: string; readonly by: By; readonly reply: ReplyTo }
  /**
   * The whole stop. `hurry` says what it means where one is already under way: SIGKILL at once (the second Ctrl-C), or
   * nothing new (the second `sentry stop`, which only waits along).
   */
  | { readonly kind: "stop"; readonly hurry: boolean; readonly by: By; readonly reply: ReplyTo };

/** Something has happened; it cannot be refused. */
export type Happening =
  /** The beginning: the configured entries. */
  | { readonly kind: "start"; readonly laws: readonly Law[] }
  /**
   * The beginning with a state that an earlier image of Sentry has left: brings what is in line with what the state says.
   * Starts that were under way come to nothing and are asked for anew; timers are set again, for the same moments.
   */
  | { readonly kind: "resume"; readonly tookOver: TakeOver | null }
  /**
   * Another configuration is in force from now on. `replaced`: the entries whose processes have to be new ones.
   */
  | { readonly kind: "reload"; readonly laws: readonly Law[]; readonly replaced: readonly string[]; readonly by: By }
  | { readonly kind: "spawned"; readonly run: RunId; readonly pid: number; readonly at: Stamp; readonly identity: Identity }
  | { readonly kind: "fault"; readonly run: RunId; readonly fault: Fault; readonly at: Stamp }
  | { readonly kind: "exited"; readonly run: RunId; readonly exit: Exit }
  | { readonly kind: "timeUp"; readonly token: Token };

export type Command = Request | Happening;

/** Understood, but not done: there is no such thing, or Sentry itself is about to leave. */
export type Refusal = "noSuchEntry" | "noSuchSlot" | "leaving";

export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly why: Refusal };
