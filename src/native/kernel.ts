/** The kernel port over the addon: what the law asks for, and what native threads have seen as happenings of the law. */
import type { Happening } from "../core/command.ts";
import type { Fault, Identity, RunId, Scope } from "../core/types.ts";
import type { Clock, Kernel } from "../engine/ports.ts";
import type { Addon, Fact, SpawnRequest } from "./addon.ts";
import { PidFile } from "./pid-file.ts";
import { readTidings } from "./tidings.ts";

/** Lays out what a start needs; may have to ask (a file, a function of the configuration), and may fail. */
export type Prepare = (run: RunId, entry: string, slot: number) => Promise<SpawnRequest | Fault>;

export interface Configured {
  readonly prepare: Prepare;
  /** Where the daemon of that slot writes its pid; null: it does not. */
  pidFileOf(entry: string, slot: number): string | null;
}

/** So that it is told when nothing is left that the file could name. */
const NOBODY_YET = 0;

export class NativeKernel implements Kernel {
  readonly #addon: Addon;
  readonly #clock: Clock;
  readonly #configured: Configured;
  readonly #post: (facts: Happening[]) => void;
  /** Starts that are not the addon's yet. */
  readonly #preparing = new Set<RunId>();
  /** Daemons that have not named their process yet. */
  readonly #pidFiles = new Map<RunId, PidFile>();

  constructor(addon: Addon, clock: Clock, configured: Configured, post: (facts: Happening[]) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#configured = configured;
    this.#post = post;
  }

  spawn(run: RunId, entry: string, slot: number): void {
    this.#preparing.add(run);
    // Answered in any case, or the slot would wait for ever; unless it was called off meanwhile, which is an answer.
    this.#configured.prepare(run, entry, slot).then((prepared) => {
      if (!this.#preparing.delete(run)) return;
      if ("argv" in prepared) this.#addon.spawn(prepared);
      else this.#fault(run, prepared);
    }).catch((error: unknown) => {
      this.#preparing.delete(run);
      this.#fault(run, { step: "prepare", errno: "", message: String(error), subject: "" });
    });
  }

  signal(run: RunId, signal: string): void {
    this.#addon.signal(run, signal);
  }

  end(run: RunId, signal: string, scope: Scope): void {
    this.#closePidFile(run);
    if (!this.#preparing.delete(run)) return this.#addon.end(run, signal, scope);
    const fault = { step: "start", errno: "ECANCELED", message: "operation canceled", subject: "" };
    // Not from within this call: what comes of an effect waits in the queue.
    queueMicrotask(() => this.#fault(run, fault));
  }

  inspect(run: RunId, scope: Scope): void {
    this.#addon.inspect(run, scope);
  }

  follow(run: RunId, entry: string, slot: number, pid: number | null): void {
    this.#closePidFile(run);
    if (pid !== null) return this.#addon.follow(run, pid);
    const path = this.#configured.pidFileOf(entry, slot);
    if (path === null) return this.#addon.follow(run, null);
    this.#addon.follow(run, NOBODY_YET);
    this.#pidFiles.set(run, new PidFile(path, (pid) => this.#addon.follow(run, pid)));
  }

  reap(run: RunId): void {
    this.#closePidFile(run);
    this.#addon.reap(run);
  }

  /** Null for what is no affair of the law: signals to Sentry, loss, the keeper, answers to what the composition asked for. */
  happeningOf(fact: Fact): Happening | null {
    switch (fact.kind) {
      case "spawned": {
        const { kind, run, pid, at } = fact;
        return { kind, run, pid, at, identity: identityOf(fact) };
      }
      case "fault": {
        const { step, errno, message, subject } = fact;
        return { kind: "fault", run: fact.run, fault: { step, errno, message, subject }, at: fact.at };
      }
      case "exit": {
        const { kind: _, run, alone, ...exit } = fact;
        return { kind: "exited", run, exit, alone };
      }
      case "followed": {
        const { kind, run, pid, at } = fact;
        const settled = this.#pidFiles.has(run);
        this.#closePidFile(run);
        return { kind, run, pid, at, identity: identityOf(fact), settled };
      }
      case "astray": {
        const { kind, run, step, errno, message, subject } = fact;
        // Its PID file is an old one, or not the right one yet: it may still come to name a process of this run.
        if (errno === "ESRCH" && this.#pidFiles.has(run)) return null;
        return { kind, run, fault: { step, errno, message, subject } };
      }
      case "cleared": case "surviving": return fact;
      case "notified": return { kind: "notified", run: fact.run, tidings: readTidings(fact.text) };
      case "newline": case "lines": case "alarm": case "signal": case "lost": case "rotated": case "packed": case "flushed": case "quiet":
      case "keeperGone": case "strays": return null;
    }
  }

  /** The end of this image: what is not the addon's yet never will be. Whoever goes on with the state asks for it anew. */
  letGo(): void {
    this.#preparing.clear();
    for (const run of [...this.#pidFiles.keys()]) this.#closePidFile(run);
  }

  #closePidFile(run: RunId): void {
    this.#pidFiles.get(run)?.close();
    this.#pidFiles.delete(run);
  }

  #fault(run: RunId, fault: Fault): void {
    this.#post([{ kind: "fault", run, fault, at: this.#clock.now() }]);
  }
}

/** The socket is its run's: of whom is followed nothing more is said of it. */
function identityOf(fact: Extract<Fact, { kind: "spawned" | "followed" }>): Identity {
  const { startTicks, outPipe, errPipe, cgroup } = fact;
  return { startTicks, pipes: [outPipe, errPipe], cgroup, notify: fact.kind === "spawned" ? fact.notify : null };
}
