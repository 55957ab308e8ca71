/**
 * How much CPU time and memory each slot's process uses, with all that it has started. Looking costs a pass over /proc,
 * so it is done only when somebody asks, and at most once a second, whoever asks; nothing runs in between. What a
 * reading means depends on the one before it; after a long time without any there are two in a row. They are kept by
 * run: a pid or a slot may have become another process's. So may a run, where a daemon has forked itself away: the reading
 * of the process that began it says nothing of the one that is followed.
 */
import { setTimeout } from "node:timers/promises";

import { runOf } from "../core/state.ts";
import type { Started } from "../core/state.ts";
import type { Millis, RunId, SlotId } from "../core/types.ts";
import { livingIn } from "./living.ts";
import type { Consumption, View } from "./view.ts";

/** Null: not known, or not yet. */
export interface Used {
  /** Of one core, since the sweep before, or since its start where it was not seen before. */
  readonly cpuPercent: number | null;
  /** Resident. */
  readonly memoryBytes: number | null;
  /** CPU time since its start, as far as it was seen. Never falls while the process lasts. */
  readonly cpu: Millis | null;
}

const UNKNOWN: Used = { cpuPercent: null, memoryBytes: null, cpu: null };
const FRESH: Millis = 1000;
/** What was used in that time is not what is used now. */
const LONG: Millis = 10_000;
/** What is used in that time is. */
const MOMENT: Millis = 200;

type Readings = ReadonlyMap<RunId, Reading>;

interface Reading {
  readonly at: Millis;
  readonly pid: number;
  /** As the kernel has it: it falls when a descendant ends that somebody else waits for. */
  readonly found: Consumption;
  readonly used: Used;
}

interface Live {
  readonly id: SlotId;
  readonly run: RunId;
  readonly started: Started;
}

export class Usage {
  readonly #view: View;
  readonly #pause: (time: Millis) => Promise<void>;
  /** Of the last sweep that succeeded; when that was, and how long after the one before. */
  #readings: Readings = new Map();
  #last: Millis | null = null;
  #span: Millis = 0;
  /** What is told: nothing, where the last sweep has failed. */
  #told: Readings = this.#readings;
  #failing = false;
  #begun: Millis = -Infinity;
  #sweep: Promise<void> | null = null;

  constructor(view: View, pause: (time: Millis) => Promise<void> = setTimeout) {
    this.#view = view;
    this.#pause = pause;
  }

  /** Of each slot that has a process. At most a second old; a process that is younger than that may not be known yet. */
  async read(): Promise<ReadonlyMap<SlotId, Used>> {
    const readings = await this.#notOlderThan(FRESH);
    return new Map(this.#live().map(({ id, run }) => [id, readings.get(run)?.used ?? UNKNOWN]));
  }

  /**
   * The same by run: the same map for as long as that is fresh. CPU time is that of the last seconds: where nobody has
   * looked for longer, it is looked a second time.
   */
  async readings(): Promise<Readings> {
    const told = await this.#notOlderThan(FRESH);
    if (this.#span <= LONG) return told;
    await this.#pause(MOMENT);
    return this.#notOlderThan(MOMENT / 2); // others may have paused as well, and timers fire early by a hair
  }

  async #notOlderThan(age: Millis): Promise<Readings> {
    const now = this.#view.clock.now().mono;
    if (this.#sweep === null && now - this.#begun >= age) {
      this.#begun = now;
      this.#sweep = this.#look(now);
    }
    await this.#sweep;
    return this.#told;
  }

  async #look(at: Millis): Promise<void> {
    const live = this.#live();
    try {
      const found = await this.#sweepOf(live);
      const before = this.#readings;
      this.#readings = new Map(live.flatMap(({ run, started }, n) => {
        const one = found[n] ?? null;
        return one === null ? [] : [[run, reading(one, at, started, before.get(run) ?? null)]];
      }));
      this.#told = this.#readings;
      this.#span = at - (this.#last ?? at);
      this.#last = at;
      this.#failing = false;
    } catch (error) {
      // Once, and not each second for as long as somebody asks.
      if (!this.#failing) this.#view.bug(error, "CPU time and memory were looked at");
      this.#failing = true;
      this.#span = 0;
      this.#told = new Map(); // another each time: that is how whoever keeps what was made with it learns of a look
    } finally {
      this.#sweep = null;
    }
  }

  async #sweepOf(live: readonly Live[]): Promise<readonly (Consumption | null)[]> {
    if (live.length === 0) return [];
    return this.#view.sweep(live.map(({ started: { pid, identity } }) => ({ pid, startTicks: identity.startTicks })));
  }

  #live(): Live[] {
    return [...this.#view.engine.state.slots].flatMap(([id, { phase }]) => {
      const [run, started] = [runOf(phase), livingIn(phase)];
      return run === null || started === null ? [] : [{ id, run, started }];
    });
  }
}

function reading(found: Consumption, at: Millis, started: Started, last: Reading | null): Reading {
  const before = last?.pid === started.pid ? last : null;
  const spent = Math.max(0, found.cpu - (before?.found.cpu ?? 0));
  const elapsed = at - (before?.at ?? started.at.mono);
  return {
    at, found, pid: started.pid,
    used: {
      cpuPercent: elapsed > 0 ? Math.round(1000 * spent / elapsed) / 10 : 0,
      memoryBytes: found.memoryBytes,
      cpu: (before?.used.cpu ?? 0) + spent,
    },
  };
}
