/** What is found of each run outside the records: what the keeper holds of it, and what there is by its cgroup or its mark. */
import type { RunId } from "../core/types.ts";
import { keptOf, readLabel } from "./kept.ts";
import type { Held, Label } from "./kept.ts";
import type { Processes, Swept } from "./proc.ts";

export interface Trace {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly kept: string;
  /** Its SENTRY_RUN. */
  readonly mark: string;
  /** The processes that the keeper has of it: of a daemon the one that is followed may be there beside the one before. */
  readonly held: HeldProcess[];
  /** The read ends of stdout and stderr. */
  readonly pipes: [number | null, number | null];
  /** Its NOTIFY_SOCKET, and the pipe on which it says that it is ready. */
  readonly channels: { notify: Held | null; ready: Held | null };
  swept: Swept | null;
}

export interface HeldProcess {
  readonly pid: number;
  readonly pidfd: number;
  readonly label: string;
}

export class Traces {
  readonly instance: string | null;
  /** What entries listen on, by address. */
  readonly listening = new Map<string, number>();
  /** What is kept of the output of entries, by their names. */
  readonly tails = new Map<string, number>();
  /** Descriptors that are not of this instance. */
  readonly strange: number[] = [];
  readonly #runs = new Map<RunId, Trace>();
  /** Of those nothing says which slot's they are, until somebody asks for that run. */
  readonly #nameless = new Map<RunId, Swept>();

  /** @param instance whose they are, as the records say; null: as most of the labels say */
  constructor(instance: string | null, held: readonly Held[], processes: Processes) {
    const labels = held.map(({ label, fd }) => ({ fd, text: label, label: readLabel(label) }));
    this.instance = instance ?? mostNamed(labels.flatMap(({ label }) => label ?? []));
    for (const { label, text, fd } of labels) this.#put(label, text, fd);
    if (this.instance === null) return;
    for (const swept of processes.sweep(this.instance)) {
      const of = this.#runs.get(swept.run) ?? swept.of;
      if (of === null) this.#nameless.set(swept.run, swept);
      else this.#of(swept.run, of.entry, of.slot).swept = swept;
    }
  }

  /** Of that run; it is not among the rest any more. */
  take(run: RunId, entry: string, slot: number): Trace {
    const trace = this.#of(run, entry, slot);
    this.#runs.delete(run);
    return trace;
  }

  /** Where nothing else says whose that run is, it is that slot's. */
  name(run: RunId, entry: string, slot: number): void {
    if (this.#nameless.has(run)) this.#of(run, entry, slot);
  }

  /** Of what there is of them, nothing says whose it is. */
  nameless(): Swept[] {
    return [...this.#nameless.values()];
  }

  /** Those that nobody has taken, in the order in which they were begun. */
  rest(): Trace[] {
    return [...this.#runs.values()].sort((one, other) => one.run - other.run);
  }

  #of(run: RunId, entry: string, slot: number): Trace {
    const fresh = {
      run, entry, slot, kept: keptOf(this.instance ?? "", run, entry, slot), mark: `${this.instance ?? ""}.${run}`,
      held: [], pipes: [null, null], channels: { notify: null, ready: null }, swept: this.#nameless.get(run) ?? null,
    } satisfies Trace;
    const trace: Trace = this.#runs.get(run) ?? fresh;
    this.#runs.set(run, trace);
    this.#nameless.delete(run);
    return trace;
  }

  #put(label: Label | null, text: string, fd: number): void {
    if (label?.kind === "listen") this.listening.set(label.address, fd);
    else if (label?.kind === "tail") this.tails.set(label.entry, fd);
    else if (label === null || label.instance !== this.instance) this.strange.push(fd);
    else {
      const trace = this.#of(label.run, label.entry, label.slot);
      switch (label.kind) {
        case "pid": trace.held.push({ pid: label.pid, pidfd: fd, label: text }); break;
        case "out": trace.pipes[0] = fd; break;
        case "err": trace.pipes[1] = fd; break;
        case "notify": case "ready": trace.channels[label.kind] = { label: text, fd }; break;
      }
    }
  }
}

function mostNamed(labels: readonly Label[]): string | null {
  const counts = new Map<string, number>();
  for (const label of labels) if ("instance" in label) counts.set(label.instance, (counts.get(label.instance) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0] ?? null;
}
