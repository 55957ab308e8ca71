/**
 * A run may have had more than one process: a daemon is followed from one to the next, and any process may name another that
 * takes its place. Whoever is followed is given to the keeper at once, and recorded only later; so of a Sentry that was killed
 * in between, the keeper knows best.
 */
import { SETTLES_AFTER } from "../core/daemon.ts";
import { NOTHING_SAID } from "../core/state.ts";
import type { Phase, PhaseOf, Slot, Started } from "../core/state.ts";
import type { RunId, Stamp } from "../core/types.ts";
import type { Stat } from "./proc.ts";
import type { Replayed } from "./replay.ts";
import type { Sightings } from "./sightings.ts";
import type { Sketch } from "./sketch.ts";
import type { HeldProcess, Trace } from "./traces.ts";
import type { Untold } from "./untold.ts";

export class Successors {
  readonly #sketch: Sketch;
  readonly #untold: Untold;
  readonly #lost: ReadonlySet<RunId>;
  readonly #sightings: Sightings;
  readonly #now: Stamp;

  constructor({ sketch, untold, lost }: Replayed, sightings: Sightings, now: Stamp) {
    this.#sketch = sketch;
    this.#untold = untold;
    this.#lost = lost;
    this.#sightings = sightings;
    this.#now = now;
  }

  /** Who has the place of the one that is known by now, and the slot with it. Null: nobody else. */
  of(slot: Slot, trace: Trace): Started | null {
    const { phase } = slot;
    if (phase.kind === "readying" || phase.kind === "running") return this.#namedSince(slot, phase, trace);
    if (phase.kind === "following" && phase.said !== null) return this.#namedSince(slot, phase, trace);
    return phase.kind === "following" || phase.kind === "settling" ? this.#followedSince(slot, phase, trace) : null;
  }

  /**
   * The one that is known is not there any more, and another of the run is held: it has named that one, and it was followed.
   * That was not told before the dead Sentry knew it to be the slot's, so it is told now.
   */
  #namedSince(slot: Slot, phase: PhaseOf<"following" | "readying" | "running">, trace: Trace): Started | null {
    const { pid } = phase.started;
    if (this.#lost.has(phase.run) || this.#isAlive(trace.held.find((one) => one.pid === pid))) return null;
    const held = trace.held.find((one) => one.pid !== pid && this.#isAlive(one));
    if (held === undefined) return null;
    const since = this.#startedAs(held, this.#sightings.statOf(held), trace, phase.started);
    const after: Slot = { ...slot, phase: this.#inPlace(slot.entry, phase, since) };
    this.#sketch.set(after);
    if (after.phase.kind === "running") this.#untold.ready(after, phase.run, since);
    return since;
  }

  /** Its run speaks to the same socket as before. */
  #startedAs({ pid }: HeldProcess, stat: Stat | null, trace: Trace, { identity: { notify } }: Started): Started {
    const { at, identity } = this.#sightings.seen(pid, stat, trace);
    return { pid, at, identity: { ...identity, notify: identity.notify ?? notify } };
  }

  #isAlive(held: HeldProcess | undefined): boolean {
    const stat = held === undefined ? null : this.#sightings.statOf(held);
    return stat !== null && stat.state !== "Z";
  }

  /**
   * The keeper is given the process that a daemon has left as soon as it is followed, and that is recorded only once it has
   * settled. So whoever is held beside the one that is known was followed after it. Null: there is none.
   */
  #followedSince(slot: Slot, phase: PhaseOf<"following" | "settling">, trace: Trace): Started | null {
    const { run, started } = phase;
    const held = trace.held.filter(({ pid }) => pid !== started.pid).at(-1);
    if (held === undefined || this.#lost.has(run)) return null;
    const stat = this.#sightings.statOf(held);
    // The one that was settling may be the last of them, as long as it was not let go of. The one that was started never is.
    const isKept = phase.kind === "settling" && trace.held.some(({ pid }) => pid === started.pid);
    if (isKept && (stat === null || stat.state === "Z")) return null;
    const since = this.#startedAs(held, stat, trace, started);
    const settles = this.#sketch.timer(this.#now.mono + SETTLES_AFTER);
    const until = phase.kind === "settling" ? phase.until : phase.deadline.at;
    this.#sketch.set({ ...slot, phase: { kind: "settling", run, started: since, settles, until, proven: phase.proven } });
    return since;
  }

  /** What the one before had said, and how far it was, is its successor's. */
  #inPlace(entry: string, phase: PhaseOf<"following" | "readying" | "running">, started: Started): Phase {
    if (phase.kind !== "following") return { ...phase, started };
    const { run, deadline, said, wasReady, proven } = phase;
    const heard = said ?? NOTHING_SAID;
    return wasReady || proven ? this.#sketch.running(entry, run, started, heard) : { kind: "readying", run, started, deadline, finding: null, said: heard };
  }
}
