/** What the phases of the law are called over HTTP. */
import type { Phase } from "../core/state.ts";
import type { ProcessShown } from "./schema.ts";

/**
 * The contract has fewer words than the law has phases: what is followed or not ready is still starting, what is cleared
 * still stopping, and what is not due waits.
 */
export const STATE_OF: Readonly<Record<Phase["kind"], ProcessShown["state"]>> = {
  stopped: "stopped", finished: "finished", failed: "failed", blocked: "blocked", starting: "starting", following: "starting",
  settling: "starting", readying: "starting", running: "running", stopping: "stopping", clearing: "stopping",
  waiting: "waiting", scheduled: "waiting",
};
