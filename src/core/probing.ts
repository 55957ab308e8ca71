/**
 * How a phase is looked at from outside. As with timers: it is probed exactly as long as its phase, and the law, ask for it.
 * As long as it is not known which process is the slot's, nobody looks at any; but a sign that it is ready may come already.
 */
import type { Draft } from "./draft.ts";
import { startedOf } from "./state.ts";
import type { Phase, Slot } from "./state.ts";
import type { Law, RunId, Sought } from "./types.ts";

interface Probing {
  readonly run: RunId;
  readonly pid: number;
  readonly what: Sought;
}

/** `before`: null: nobody looks at it yet. */
export function replaceProbe(draft: Draft, before: Slot | null, after: Slot): void {
  change(draft, before === null ? null : asked(draft, before), asked(draft, after), after);
}

/** The slot's law is another one now, and it may be looked at in another way. */
export function reprobe(draft: Draft, slot: Slot, before: Law): void {
  if (!draft.asleep) change(draft, probeOf(before, slot.phase), asked(draft, slot), slot);
}

function change(draft: Draft, before: Probing | null, after: Probing | null, { entry, number }: Slot): void {
  if (before?.run === after?.run && before?.what === after?.what && before?.pid === after?.pid) return;
  if (after !== null) draft.emit({ kind: "probe", ...after, entry, slot: number });
  else if (before !== null) draft.emit({ kind: "unprobe", run: before.run });
}

function asked(draft: Draft, { entry, phase }: Slot): Probing | null {
  const law = startedOf(phase) === null ? null : draft.lawOf(entry);
  return law === null ? null : probeOf(law, phase);
}

function probeOf(law: Law, phase: Phase): Probing | null {
  switch (phase.kind) {
    case "following": case "settling": {
      const isKnown = phase.proven || (phase.kind === "following" && phase.wasReady);
      return law.ready === "probe" && !isKnown ? { run: phase.run, pid: phase.started.pid, what: "sign" } : null;
    }
    case "readying": return law.ready === "probe" ? { run: phase.run, pid: phase.started.pid, what: "ready" } : null;
    // Whoever has said that it leaves need not be well any more.
    case "running":
      return law.health !== null && phase.leaves === null ? { run: phase.run, pid: phase.started.pid, what: "health" } : null;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting":
    case "stopping": case "clearing": case "waiting":
      return null;
  }
}
