/**
 * Looks by programs. They are started as processes of entries are, with runs of their own (engine/probe-run.ts), so that their
 * ends are seen and all that they leave behind is ended. One look is over when nothing of it is left.
 */
import type { Fault, RunId } from "../core/types.ts";
import { nextProbeRun } from "../engine/probe-run.ts";
import { isShortage } from "./look.ts";
import type { Look } from "./look.ts";

/** The part of the world that starts and ends them. */
export interface ProgramWorld {
  /** Lays out a start in the way of that slot, its output thrown away. What it gives begins it: answered by `spawned` or `fault`. */
  prepare(run: RunId, entry: string, slot: number, command: string, args: readonly string[]): Promise<(() => void) | Fault>;
  /** SIGKILL to it and all that it has started; also before its start is answered. */
  end(run: RunId): void;
  reap(run: RunId): void;
}

/** What is seen of such runs. */
export type ProgramFact =
  | { readonly kind: "spawned"; readonly run: RunId }
  | Fault & { readonly kind: "fault"; readonly run: RunId }
  | { readonly kind: "exit"; readonly run: RunId; readonly code: number | null; readonly signal: string | null; readonly alone: boolean }
  | { readonly kind: "cleared"; readonly run: RunId };

/** What is wrong; null: nothing. */
type Verdict = string | null;

interface Running { verdict: Verdict; readonly gone: (end: Verdict | Fault) => void }

export class Programs {
  readonly #world: ProgramWorld;
  readonly #running = new Map<RunId, Running>();

  constructor(world: ProgramWorld) {
    this.#world = world;
  }

  look(entry: string, slot: number, command: string, args: readonly string[]): Look {
    let last: Promise<unknown> = Promise.resolve();
    const take = async (over: AbortSignal): Promise<Verdict> => {
      // One that was not answered in time is killed, but perhaps not gone: there are never two of them at once.
      await last;
      if (over.aborted) return null;
      const own = this.#run(entry, slot, command, args, over);
      last = own.catch(() => {});
      return own;
    };
    return { what: command, take };
  }

  /** What is known of no run here was begun by an earlier image: it is ended, and nobody waits for it. */
  take(fact: ProgramFact): void {
    const running = this.#running.get(fact.run);
    switch (fact.kind) {
      case "spawned":
        if (running === undefined) this.#world.end(fact.run);
        return;
      case "fault":
        return this.#gone(fact.run, fact);
      case "exit":
        if (running !== undefined) running.verdict = verdictOn(fact);
        if (!fact.alone) return this.#world.end(fact.run);
        this.#world.reap(fact.run);
        return this.#gone(fact.run, running?.verdict ?? null);
      case "cleared":
        this.#world.reap(fact.run);
        return this.#gone(fact.run, running?.verdict ?? null);
    }
  }

  async #run(entry: string, slot: number, command: string, args: readonly string[], over: AbortSignal): Promise<Verdict> {
    const run = nextProbeRun();
    const begin = await this.#world.prepare(run, entry, slot, command, args);
    if (typeof begin !== "function") return verdictOnFault(begin);
    if (over.aborted) return null;
    const end = await new Promise<Verdict | Fault>((gone) => {
      this.#running.set(run, { verdict: null, gone });
      over.addEventListener("abort", () => {
        if (this.#running.has(run)) this.#world.end(run);
      }, { once: true });
      begin();
    });
    return typeof end === "object" && end !== null ? verdictOnFault(end) : end;
  }

  #gone(run: RunId, end: Verdict | Fault): void {
    this.#running.get(run)?.gone(end);
    this.#running.delete(run);
  }
}

function verdictOn({ code, signal }: { code: number | null; signal: string | null }): Verdict {
  if (code === 0) return null;
  if (signal !== null) return `ended by ${signal}`;
  return code === null ? "ended, nobody knows how" : `exit code ${code}`;
}

/** `exec: ENOENT (no such file or directory)` */
function verdictOnFault({ subject, step, errno, message }: Fault): Verdict {
  if (isShortage(errno)) throw Object.assign(new Error(message), { code: errno });
  return [subject, step, errno === "" ? message : `${errno} (${message})`].filter((part) => part !== "").join(": ");
}
