/** What is taken up of a Sentry that is gone, process by process and pipe by pipe. */
import { slotId } from "../core/types.ts";
import type { Identity } from "../core/types.ts";
import type { Adopted, OutputLeft } from "./findings.ts";
import type { Held } from "./kept.ts";
import type { Processes, Stat } from "./proc.ts";
import type { HeldProcess, Trace } from "./traces.ts";

/** Of which nothing is known. */
export const NOBODY: Identity = { startTicks: 0, pipes: [0, 0], cgroup: null };

export class Uptake {
  readonly adoptions: Adopted[] = [];
  readonly outputs: OutputLeft[] = [];
  readonly superfluous: Held[] = [];
  /** How many of the processes live. */
  living = 0;
  readonly #processes: Processes;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /** What the keeper has of that process of a run. If it has others of it as well, they are of no use any more. */
  heldOf({ held }: Trace, pid: number): HeldProcess | null {
    for (const one of held) if (one.pid !== pid) this.superfluous.push({ label: one.label, fd: one.pidfd });
    return held.find((one) => one.pid === pid) ?? null;
  }

  /** One whose end is to be heard of. */
  process(trace: Trace, pid: number, held: HeldProcess | null, stat: Stat | null, identity: Identity): void {
    const startTicks = stat?.startTicks ?? identity.startTicks;
    this.#adopt(trace, pid, held, { ...identity, startTicks }, false);
    if (stat !== null && stat.state !== "Z") this.living++;
  }

  /** One whose end is known. */
  ended(trace: Trace, pid: number, held: HeldProcess | null, identity: Identity): void {
    this.#adopt(trace, pid, held, identity, true);
  }

  /**
   * The pipes of a run, from the keeper, or else from the process itself.
   * @param name whose lines they are; null: nobody's who is known
   * @param pid of the process, if it is there
   */
  pipes(trace: Trace, name: number | null, open: boolean, pid: number | null, { pipes: inodes }: Identity): void {
    const { run, entry, slot, kept, pipes } = trace;
    const label = name === null ? slotId(entry, slot) : `${entry}.${name}`;
    for (const stream of [0, 1] as const) {
      const fd = pipes[stream] ?? (pid === null ? null : this.#processes.openPipe(pid, stream, inodes[stream]));
      if (fd !== null) this.outputs.push({ run, stream, fd, entry, label, open, kept });
    }
  }

  #adopt({ run, entry, kept, mark, pipes, swept }: Trace, pid: number, held: HeldProcess | null, identity: Identity, ended: boolean): void {
    // What the records do not say of it is put in by what was found.
    const inode = (stream: 0 | 1): number =>
      identity.pipes[stream] || (pipes[stream] === null ? 0 : this.#processes.inodeOf(pipes[stream]));
    this.adoptions.push({
      run, entry, pid, startTicks: identity.startTicks, pidfd: held?.pidfd ?? null, ended,
      outPipe: inode(0), errPipe: inode(1), cgroup: identity.cgroup ?? swept?.cgroup ?? null, mark, kept,
    });
  }
}
