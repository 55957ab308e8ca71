/** The kernel port over the addon: starts, signals and reaps, and what native threads have seen as happenings of the law. */
import type { Happening } from "../core/command.ts";
import type { Scope } from "../core/effect.ts";
import type { Fault, RunId } from "../core/types.ts";
import type { Clock, Kernel } from "../engine/ports.ts";
import type { Addon, Fact, SpawnRequest } from "./addon.ts";

/** Lays out what a start needs; may have to ask (a file, a function of the configuration), and may fail. */
export type Prepare = (run: RunId, entry: string, slot: number) => Promise<SpawnRequest | Fault>;

export class NativeKernel implements Kernel {
  readonly #addon: Addon;
  readonly #clock: Clock;
  readonly #prepare: Prepare;
  readonly #post: (facts: Happening[]) => void;
  /** Starts that are not the addon's yet. */
  readonly #preparing = new Set<RunId>();

  constructor(addon: Addon, clock: Clock, prepare: Prepare, post: (facts: Happening[]) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#prepare = prepare;
    this.#post = post;
  }

  spawn(run: RunId, entry: string, slot: number): void {
    this.#preparing.add(run);
    // Answered in any case, or the slot would wait for ever; unless it was called off meanwhile, which is an answer.
    this.#prepare(run, entry, slot).then((prepared) => {
      if (!this.#preparing.delete(run)) return;
      if ("argv" in prepared) this.#addon.spawn(prepared);
      else this.#fault(run, prepared);
    }).catch((error: unknown) => {
      this.#preparing.delete(run);
      this.#fault(run, { step: "prepare", errno: "", message: String(error), subject: "" });
    });
  }

  signal(run: RunId, signal: string, scope: Scope): void {
    if (!this.#preparing.delete(run)) return this.#addon.signal(run, signal, scope);
    const fault = { step: "start", errno: "ECANCELED", message: "operation canceled", subject: "" };
    // Not from within this call: what comes of an effect waits in the queue.
    queueMicrotask(() => this.#fault(run, fault));
  }

  reap(run: RunId): void {
    this.#addon.reap(run);
  }

  /** The end of this image: what is not the addon's yet never will be. Whoever goes on with the state asks for it anew. */
  letGo(): void {
    this.#preparing.clear();
  }

  #fault(run: RunId, fault: Fault): void {
    this.#post([{ kind: "fault", run, fault, at: this.#clock.now() }]);
  }
}

/** Null for what is no affair of the law: signals to Sentry, loss, the keeper, answers to what the composition asked for. */
export function happeningOf(fact: Fact): Happening | null {
  switch (fact.kind) {
    case "spawned": {
      const { run, pid, at, startTicks, outPipe, errPipe } = fact;
      return { kind: "spawned", run, pid, at, identity: { startTicks, pipes: [outPipe, errPipe] } };
    }
    case "fault": {
      const { step, errno, message, subject } = fact;
      return { kind: "fault", run: fact.run, fault: { step, errno, message, subject }, at: fact.at };
    }
    case "exit": {
      const { kind: _, run, ...exit } = fact;
      return { kind: "exited", run, exit };
    }
    case "signal": case "lost": case "flushed": case "quiet": case "keeperGone": return null;
  }
}
