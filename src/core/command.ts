/** All that can be asked, and all that can happen. */
import type { By, Exit, ExitWhen, Fault, Identity, Law, Micros, RunId, SlotId, Stamp, Tidings, Token } from "./types.ts";

/** Whom an answer goes to; null where nobody waits for one. */
export type ReplyTo = number | null;

/** What was found of a Sentry that is gone. */
export interface TakeOver {
  /** Its pid; null where nothing says so any more. */
  readonly pid: number | null;
  /** How many of its processes live. */
  readonly processes: number;
}

/** A process that is still there although it was sent SIGKILL. */
export interface Survivor {
  readonly pid: number;
  /** Of its program, as the kernel has it: at most 15 bytes. proc_pid_comm(5) */
  readonly name: string;
  /** One letter: `D` waits for a device and cannot be interrupted. proc_pid_stat(5) */
  readonly state: string;
  /** What the kernel says to a signal for it: `EPERM`; null: it takes it. */
  readonly errno: string | null;
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
   * The whole stop. Where one is already under way, another only waits along (`sentry stop`), but for the second of those
   * with `hurry` (the second Ctrl-C): SIGKILL at once.
   */
  | { readonly kind: "stop"; readonly hurry: boolean; readonly by: By; readonly reply: ReplyTo };

/** Something has happened; it cannot be refused. */
export type Happening =
  /** The beginning: the configured entries. */
  | { readonly kind: "start"; readonly laws: readonly Law[]; readonly exitWhen: ExitWhen }
  /**
   * The beginning with a state that an earlier image of Sentry has left: brings what is in line with what the state says.
   * Starts that were under way come to nothing and are asked for anew; timers are set again, for the same moments.
   */
  | { readonly kind: "resume"; readonly tookOver: TakeOver | null }
  /**
   * Another configuration is in force from now on. `replaced`: the entries whose processes have to be new ones.
   */
  | {
      readonly kind: "reload"; readonly laws: readonly Law[]; readonly replaced: readonly string[]; readonly exitWhen: ExitWhen;
      readonly by: By;
    }
  | { readonly kind: "spawned"; readonly run: RunId; readonly pid: number; readonly at: Stamp; readonly identity: Identity }
  | { readonly kind: "fault"; readonly run: RunId; readonly fault: Fault; readonly at: Stamp }
  /** `alone`: of what it has started nothing is left, as far as can be known. */
  | { readonly kind: "exited"; readonly run: RunId; readonly exit: Exit; readonly alone: boolean }
  /** The answer to `end`, once the exit of the run has been told: nothing of that scope is left. */
  | { readonly kind: "cleared"; readonly run: RunId }
  /** An answer to `follow`: the run's process is this one from now on. `settled`: its PID file says so. */
  | { readonly kind: "followed"; readonly run: RunId; readonly pid: number; readonly at: Stamp; readonly identity: Identity; readonly settled: boolean }
  /** The other answer to `follow`: there is nothing that could be followed, or too much. */
  | { readonly kind: "astray"; readonly run: RunId; readonly fault: Fault }
  /** The answer to `inspect`: what is still there. Never empty. */
  | { readonly kind: "surviving"; readonly run: RunId; readonly survivors: readonly Survivor[] }
  /** An answer to `probe`: it has been found ready. */
  | { readonly kind: "proven"; readonly run: RunId }
  /** Another answer to `probe`, again and again: whether it is well, or ready, and what was found where it is not. */
  | { readonly kind: "examined"; readonly run: RunId; readonly ok: boolean; readonly message: string }
  | { readonly kind: "notified"; readonly run: RunId; readonly tidings: Tidings }
  /** It and all that it has started take more memory than they may. */
  | { readonly kind: "oversized"; readonly run: RunId; readonly message: string }
  /** A file that an entry's processes are made of is not what it was. */
  | { readonly kind: "changed"; readonly entry: string; readonly file: string }
  /**
   * When an entry is due next. `now`: it is due. `missed`: how often it was, since this was last told, when nobody could see
   * it: Sentry was dead, the machine slept, or the clock was set.
   */
  | { readonly kind: "due"; readonly entry: string; readonly now: boolean; readonly next: Micros | null; readonly missed: number }
  | { readonly kind: "timeUp"; readonly token: Token };

export type Command = Request | Happening;

/** Understood, but not done: there is no such thing, or Sentry itself is about to leave. */
export type Refusal = "noSuchEntry" | "noSuchSlot" | "leaving";

export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly why: Refusal };
