/**
 * What follows from entries and slots, put together anew: the indexes and the counts of a state of which only the rest was
 * written down. A step keeps them with each change.
 */
import { followersIn } from "./order.ts";
import { isAtRest, runOf, timersOf } from "./state.ts";
import type { State } from "./state.ts";
import { moved, NOBODY, standingOf } from "./tally.ts";

export function derive(state: State): void {
  const { entries, removed, slots, runs, timers, tallies } = state;
  for (const index of [runs, timers, tallies]) index.clear();
  state.live = 0;
  state.followers = followersIn([...entries.values(), ...removed.values()].map(({ law }) => law));
  for (const [name, { law }] of removed) removed.set(name, { law, live: 0 });
  for (const [id, slot] of slots) {
    const { entry, number, phase } = slot;
    const run = runOf(phase);
    if (run !== null) runs.set(run, id);
    for (const { token } of timersOf(phase)) timers.set(token, id);

    const live = Number(!isAtRest(phase));
    const standing = number < (entries.get(entry)?.count ?? 0) ? standingOf(slot) : null;
    tallies.set(entry, moved(tallies.get(entry) ?? NOBODY, null, standing, live));
    state.live += live;
    const gone = removed.get(entry);
    if (gone !== undefined) removed.set(entry, { ...gone, live: gone.live + live });
  }
}
