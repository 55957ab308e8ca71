/**
 * A state in the making: what is said of it comes piece by piece, out of files, and may not fit together. `finished`
 * makes one of it that the law could have made.
 */
import { freshEntry } from "../core/change.ts";
import { codeOf } from "../core/outcome.ts";
import { NO_FAILURES } from "../core/restart.ts";
import { isAtRest, NOTHING_SAID, runOf, unawaited } from "../core/state.ts";
import type { Entry, Phase, PhaseOf, Said, Slot, Started, State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { ExitWhen, Law, Micros, Millis, RunId, SlotId, Token } from "../core/types.ts";
import { withoutCircles } from "./circle.ts";
import { fromPlain } from "./plain.ts";
import { UNSAID } from "./words.ts";

const A_SECOND: Micros = 1_000_000;

export const AT_REST: Phase = { kind: "stopped" };

export const SCHEDULED: Phase = { kind: "scheduled" };

/** Since its last process has ended. */
export function over(slot: Slot, kind: "finished" | "failed"): PhaseOf<"finished"> {
  return { kind, code: codeOf(kind, slot), at: slot.lastExit?.exit.at.mono ?? 0 };
}

/** For an entry that only the history knows: configuration's defaults. */
function unknownLaw(name: string): Law {
  return { ...UNSAID, name, count: 1, delay: 1000, stopSignal: "SIGTERM", grace: 10_000 };
}

/** Starts per slot that nobody got to record: their numbers are not given out again, for there may be something left of them. */
const UNRECORDED = 100;

export class Sketch {
  /** Of the configuration on disk. */
  readonly #laws: ReadonlyMap<string, Law>;
  readonly #entries = new Map<string, Entry>();
  /** Whose count nothing tells: it is at least what there are processes for. */
  readonly #guessed = new Set<string>();
  readonly #removed = new Map<string, Law>();
  readonly #slots = new Map<SlotId, Slot>();
  #nextRun: RunId = 1;
  #nextToken: Token = 1;
  readonly #configuredExitWhen: ExitWhen;
  #exitWhen: ExitWhen = null;

  constructor(laws: readonly Law[], exitWhen: ExitWhen) {
    this.#laws = new Map(laws.map((law) => [law.name, law]));
    this.#configuredExitWhen = exitWhen;
    this.clear();
  }

  /** Begins as the configuration on disk says. */
  clear(): void {
    for (const all of [this.#entries, this.#guessed, this.#removed, this.#slots]) all.clear();
    for (const name of this.#laws.keys()) this.know(name);
    this.#exitWhen = this.#configuredExitWhen;
  }

  /** Begins with that, but for rolling restarts: what has become of one since, nothing tells. It is over. */
  copy({ exitWhen, entries, removed, slots, nextRun, nextToken }: State): void {
    for (const all of [this.#entries, this.#guessed]) all.clear();
    this.#exitWhen = exitWhen;
    for (const [name, entry] of entries) this.#entries.set(name, { ...entry, rolling: null });
    for (const [name, { law }] of removed) this.#removed.set(name, law);
    for (const slot of slots.values()) this.set(unawaited(slot));
    this.#nextRun = nextRun;
    this.#nextToken = nextToken;
  }

  know(name: string): void {
    if (this.#entries.has(name) || this.#removed.has(name)) return;
    const law = this.#laws.get(name) ?? unknownLaw(name);
    this.#configure(law, law.count);
    this.#guessed.add(name);
  }

  /** That run has been given out. */
  saw(run: RunId): void {
    this.#nextRun = Math.max(this.#nextRun, run + 1);
  }

  law(name: string): Law {
    return this.#entries.get(name)?.law ?? this.#removed.get(name) ?? this.#laws.get(name) ?? unknownLaw(name);
  }

  count(name: string): number {
    return this.#entries.get(name)?.count ?? 0;
  }

  /** Whether what it comes after has been there: its first start says so, and that one of its slots is blocked says the opposite. */
  open(name: string, opened: boolean): void {
    this.#change(name, { opened });
  }

  /** Nothing runs any more: the order of the beginning holds once more. */
  closeAll(): void {
    for (const [name, { law }] of this.#entries) this.open(name, law.after.length === 0);
  }

  due(name: string, due: Micros | null): void {
    this.#change(name, { due });
  }

  /** What has come of its times up to then, a start or nothing, is told. When the next one is, is not: see Entry.due. */
  passed(name: string, by: Micros): void {
    const due = this.#entries.get(name)?.due ?? null;
    const last = Math.round(by);
    if (due !== null && due <= by) this.due(name, last % A_SECOND === 0 ? last + 1 : last);
  }

  miss(name: string, times: number): void {
    this.#change(name, { missed: (this.#entries.get(name)?.missed ?? 0) + times });
  }

  scale(name: string, count: number): void {
    this.#forget(name);
    // Slots that were mentioned before were within the count of then.
    const before = this.#guessed.delete(name) ? this.beyond(name) : this.count(name);
    this.#configure(this.law(name), count);
    for (const slot of this.of(name)) {
      if (slot.number >= count) this.#unwant(slot);
      else if (slot.number >= before) this.set({ ...slot, wanted: true });
    }
  }

  add(name: string, count: number): void {
    this.#forget(name);
    const law = this.#laws.get(name) ?? this.law(name);
    this.#guessed.delete(name);
    this.#configure({ ...law, count }, count);
    for (const slot of this.of(name)) this.set({ ...slot, wanted: slot.number < count });
  }

  remove(name: string): void {
    this.#removed.set(name, this.law(name));
    this.#entries.delete(name);
    this.#guessed.delete(name);
    for (const slot of this.of(name)) this.#unwant(slot);
  }

  /** One that was never mentioned is wanted, and at rest. */
  slot(entry: string, number: number): Slot {
    const fresh: Slot = { entry, number, wanted: true, starts: 0, lastExit: null, failures: NO_FAILURES, phase: AT_REST };
    return this.#slots.get(slotId(entry, number)) ?? fresh;
  }

  slots(): Slot[] {
    return [...this.#slots.values()];
  }

  of(name: string): Slot[] {
    return this.slots().filter(({ entry }) => entry === name);
  }

  /** Above the count there are only those that have to end: at rest they are forgotten. */
  set(slot: Slot): void {
    const { entry, number, wanted, phase } = slot;
    const isOver = isAtRest(phase) && !wanted && number >= this.count(entry) && !this.#guessed.has(entry);
    if (isOver) this.#slots.delete(slotId(entry, number));
    else this.#slots.set(slotId(entry, number), slot);
  }

  /** At rest and wanted may be what only its records make of it: its start is under way, and to be called off. Then that is told next. */
  #unwant(slot: Slot): void {
    if (isAtRest(slot.phase) && slot.wanted) this.#slots.set(slotId(slot.entry, slot.number), { ...slot, wanted: false });
    else this.set({ ...slot, wanted: false });
  }

  /** Of those nothing was told: they were at rest. */
  #forget(name: string): void {
    for (const slot of this.of(name)) this.set(slot);
  }

  waiting(at: Millis): Phase {
    return { kind: "waiting", restart: this.timer(at) };
  }

  /**
   * A process that is there, and is ready. What it has said, and how its health was, is told nowhere; and a watchdog begins
   * anew with the take-over, whenever it was to end.
   */
  running(name: string, run: RunId, started: Started, said: Said = NOTHING_SAID): PhaseOf<"running"> {
    const every = said.watchdogEvery ?? this.law(name).watchdog ?? 0;
    const silence = every === 0 ? null : this.timer(started.at.mono + every);
    return { kind: "running", run, started, settles: null, silence, leaves: null, ailing: 0, said };
  }

  timer(at: Millis): { token: Token; at: Millis } {
    return { token: this.#nextToken++, at };
  }

  /** A number above all that the entry has. */
  beyond(name: string): number {
    return Math.max(this.count(name), ...this.of(name).map(({ number }) => number + 1));
  }

  /** A run is one process: what names it a second time is damaged. */
  unify(): void {
    const seen = new Set<RunId>();
    for (const slot of this.slots()) {
      const run = runOf(slot.phase);
      if (run !== null && seen.has(run)) this.set({ ...slot, phase: AT_REST });
      if (run !== null) seen.add(run);
    }
  }

  /** Every slot below a count is there; above it only those that have to end. */
  finished(): State {
    for (const name of this.#guessed) this.#makeRoom(name);
    for (const { name, after } of withoutCircles([...this.#entries.values()].map(({ law }) => law))) {
      this.#change(name, { law: { ...this.law(name), after } });
    }
    for (const { law, count } of this.#entries.values()) {
      for (let number = 0; number < count; number++) this.set(this.slot(law.name, number));
    }
    const slots = this.slots().flatMap((slot) => {
      if (slot.number < this.count(slot.entry)) return [slot];
      return isAtRest(slot.phase) ? [] : [{ ...slot, wanted: false }];
    });
    const ending = new Set(slots.map(({ entry }) => entry));
    return fromPlain({
      course: "keeping", exitWhen: this.#exitWhen, exitCode: null, leaveBy: null, urged: false, entries: [...this.#entries.values()],
      removed: [...this.#removed.values()].filter(({ name }) => ending.has(name)), slots, seed: 0,
      nextRun: this.#nextRun + UNRECORDED * (slots.length + 1), nextToken: this.#nextToken,
    });
  }

  #configure(law: Law, count: number): void {
    const before = this.#entries.get(law.name) ?? freshEntry(law);
    this.#removed.delete(law.name);
    this.#entries.set(law.name, { ...before, law, count, rolling: null });
  }

  #change(name: string, change: Partial<Entry>): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.#entries.set(name, { ...entry, ...change });
  }

  /** No living process is replaced because of a count that nobody knows. */
  #makeRoom(name: string): void {
    const taken = this.of(name).filter(({ phase }) => runOf(phase) !== null).map(({ number }) => number + 1);
    this.#change(name, { count: Math.max(this.count(name), ...taken) });
  }
}
