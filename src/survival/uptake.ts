/** What is taken up of a Sentry that is gone, process by process and pipe by pipe. */
import { slotId } from "../core/types.ts";
import type { Identity } from "../core/types.ts";
import type { Adopted, OutputLeft } from "./findings.ts";
import type { Held } from "./kept.ts";
import type { Processes, Stat } from "./proc.ts";
import type { HeldProcess, Trace } from "./traces.ts";

/** Of which nothing is known. */
export const NOBODY: Identity = { startTicks: 0, pipes: [0, 0], cgroup: null, notify: null };

export class Uptake {
  readonly adoptions: Adopted[] = [];
  /** Programs that were looking at others. */
  readonly probes: Adopted[] = [];
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

  /** One whose end is to be heard of, and whatever it may still say. */
  process(trace: Trace, pid: number, held: HeldProcess | null, stat: Stat | null, identity: Identity): void {
    const { channels: { notify, ready }, swept } = trace;
    const startTicks = stat?.startTicks ?? identity.startTicks;
    // With the socket itself comes its name.
    const name = identity.notify ?? swept?.notify ?? (notify === null ? null : "");
    this.adoptions.push({
      ...this.#adopted(trace, pid, held, { ...identity, startTicks }), ended: false,
      notify: name === null ? null : { name, fd: notify?.fd ?? null }, readyPipe: ready?.fd ?? null,
    });
    if (stat !== null && stat.state !== "Z") this.living++;
  }

  /** One whose end is known. */
  ended(trace: Trace, pid: number, held: HeldProcess | null, identity: Identity): void {
    this.adoptions.push({ ...this.#adopted(trace, pid, held, identity), ended: true, notify: null, readyPipe: null });
    this.silent(trace);
  }

  /** It has been looking at another, for nobody any more. */
  probe(trace: Trace, pid: number, held: HeldProcess | null, startTicks: number): void {
    const adopted = this.#adopted(trace, pid, held, { ...NOBODY, startTicks });
    this.probes.push({ ...adopted, ended: false, notify: null, readyPipe: null });
  }

  /** Nobody is there any more who could say something. */
  silent({ channels: { notify, ready } }: Trace): void {
    for (const one of [notify, ready]) if (one !== null) this.superfluous.push(one);
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
      if (fd !== null) this.outputs.push({ run, stream, fd, entry, label, slot, open, kept });
    }
  }

  #adopted({ run, entry, kept, mark, pipes, swept }: Trace, pid: number, held: HeldProcess | null, identity: Identity) {
    // What the records do not say of it is put in by what was found.
    const inode = (stream: 0 | 1): number =>
      identity.pipes[stream] || (pipes[stream] === null ? 0 : this.#processes.inodeOf(pipes[stream]));
    return {
      run, entry, pid, startTicks: identity.startTicks, pidfd: held?.pidfd ?? null,
      outPipe: inode(0), errPipe: inode(1), cgroup: identity.cgroup ?? swept?.cgroup ?? null, mark, kept,
    };
  }
}
