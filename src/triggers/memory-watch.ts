/**
 * Tells which processes take more memory than they may, with all that they have started. Memory grows without any event, so
 * it has to be looked at: one pass over /proc every ten seconds, for all of them together, and only as long as an entry
 * that has asked for it has a process.
 */
import { setTimeout } from "node:timers/promises";

import type { Happening } from "../core/command.ts";
import type { Millis, RunId } from "../core/types.ts";

const EVERY: Millis = 10_000;

/** A process of an entry with `restartAbove`. */
export interface Limited {
  readonly run: RunId;
  readonly pid: number;
  readonly startTicks: number;
  /** In bytes. */
  readonly limit: number;
}

export interface MemoryPorts {
  /** Those that run now. */
  running(): readonly Limited[];
  /** Memory of whole trees, in the order of the roots; null: it is gone. */
  sweep(roots: readonly { readonly pid: number; readonly startTicks: number }[]): Promise<readonly ({ readonly memoryBytes: number } | null)[]>;
  post(facts: readonly Happening[]): void;
  /** Something in Sentry itself has thrown. */
  bug(error: unknown, what: string): void;
}

export class MemoryWatch {
  readonly #ports: MemoryPorts;
  readonly #pause: (time: Millis, over: AbortSignal) => Promise<unknown>;
  readonly #over = new AbortController();
  /** Of these it has been told. */
  #told: ReadonlySet<RunId> = new Set();
  #isAwake = false;
  #isFailing = false;

  constructor(ports: MemoryPorts, pause: (time: Millis, over: AbortSignal) => Promise<unknown> = pauseUnlessOver) {
    this.#ports = ports;
    this.#pause = pause;
  }

  /** A process has been started, perhaps one with a limit. */
  wake(): void {
    if (!this.#isAwake) void this.#stayAwake();
  }

  close(): void {
    this.#over.abort();
  }

  async #stayAwake(): Promise<void> {
    this.#isAwake = true;
    while (!this.#over.signal.aborted && this.#ports.running().length > 0) {
      await this.#pause(EVERY, this.#over.signal);
      if (!this.#over.signal.aborted) await this.#look();
    }
    this.#isAwake = false;
  }

  async #look(): Promise<void> {
    const running = this.#ports.running();
    if (running.length === 0) return;
    try {
      const found = await this.#ports.sweep(running.map(({ pid, startTicks }) => ({ pid, startTicks })));
      if (!this.#over.signal.aborted) this.#tell(running.map((one, n) => ({ ...one, memory: found[n]?.memoryBytes ?? 0 })));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#ports.bug(error, "memory was looked at"); // once, and not every ten seconds
      this.#isFailing = true;
    }
  }

  #tell(all: readonly (Limited & { readonly memory: number })[]): void {
    const above = all.filter(({ memory, limit }) => memory > limit);
    const news = above.filter(({ run }) => !this.#told.has(run));
    const runs = new Set(all.map(({ run }) => run));
    this.#told = new Set([...this.#told, ...news.map(({ run }) => run)].filter((run) => runs.has(run)));
    if (news.length > 0) this.#ports.post(news.map(({ run, memory, limit }) => ({ kind: "oversized", run, message: amounts(memory, limit) })));
  }
}

/** `612M of 512M`. Rounded up: what is above the limit is never shown as the limit itself, unless that has a fraction. */
function amounts(memory: number, limit: number): string {
  const [size, unit] = limit < 10 * 1024 ** 2 ? [1024, "K"] : [1024 ** 2, "M"];
  return `${Math.ceil(memory / size)}${unit} of ${Math.ceil(limit / size)}${unit}`;
}

function pauseUnlessOver(time: Millis, over: AbortSignal): Promise<unknown> {
  return setTimeout(time, undefined, { signal: over }).catch(() => null);
}
