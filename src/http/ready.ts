/** Whether all that is wanted is there: what a load balancer, or whoever waits for a deployment, wants to know. */
import { slotId } from "../core/types.ts";
import type { SlotId } from "../core/types.ts";
import type { View } from "./view.ts";

/** The wanted slots that are neither ready nor finished, in the order of the configuration. */
export function notReady(view: View): SlotId[] {
  const { entries, slots } = view.engine.state;
  return [...entries.values()].flatMap(({ law: { name }, count }) =>
    Array.from({ length: count }, (_, number) => slotId(name, number)).filter((id) => {
      const slot = slots.get(id);
      return slot !== undefined && slot.wanted && slot.phase.kind !== "running" && slot.phase.kind !== "finished";
    }));
}
