/** The process that a slot is shown with. */
import { startedOf } from "../core/state.ts";
import type { Phase, Started } from "../core/state.ts";

/**
 * Null where none lives. That of a daemon which has forked itself away has ended, though it keeps its pid until it is known
 * which other process it has left.
 */
export function livingIn(phase: Phase): Started | null {
  return phase.kind === "following" && phase.ended !== null ? null : startedOf(phase);
}
