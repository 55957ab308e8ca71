/** What is found of each run outside the records: what the keeper holds of it, and who bears its mark. */
import type { RunId } from "../core/types.ts";
import { keptOf, readLabel } from "./kept.ts";
import type { Held, Label } from "./kept.ts";
import type { Marked, Processes } from "./proc.ts";

export interface Trace {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly kept: string;
  /** What the keeper has of its process. */
  held: { readonly pidfd: number; readonly pid: number } | null;
  /** The read ends of stdout and stderr. */
  readonly pipes: [number | null, number | null];
  marked: Marked | null;
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

  /** @param instance whose they are, as the records say; null: as most of the labels say */
  constructor(instance: string | null, held: readonly Held[], processes: Processes) {
    const labels = held.map(({ label, fd }) => ({ fd, label: readLabel(label) }));
    this.instance = instance ?? mostNamed(labels.flatMap(({ label }) => label ?? []));
    for (const { label, fd } of labels) this.#put(label, fd);
    if (this.instance === null) return;
    for (const marked of processes.sweep(this.instance)) this.#of(marked.run, marked.entry, marked.slot).marked = marked;
  }

  /** Of that run; it is not among the rest any more. */
  take(run: RunId, entry: string, slot: number): Trace {
    const trace = this.#of(run, entry, slot);
    this.#runs.delete(run);
    return trace;
  }

  /** Those that nobody has taken, in the order in which they were begun. */
  rest(): Trace[] {
    return [...this.#runs.values()].sort((one, other) => one.run - other.run);
  }

  #put(label: Label | null, fd: number): void {
    if (label?.kind === "listen") this.listening.set(label.address, fd);
    else if (label?.kind === "tail") this.tails.set(label.entry, fd);
    else if (label === null || label.instance !== this.instance) this.strange.push(fd);
    else {
      const trace = this.#of(label.run, label.entry, label.slot);
      if (label.kind === "pid") trace.held = { pidfd: fd, pid: label.pid };
      else trace.pipes[label.kind === "out" ? 0 : 1] = fd;
    }
  }

  #of(run: RunId, entry: string, slot: number): Trace {
    const fresh = { run, entry, slot, kept: keptOf(this.instance ?? "", run, entry, slot), held: null, pipes: [null, null], marked: null } satisfies Trace;
    const trace: Trace = this.#runs.get(run) ?? fresh;
    this.#runs.set(run, trace);
    return trace;
  }
}

function mostNamed(labels: readonly Label[]): string | null {
  const counts = new Map<string, number>();
  for (const label of labels) if ("instance" in label) counts.set(label.instance, (counts.get(label.instance) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0] ?? null;
}
