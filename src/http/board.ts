/**
 * Where all processes are shown. Monitors ask for all of them, often and several at a time, so what is written there serves
 * all who ask within some milliseconds, until something changes. A thousand processes cost little more than sending.
 *
 * A change concerns few slots, and a slot is never changed in place: so the text of each is kept beside it, until CPU and
 * memory have been read again; only how long it is up is put in anew. But what is shown of one that is blocked, or
 * scheduled, hangs on more than itself.
 */
import { runOf } from "../core/state.ts";
import type { Slot } from "../core/state.ts";
import type { Millis, Stamp } from "../core/types.ts";
import { blockedIn } from "./blocked.ts";
import type { BlockedBy } from "./blocked.ts";
import { livingIn } from "./living.ts";
import { show, uptimeOf } from "./process.ts";
import type { ProcessShown } from "./schema.ts";
import { write } from "./shape.ts";
import type { Usage } from "./usage.ts";
import type { View } from "./view.ts";

type Readings = Awaited<ReturnType<Usage["readings"]>>;

/** How long all of them are served as they were written. So late an uptime may be, as if the answer had been on its way. */
const FRESH: Millis = 10;

/** In the text of a process. No text in there can hold this: its quotes would be escaped. */
const UPTIME = /(?<=,"uptimeMs":)[^,]+/;

export class Board {
  readonly #view: View;
  readonly #usage: Usage;
  /** What the texts were made with; each sweep over the processes gives another map. */
  #readings: Readings = new Map();
  /** What stands before the uptime, and after it. */
  #texts = new WeakMap<Slot, readonly string[]>();
  /** All of them, as they were then. */
  #all: { readonly revision: number; readonly at: Millis; readonly body: Buffer } | null = null;

  constructor(view: View, usage: Usage) {
    this.#view = view;
    this.#usage = usage;
  }

  /** JSON: in the order of the configuration, then by number. */
  async all(): Promise<Buffer> {
    await this.#look();
    const { engine: { revision }, clock } = this.#view;
    const at = clock.now().mono;
    // Whoever has waited for the same look finds what the first of them has made.
    if (this.#all?.revision !== revision || at - this.#all.at >= FRESH) {
      this.#all = { revision, at, body: this.#list(inOrder(this.#view)) };
    }
    return this.#all.body;
  }

  /** Of those slots. */
  async only(slots: () => readonly Slot[]): Promise<Buffer> {
    await this.#look();
    return this.#list(slots());
  }

  /** As it is now, but for CPU and memory. */
  async one(slot: () => Slot): Promise<ProcessShown> {
    await this.#look();
    return this.#show(slot(), this.#view.clock.now());
  }

  async #look(): Promise<void> {
    const readings = await this.#usage.readings();
    if (readings === this.#readings) return;
    this.#readings = readings;
    this.#texts = new WeakMap();
    this.#all = null;
  }

  #list(slots: readonly Slot[]): Buffer {
    const blockedBy = blockedIn(this.#view.engine.state);
    const now = this.#view.clock.now();
    return Buffer.from(`[${slots.map((slot) => this.#text(slot, now, blockedBy)).join(",")}]`);
  }

  #text(slot: Slot, now: Stamp, blockedBy: BlockedBy): string {
    const kept = this.#texts.get(slot);
    if (kept !== undefined) return kept.join(String(uptimeOf(slot.phase, now)));
    const text = write("Process", this.#show(slot, now, blockedBy));
    if (this.#isOnItsOwn(slot)) this.#texts.set(slot, text.split(UPTIME));
    return text;
  }

  #isOnItsOwn({ entry, phase }: Slot): boolean {
    return phase.kind !== "blocked" && (this.#view.engine.state.entries.get(entry)?.law.schedule ?? null) === null;
  }

  #show(slot: Slot, now: Stamp, blockedBy?: BlockedBy): ProcessShown {
    const run = livingIn(slot.phase) === null ? null : runOf(slot.phase);
    const reading = run === null ? undefined : this.#readings.get(run);
    return show(slot, this.#view.engine.state, this.#view.program(slot.entry), reading?.used, now, blockedBy);
  }
}

function inOrder(view: View): Slot[] {
  const { entries, slots } = view.engine.state;
  const place = new Map([...entries.keys()].map((name, index) => [name, index]));
  return [...slots.values()].sort((a, b) =>
    (place.get(a.entry) ?? 0) - (place.get(b.entry) ?? 0) || a.number - b.number);
}
