/** The configuration that is in force, put together from a snapshot: what a reload's changes are changes of. */
import type { Present } from "../config/changes.ts";
import type { Definition } from "../config/definition.ts";
import type { Snapshot } from "../survival/snapshot.ts";

/**
 * The law is the state's own. What the processes are made of stands beside it, by the entry's name: after a take-over
 * that is what the dead Sentry had read, whatever stands in the configuration by now.
 */
export function inForce({ state, definitions }: Pick<Snapshot, "state" | "definitions">): Present[] {
  const known = new Map((definitions as readonly Definition[]).map((definition) => [definition.law.name, definition]));
  return state.entries.map(({ law, count }) => {
    const down = state.slots
      .filter(({ entry, number, wanted }) => entry === law.name && number < count && !wanted)
      .map(({ number }) => number);
    const { process = null, attention = null } = known.get(law.name) ?? {};
    return { law, process, attention, count, down };
  });
}
