/** All that can be asked, and all that can happen. */
import type { By, Exit, Fault, Law, RunId, SlotId, Stamp, Token } from "./types.ts";

/** Whom an answer goes to; null where nobody waits for one. */
export type ReplyTo = number | null;

/** Somebody wants something. Answered by a `reply` effect. */
export type Request =
  | { readonly kind: "up"; readonly slot: SlotId; readonly by: By; readonly reply: ReplyTo }
  | { readonly kind: "down"; readonly slot: SlotId; readonly by: By; readonly reply: ReplyTo }
  | { readonly kind: "scale"; readonly entry: string; readonly count: number; readonly by: By; readonly reply: ReplyTo }
  /**
   * The whole stop. `hurry` says what it means where one is already under way: SIGKILL at once (the second Ctrl-C), or
   * nothing new (the second `sentry stop`, which only waits along).
   */
  | { readonly kind: "stop"; readonly hurry: boolean; readonly by: By; readonly reply: ReplyTo };

/** Something has happened; it cannot be refused. */
export type Happening =
  /** The beginning: the configured entries. */
  | { readonly kind: "start"; readonly laws: readonly Law[] }
  | { readonly kind: "spawned"; readonly run: RunId; readonly pid: number; readonly at: Stamp }
  | { readonly kind: "fault"; readonly run: RunId; readonly fault: Fault; readonly at: Stamp }
  | { readonly kind: "exited"; readonly run: RunId; readonly exit: Exit }
  | { readonly kind: "timeUp"; readonly token: Token };

export type Command = Request | Happening;

/** Understood, but not done: there is no such thing, or Sentry itself is about to leave. */
export type Refusal = "noSuchEntry" | "noSuchSlot" | "leaving";

export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly why: Refusal };
