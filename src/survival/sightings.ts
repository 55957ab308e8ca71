/** What is seen of one process: whether it is the one that is meant, and who it is where no record says so. */
import type { Identity, Stamp } from "../core/types.ts";
import type { Processes, Stat } from "./proc.ts";
import type { HeldProcess, Trace } from "./traces.ts";
import { NOBODY } from "./uptake.ts";

export class Sightings {
  readonly #processes: Processes;
  readonly #now: Stamp;

  constructor(processes: Processes, now: Stamp) {
    this.#processes = processes;
    this.#now = now;
  }

  /** The process of that pid and start time, or the one that the keeper has. Null: it is not there any more. */
  same({ swept }: Trace, held: HeldProcess | null, pid: number, identity: Identity): Stat | null {
    const stat = this.#processes.statOf(pid);
    const startTicks = identity.startTicks === 0 && swept?.leader?.pid === pid ? swept.leader.startTicks : identity.startTicks;
    const isSame = stat?.startTicks === startTicks || (startTicks === 0 && held !== null);
    return isSame ? stat : null;
  }

  /** A number that has been given back says nothing of whoever has it now. */
  statOf({ pid, pidfd }: HeldProcess): Stat | null {
    return this.#processes.isReaped(pidfd) ? null : this.#processes.statOf(pid);
  }

  /** Who that is, and since when. `stat` is null where it has ended. */
  seen(pid: number, stat: Stat | null, { swept }: Trace): { at: Stamp; identity: Identity } {
    const { cgroup, notify } = swept ?? NOBODY;
    if (stat === null) return { at: this.#now, identity: { ...NOBODY, cgroup, notify } };
    const { startTicks } = stat;
    const mono = Math.min(this.#now.mono, this.#processes.monoOf(startTicks));
    const at = { wall: Math.round(this.#now.wall - (this.#now.mono - mono) * 1000), mono };
    return { at, identity: { startTicks, pipes: [this.#processes.pipeOf(pid, 0), this.#processes.pipeOf(pid, 1)], cgroup, notify } };
  }
}
