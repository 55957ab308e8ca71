/** Whole experiments, from the first start to the comparison of all books. */
import { STUBBORN, allSorts, attended } from "./entries.ts";
import { byHand, connectingAnew, halfHearted, keepingAlive } from "./clients.ts";
import { Dice } from "./dice.ts";
import { Experiment } from "./experiment.ts";
import type { Clearing, Conditions } from "./experiment.ts";
import { dieAt, dieAtRandom } from "./kills.ts";
import { POINTS } from "./points.ts";
import { killChildren, Reloads } from "./reloads.ts";
import { Stream } from "./stream.ts";
import type { Counts } from "./verdict.ts";

export interface Campaign {
  readonly faults: readonly string[];
  readonly counts: Counts;
  readonly kills: number;
  readonly reloads: number;
  readonly requests: number;
  /** All of it in words, for whoever has to find out. */
  story(): string;
}

type How = Omit<Conditions, "entries">;

/** Each named point once. */
export async function atEachPoint(t: Clearing, seed: number, how: How = {}): Promise<Campaign> {
  const dice = new Dice(seed);
  const experiment = new Experiment(t, { entries: [...allSorts(seed), ...attended(seed), STUBBORN], ...how });
  return toItsEnd(experiment, async () => {
    await experiment.start();
    await experiment.crash();
    for (const point of POINTS) await dieAt(experiment, point, dice);
  });
}

/** At least so many times at random. */
export async function atRandom(t: Clearing, seed: number, cycles: number, how: How = {}): Promise<Campaign> {
  const dice = new Dice(seed);
  const experiment = new Experiment(t, { entries: [...allSorts(seed), ...attended(seed)], ...how });
  return toItsEnd(experiment, async () => {
    while (experiment.gaps.length < cycles) await dieAtRandom(experiment, dice);
  });
}

/** Reloads at random times, under those who ask all the time; children are killed meanwhile. */
export async function withReloads(
  t: Clearing, seed: number, cycles: number, how: How & { pid1?: boolean } = {},
): Promise<Campaign> {
  const dice = new Dice(seed);
  const experiment = new Experiment(t, { entries: allSorts(seed), ...how });
  return toItsEnd(experiment, async () => {
    await (how.pid1 === true ? experiment.startAsPid1() : experiment.start());
    const { socket } = experiment;
    const stream = new Stream(socket);
    const clients = [keepingAlive, connectingAnew, byHand, halfHearted].map((make, n) => make(socket, new Dice(seed + n)));
    const killer = killChildren(experiment, new Dice(seed + 10));
    const reloads = new Reloads(experiment, stream, dice);
    try {
      while (reloads.done < cycles) await reloads.once();
    } finally {
      await Promise.all([...clients, killer, stream].map((one) => one.end()));
    }
    experiment.faults.push(...clients.flatMap(({ failures }) => failures), ...stream.failures);
    experiment.faults.push(...await reloads.faults(experiment.books().history.lines));
    return { reloads: reloads.done, requests: clients.reduce((sum, { asked }) => sum + asked, 0) };
  });
}

/** What is done, then the end, and the comparison of all books. What goes wrong on the way is told with what was done before. */
async function toItsEnd(
  experiment: Experiment, work: () => Promise<{ reloads: number; requests: number } | void>,
): Promise<Campaign> {
  try {
    const { reloads, requests } = await work() ?? { reloads: 0, requests: 0 };
    const { faults, counts } = await experiment.finish();
    return { faults, counts, kills: experiment.gaps.length, reloads, requests, story: () => experiment.story(faults) };
  } catch (error) {
    throw new Error(experiment.story([...experiment.faults, (error as Error).message]), { cause: error });
  }
}
