/** What the state says of slots and entries, and /proc of their processes, as metrics. */
import type { Slot, State } from "../core/state.ts";
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";
import { counter, gauge, of } from "./exposition.ts";
import type { Labels, Metric, Sample } from "./exposition.ts";
import { livingIn } from "./living.ts";
import { STATE_OF } from "./state-of.ts";
import type { Used } from "./usage.ts";

/** Each is shown, also where there is none in it: what is missing cannot be told from 0 in a query. */
const STATES = new Set(Object.values(STATE_OF));

interface Labelled {
  readonly slot: Slot;
  readonly used: Used | undefined;
  readonly labels: Labels;
}

export function processMetrics(state: Readonly<State>, usage: ReadonlyMap<SlotId, Used>): Metric[] {
  const slots = [...state.slots.values()].map((slot): Labelled => {
    const { entry, number } = slot;
    return { slot, used: usage.get(slotId(entry, number)), labels: { entry, slot: String(number) } };
  });
  return [...ofSlots(slots), ...ofEntries(state)];
}

function ofSlots(slots: readonly Labelled[]): Metric[] {
  return [
    gauge("sentry_process_up", "1 while the slot has a process, else 0.",
      each(slots, ({ slot }) => Number(livingIn(slot.phase) !== null))),
    gauge("sentry_process_ready", "1 while the slot's process does its work, else 0.",
      each(slots, ({ slot }) => Number(slot.phase.kind === "running"))),
    counter("sentry_process_restarts_total", "How many processes the slot has had before the one that it has, or had last.",
      each(slots, ({ slot }) => Math.max(0, slot.starts - 1))),
    gauge("sentry_process_start_time_seconds", "When the slot's process was started, since the epoch.",
      each(slots, ({ slot }) => seconds(livingIn(slot.phase)?.at.wall, 1e6))),
    counter("sentry_process_cpu_seconds_total", "CPU time of the process and all its descendants.",
      each(slots, ({ used }) => seconds(used?.cpu, 1000))),
    gauge("sentry_process_resident_memory_bytes", "Resident memory of the process and all its descendants.",
      each(slots, ({ used }) => used?.memoryBytes)),
  ];
}

function ofEntries({ entries, slots }: Readonly<State>): Metric[] {
  const all = new Map([...entries.keys()].map((name) => [name, { wanted: 0, states: new Map([...STATES].map((state) => [state, 0])) }]));
  for (const { entry, number, wanted, phase } of slots.values()) {
    const counts = all.get(entry);
    if (counts === undefined) continue; // taken out: it is only there until its last process has ended
    const state = STATE_OF[phase.kind];
    counts.states.set(state, (counts.states.get(state) ?? 0) + 1);
    const isToBeThere = phase.kind !== "finished" && phase.kind !== "scheduled";
    if (wanted && isToBeThere && number < (entries.get(entry)?.count ?? 0)) counts.wanted++;
  }
  return [
    gauge("sentry_entry_wanted_processes", "How many processes of the entry are to be there; those that have finished, or wait for their schedule, are not.",
      [...all].map(([entry, { wanted }]) => of({ entry }, wanted))),
    gauge("sentry_processes", "How many slots of the entry are in that state.",
      [...all].flatMap(([entry, { states }]) => [...states].map(([state, value]) => ({ labels: { entry, state }, value })))),
  ];
}

/** Of those that have such a number. */
function each(slots: readonly Labelled[], valueOf: (one: Labelled) => number | null | undefined): Sample[] {
  return slots.flatMap((one) => {
    const value = valueOf(one);
    return value === null || value === undefined ? [] : [of(one.labels, value)];
  });
}

function seconds(given: number | null | undefined, inSecond: number): number | null {
  return given === null || given === undefined ? null : given / inSecond;
}
