/** All books of an experiment side by side: what the children say, what the history says, what the log files have. */
import { attention } from "./attention.ts";
import type { Books } from "./books.ts";
import type { Circumstances } from "./circumstances.ts";
import { daemons } from "./daemons.ts";
import { faultsOfHistory } from "./history.ts";
import type { History } from "./history.ts";
import { lines } from "./lines.ts";
import { exits, haste, overlaps } from "./lives.ts";

/** What the long run adds up. */
export interface Counts {
  readonly lives: number;
  readonly unknown: number;
  readonly unseen: number;
  /** Ends that left others behind, and daemons that were followed. */
  readonly leftovers: number;
  readonly followed: number;
  readonly lines: number;
  readonly repeated: number;
  readonly torn: number;
}

export interface Verdict {
  /** Each is a promise that was not kept; none: all is well. */
  readonly faults: readonly string[];
  readonly counts: Counts;
}

/** Once nothing lives any more. */
export function verdictOn({ lives, history, logs }: Books, circumstances: Circumstances): Verdict {
  const exited = exits(lives, history.lines, circumstances);
  const printed = lines(lives, logs, circumstances);
  const faults = [
    ...overlaps(lives, circumstances), ...faultsOfHistory(history), ...exited.faults,
    ...haste(lives, history.lines, circumstances), ...daemons(lives, history.lines, circumstances),
    ...attention(lives, history.lines, circumstances.order), ...printed.faults,
    ...faultsOfTranscript(printed, history, circumstances),
  ];
  const { unknown, unseen } = exited;
  const { count, repeated, torn } = printed;
  const leftovers = history.lines.filter((line) => line["leftovers"] === true).length;
  const followed = history.lines.filter(({ type }) => type === "ready").length;
  return { faults, counts: { lives: lives.length, unknown, unseen, leftovers, followed, lines: count, repeated, torn } };
}

/** The terminal's own lines: each once, but a SIGKILL may take what was not written yet. */
function faultsOfTranscript(
  shown: { started: number; exited: number }, { lines: records }: History, { gaps }: Circumstances,
): string[] {
  return (["started", "exited"] as const).flatMap((type) => {
    const recorded = records.filter((line) => line.type === type).length;
    if (shown[type] === recorded || (gaps.length > 0 && shown[type] < recorded)) return [];
    return [`${recorded} records of ${type}, and ${shown[type]} lines of it in the log files`];
  });
}
