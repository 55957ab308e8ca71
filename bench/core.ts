/**
 * How many commands does the law obey in a second, and does that depend on how many slots there are? Each slot in turn
 * loses its process by a failure, waits, and gets another: three commands, and all that follows from them.
 *
 *   node out/bench/core.js [commands a round] [rounds]
 */
import { emptyState, runOf, timersOf } from "../src/core/state.ts";
import type { Phase, State } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";
import { slotId } from "../src/core/types.ts";
import type { Law, Millis, SlotId, Stamp } from "../src/core/types.ts";
import { inTurn, median, times } from "./support/figures.ts";

const [commands = 300_000, rounds = 5] = process.argv.slice(2).map(Number);
const PER_ENTRY = 10;

const law: Omit<Law, "name"> = {
  count: PER_ENTRY, restart: "always", successCodes: [0], delay: 1000, backoff: { factor: 2, max: 60_000, jitter: 0.2, resetAfter: 30_000 },
  limit: { count: 100, within: 60_000 }, stopSignal: "SIGTERM", grace: 10_000, scope: "tree", daemon: false, ready: "started",
  readyTimeout: 60_000, health: null, watchdog: null, after: [], schedule: null,
};

const rates = await inTurn(rounds, {
  ten: () => Promise.resolve(rate(10)),
  thousand: () => Promise.resolve(rate(1000)),
  hundredThousand: () => Promise.resolve(rate(100_000)),
});
const ten = median(rates.ten);
console.log(`core: ${ten.toFixed(0)} commands a second with 10 slots; with 1000 ${times(median(rates.thousand), ten, "that")}, `
  + `with 100,000 ${times(median(rates.hundredThousand), ten, "that")}; medians of ${rounds}`);

function rate(slots: number): number {
  const state = emptyState();
  const laws = Array.from({ length: slots / PER_ENTRY }, (_, n) => ({ ...law, name: `e${n}` }));
  step(state, { kind: "start", laws, exitWhen: null }, at(0));
  const ids = laws.flatMap(({ name }) => Array.from({ length: PER_ENTRY }, (_, slot) => slotId(name, slot)));
  for (const id of ids) spawned(state, id, 0);
  let now: Millis = 0;
  const begin = performance.now();
  for (let n = 0; n < commands / 3; n++) now = live(state, ids[n % ids.length] ?? slotId("e0", 0), now + 1);
  return commands / (performance.now() - begin) * 1000;
}

/** Returns when the slot has its next process. */
function live(state: State, id: SlotId, now: Millis): Millis {
  const exit = { pid: 1, code: 1, signal: null, coreDumped: false, at: at(now), kernelTime: true, userMs: 0, systemMs: 0, maxRssBytes: null };
  step(state, { kind: "exited", run: runOf(phaseOf(state, id)) ?? 0, exit, alone: true }, at(now));
  const [timer] = timersOf(phaseOf(state, id));
  if (timer === undefined) throw new Error(`${id} does not wait`);
  step(state, { kind: "timeUp", token: timer.token }, at(timer.at));
  spawned(state, id, timer.at);
  return timer.at;
}

function spawned(state: State, id: SlotId, now: Millis): void {
  const identity = { startTicks: 1, pipes: [1, 2], cgroup: null, notify: null } as const;
  step(state, { kind: "spawned", run: runOf(phaseOf(state, id)) ?? 0, pid: 1, at: at(now), identity }, at(now));
}

function phaseOf(state: State, id: SlotId): Phase {
  const slot = state.slots.get(id);
  if (slot === undefined) throw new Error(`there is no ${id}`);
  return slot.phase;
}

function at(mono: Millis): Stamp {
  return { wall: mono * 1000, mono };
}
