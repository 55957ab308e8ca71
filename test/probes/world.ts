/** The world of probes without a kernel: programs that do as they are told, and all that was asked of it. */
import type { Happening } from "../../src/core/command.ts";
import type { Fault, RunId } from "../../src/core/types.ts";
import { isProbe } from "../../src/engine/probe-run.ts";
import type { Health, Ready } from "../../src/engine/probe.ts";
import { Prober } from "../../src/probes/prober.ts";
import type { ProberWorld } from "../../src/probes/prober.ts";
import { Programs } from "../../src/probes/programs.ts";
import type { ProgramFact } from "../../src/probes/programs.ts";

export type Deed = string;

export class FakeWorld implements ProberWorld {
  ready: Ready | null = null;
  health: Health | null = null;
  configured = true;
  obeyed = true;
  readonly deeds: Deed[] = [];
  readonly told: string[] = [];
  readonly happened: Happening[] = [];
  /** The runs of programs, in the order of their starts. */
  readonly begun: RunId[] = [];
  /** How many starts were laid out. */
  laidOut = 0;
  /** In the place of a start. */
  fault: Fault | null = null;

  asked() {
    return this.configured ? { ready: this.ready, health: this.health } : null;
  }

  prepare(run: RunId, entry: string, slot: number, command: string, args: readonly string[]): Promise<(() => void) | Fault> {
    this.laidOut++;
    if (this.fault !== null) return Promise.resolve(this.fault);
    return Promise.resolve(() => {
      this.deeds.push(`begin ${[`${entry}:${slot}`, command, ...args].join(" ")}`);
      this.begun.push(run);
    });
  }

  end(run: RunId): void {
    this.deeds.push(`end ${this.#named(run)}`);
  }

  reap(run: RunId): void {
    this.deeds.push(`reap ${this.#named(run)}`);
  }

  hush(run: RunId): void {
    this.deeds.push(`hush ${run}`);
  }

  seenLines(run: RunId, stream: 0 | 1): void {
    this.deeds.push(`seen ${run} ${stream}`);
  }

  tell(text: string): void {
    this.told.push(text);
  }

  post(happenings: Happening[]): void {
    this.happened.push(...happenings);
  }

  settled(): boolean {
    return this.obeyed;
  }

  /** Programs by when they were begun: their numbers are different each time. */
  #named(run: RunId): string {
    return isProbe(run) ? `program ${this.begun.indexOf(run)}` : String(run);
  }
}

export function prober(asked: { ready?: Ready; health?: Health }) {
  const world = Object.assign(new FakeWorld(), asked);
  return { world, prober: new Prober(world) };
}

export function programs() {
  const world = new FakeWorld();
  return { world, programs: new Programs(world) };
}

export function exit(run: RunId, how: { code?: number; signal?: string; alone?: boolean }): ProgramFact {
  const { signal = null, alone = true } = how;
  return { kind: "exit", run, code: signal === null ? how.code ?? 0 : null, signal, alone };
}
