/** How a phase is looked at from outside. As with timers: it is probed exactly as long as its phase, and the law, ask for it. */
import type { Phase } from "./state.ts";
import type { Law, RunId } from "./types.ts";

export interface Probing {
  readonly run: RunId;
  readonly pid: number;
  readonly what: "ready" | "health";
}

export function probeOf(law: Law, phase: Phase): Probing | null {
  switch (phase.kind) {
    case "readying": return law.ready === "probe" ? { run: phase.run, pid: phase.started.pid, what: "ready" } : null;
    // Whoever has said that it leaves need not be well any more.
    case "running":
      return law.health !== null && phase.leaves === null ? { run: phase.run, pid: phase.started.pid, what: "health" } : null;
    case "stopped": case "finished": case "failed": case "blocked": case "scheduled": case "starting": case "following":
    case "settling": case "stopping": case "clearing": case "waiting":
      return null;
  }
}
