/** What the children say, held against what the history says. */
import type { HistoryLine } from "../../../src/engine/line.ts";
import { mayBeUnknown, mayBeUnseen, whenItWas } from "./circumstances.ts";
import type { Circumstances } from "./circumstances.ts";
import { recordedIn, slotsOf } from "./history.ts";
import type { Recorded } from "./history.ts";
import type { Life } from "./life.ts";

/** Timers of Node may be early by a fraction of one. */
const MILLISECOND = 1;

/** At no time two living processes in one slot. */
export function overlaps(lives: readonly Life[], { gaps }: Circumstances): string[] {
  const last = new Map<string, Life>();
  return lives.flatMap((life) => {
    const slot = `${life.entry}:${life.slot}`;
    const before = last.get(slot);
    if (before === undefined || life.seen >= before.seen) last.set(slot, life);
    if (before === undefined || life.born >= before.seen) return [];
    const more = `${(before.seen - life.born).toFixed(1)} ms more`;
    return [`${slot}: ${life.mark} began while ${before.mark} lived, which did so for ${more}: ${whenItWas(life.born, gaps)}`];
  });
}

export interface Exits {
  readonly faults: readonly string[];
  /** Recorded with an unknown status, where that is excused. */
  readonly unknown: number;
  /** In no record at all, where that is excused. */
  readonly unseen: number;
}

/** Each life is recorded once, and so is its end, as it was. */
export function exits(lives: readonly Life[], lines: readonly HistoryLine[], circumstances: Circumstances): Exits {
  const faults: string[] = [];
  let unknown = 0;
  let unseen = 0;
  const byMark = new Map(lives.map((life) => [life.mark, life]));
  const recorded = new Set<string>();
  for (const run of recordedIn(lines)) {
    const life = byMark.get(run.mark);
    if (recorded.has(run.mark)) faults.push(`${run.mark} is recorded as started twice (id ${run.started.id})`);
    recorded.add(run.mark);
    if (life !== undefined && life.pid !== run.started.pid) {
      faults.push(`${run.mark} has pid ${life.pid}, and is recorded with ${run.started.pid}`);
    }
    if (run.exited === null) {
      faults.push(`${run.mark} (id ${run.started.id}) has no recorded exit`);
      continue;
    }
    const isUnknown = run.exited.status === "unknown";
    if (isUnknown) unknown++;
    if (isUnknown ? life === undefined || !mayBeUnknown(life, circumstances) : !isTrue(run, life, circumstances)) {
      const recorded = isUnknown ? "unknown" : run.exited.code ?? run.exited.signal;
      const was = nameOf(life, circumstances);
      faults.push(`the exit of ${run.mark} is recorded as ${recorded} (id ${run.exited.id}), and it was ${was}`);
    }
  }
  for (const life of lives) {
    if (recorded.has(life.mark)) continue;
    unseen++;
    if (mayBeUnseen(life, circumstances)) continue;
    const when = whenItWas(life.born, circumstances.gaps);
    faults.push(`${life.mark} of ${life.entry}:${life.slot}, pid ${life.pid}, is in no record: it was born ${when}`);
  }
  for (const [exit, times] of counted(lines)) {
    if (times > 1) faults.push(`the exit of ${exit} is recorded ${times} times`);
  }
  return { faults, unknown, unseen };
}

/** A restart comes no sooner than its delay after the exit, whoever supervises by then. */
export function haste(lives: readonly Life[], lines: readonly HistoryLine[], { delays, gaps }: Circumstances): string[] {
  const byMark = new Map(lives.map((life) => [life.mark, life]));
  const marks = new Map(recordedIn(lines).map(({ mark, started }) => [started.id, mark]));
  return [...slotsOf(lines).values()].flatMap((own) => {
    let ended: Life | undefined;
    let current: Life | undefined;
    return own.flatMap((line) => {
      if (line.type === "started") {
        const before = ended;
        current = byMark.get(marks.get(line.id) ?? "");
        ended = undefined;
        const least = (before?.seen ?? -Infinity) + (delays.get(line.entry ?? "") ?? 0);
        if (current === undefined || current.born >= least - MILLISECOND) return [];
        const early = (least - current.born).toFixed(1);
        return [`${current.mark} was started ${early} ms before its delay was over: ${whenItWas(current.born, gaps)}`];
      }
      // Only what ended by itself waits, and whoever asks for it need not. A take-over or a reload changes nothing.
      if (line.type === "exited") ended = line.cause === "exited" ? current : undefined;
      else if (line.entry !== null && (line.type !== "waiting" || line.by !== null)) ended = undefined;
      return [];
    });
  });
}

function isTrue({ mark, exited, stopping }: Recorded, life: Life | undefined, { killed }: Circumstances): boolean {
  const ending = life?.ending ?? null;
  if (exited?.code !== null) return ending !== null && "code" in ending && ending.code === exited?.code;
  if (ending !== null && "signal" in ending && ending.signal === exited.signal) return true;
  // What was killed may have had no time to say so, or have said something else just before.
  if (exited.signal === "SIGKILL") return killed.has(mark) || stopping !== null;
  return exited.signal === "SIGTERM" && stopping !== null && ending === null;
}

function nameOf(life: Life | undefined, { gaps }: Circumstances): string {
  if (life === undefined) return "killed before it had begun";
  const { ending, seen } = life;
  const what = ending === null ? "by no will of its own" : "code" in ending ? `code ${ending.code}` : ending.signal;
  return `${what}, ${whenItWas(seen, gaps)}`;
}

function counted(lines: readonly HistoryLine[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { type, run, pid } of lines) {
    const exit = `run ${String(run)}, pid ${pid}`;
    if (type === "exited") times.set(exit, (times.get(exit) ?? 0) + 1);
  }
  return times;
}
