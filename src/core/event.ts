/** What can happen to a slot. Only what is meant for its run and its timer gets here: `step` sees to that. */
import type { Survivor } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { Phase, PhaseOf, Slot } from "./state.ts";
import type { By, Cause, Exit, Fault, Identity, Stamp, Tidings, Token } from "./types.ts";

export type Event =
  | WishEvent
  /** For the process, if there is one. A start that is not answered would be ended by it, and gets none. */
  | { readonly kind: "signal"; readonly signal: string; readonly by: By }
  /** The slot is taken up from an earlier image. The cause is for a process that nobody wants. */
  | { readonly kind: "resume"; readonly cause: Cause }
  /** Nobody wants to wait for the grace any more. */
  | { readonly kind: "hurry" }
  | { readonly kind: "spawned"; readonly pid: number; readonly at: Stamp; readonly identity: Identity }
  | { readonly kind: "fault"; readonly fault: Fault; readonly at: Stamp }
  | ExitedEvent
  | { readonly kind: "cleared" }
  | { readonly kind: "followed"; readonly pid: number; readonly at: Stamp; readonly identity: Identity; readonly settled: boolean }
  | { readonly kind: "astray"; readonly fault: Fault }
  | { readonly kind: "surviving"; readonly survivors: readonly Survivor[] }
  | { readonly kind: "proven" }
  | { readonly kind: "examined"; readonly ok: boolean; readonly message: string }
  | { readonly kind: "notified"; readonly tidings: Tidings }
  | { readonly kind: "oversized"; readonly message: string }
  /** A file that it is made of has changed. */
  | { readonly kind: "changed"; readonly file: string }
  /** It is to run now. */
  | { readonly kind: "due" }
  /** What it comes after is there. */
  | { readonly kind: "opened" }
  | { readonly kind: "timeUp"; readonly token: Token };

/**
 * What is wanted of the slot has been said anew: ask `draft.wants`. `news`: it was not the slot's own wish before.
 * `afresh`: a process that is there is not the one that is wanted, and another has to take its place. `atOnce`: a wait
 * for the restart is over.
 */
export interface WishEvent {
  readonly kind: "wish";
  readonly news: boolean;
  readonly afresh: boolean;
  readonly atOnce: boolean;
  readonly cause: Cause;
  readonly by: By;
}

/** `alone`: it has left nothing behind. */
export interface ExitedEvent {
  readonly kind: "exited";
  readonly exit: Exit;
  readonly alone: boolean;
}

/** What a slot becomes, in one phase, when something happens to it. */
export type Turn<Kind extends Phase["kind"]> =
  (draft: Draft, slot: Slot, phase: PhaseOf<Kind>, event: Event) => Slot;

/** A bug: the ports promise that this does not happen. Thrown, so that the old state stands. */
export function impossible(slot: Slot, phase: Phase, event: Event): never {
  throw new Error(`${slot.entry}:${slot.number} is ${phase.kind} and cannot have ${event.kind}`);
}
