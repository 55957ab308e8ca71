/** What the signals to Sentry mean. signal(7); they come with their sender. */
import type { Millis } from "../core/types.ts";
import type { Fact } from "../native/addon.ts";

export type SignalFact = Extract<Fact, { kind: "signal" }>;

/** Null: nothing. SIGUSR1 is taken so that Node does not open its debugger, and has no other meaning. */
export type Meaning = "stop" | "reload" | "reopen" | null;

/**
 * npm passes on to its child what it gets itself: a Ctrl-C comes from the terminal to us both, and from npm once more.
 * What follows on a terminal's signal from our own parent, this soon, is that and no second one, which would mean hurry.
 */
const PASSED_ON: Millis = 1000;

export class Signals {
  readonly #parent: number;
  #terminal = { signal: "", mono: -Infinity };

  constructor(parent: number) {
    this.#parent = parent;
  }

  meaningOf({ signal, pid, fromKernel, terminalGone, at }: SignalFact): Meaning {
    if (fromKernel) this.#terminal = { signal, mono: at.mono };
    else if (pid === this.#parent && signal === this.#terminal.signal && at.mono - this.#terminal.mono < PASSED_ON) return null;
    switch (signal) {
      case "SIGINT": case "SIGTERM": return "stop";
      case "SIGHUP": return terminalGone ? "stop" : "reload";
      case "SIGUSR2": return "reopen";
      default: return null;
    }
  }
}
