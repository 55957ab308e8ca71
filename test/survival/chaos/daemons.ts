/** What becomes of those that fork themselves away: each that lives is followed, and soon. */
import type { HistoryLine } from "../../../src/engine/line.ts";
import { whenItWas } from "./circumstances.ts";
import type { Circumstances } from "./circumstances.ts";
import { isAstray, recordedIn } from "./history.ts";
import type { Recorded } from "./history.ts";
import { isDaemon } from "./life.ts";
import type { Life } from "./life.ts";

/** Milliseconds with a Sentry and a daemon, after which it is surely ready, on a busy machine as well. */
const LONGEST = 5000;

export function daemons(lives: readonly Life[], lines: readonly HistoryLine[], circumstances: Circumstances): string[] {
  const byMark = new Map(lives.map((life) => [life.mark, life]));
  const runs = recordedIn(lines);
  return [
    ...lines.filter(isAstray).flatMap((fault) => {
      const run = runs.findLast(({ started }) => started.id < fault.id && isOfOneSlot(started, fault));
      const isTrue = run !== undefined && hasEnded(run, byMark.get(run.mark), circumstances);
      return isTrue ? [] : [`a fault: ${JSON.stringify(fault)}`];
    }),
    ...runs.flatMap((run) => {
      const life = byMark.get(run.mark);
      if (run.ready !== null || life === undefined || !isDaemon(life)) return [];
      const alone = longestStretch(life, circumstances);
      if (alone < LONGEST) return [];
      const when = whenItWas(life.born, circumstances.gaps);
      return [`${life.mark} was not followed, and Sentry had ${alone.toFixed(0)} ms for it: it was born ${when}`];
    }),
  ];
}

function isOfOneSlot(one: HistoryLine, other: HistoryLine): boolean {
  return one.entry === other.entry && one.slot === other.slot;
}

/** There may have been nobody left to be followed. */
function hasEnded({ mark, ready }: Recorded, life: Life | undefined, { killed }: Circumstances): boolean {
  return ready === null && life !== undefined && (life.ending !== null || killed.has(mark));
}

/** The longest time of its life in which one and the same Sentry was there. */
function longestStretch({ born, seen }: Life, { gaps }: Circumstances): number {
  let longest = 0;
  let since = born;
  for (const { from, to } of gaps) {
    longest = Math.max(longest, Math.min(from, seen) - since);
    since = Math.max(since, to);
  }
  return Math.max(longest, seen - since);
}
