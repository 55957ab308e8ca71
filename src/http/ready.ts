/** Whether all that is wanted is there: what a load balancer, or whoever waits for a deployment, wants to know. */
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";
import type { Phase } from "../core/state.ts";
import type { View } from "./view.ts";

/** The wanted slots that are neither ready nor finished, nor wait for the time of their schedule; in the order of the configuration. */
export function notReady({ engine }: { readonly engine: Pick<View["engine"], "state"> }): SlotId[] {
  const { entries, slots } = engine.state;
  return [...entries.values()].flatMap(({ law: { name }, count }) =>
    Array.from({ length: count }, (_, number) => slotId(name, number)).filter((id) => {
      const slot = slots.get(id);
      return slot !== undefined && slot.wanted && !IS_FINE.has(slot.phase.kind);
    }));
}

const IS_FINE: ReadonlySet<Phase["kind"]> = new Set(["running", "finished", "scheduled"]);
