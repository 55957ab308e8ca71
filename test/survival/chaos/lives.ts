/** What the children say, held against what the history says. */
import type { HistoryLine } from "../../../src/engine/line.ts";
import { mayBeUnknown, mayBeUnseen, whenItWas } from "./circumstances.ts";
import type { Circumstances } from "./circumstances.ts";
import { nameOf as nameOfRun, recordedIn, slotsOf } from "./history.ts";
import type { Recorded } from "./history.ts";
import { isDaemon } from "./life.ts";
import type { Life } from "./life.ts";

/** Timers of Node may be early by a fraction of one. */
const MILLISECOND = 1;

/** The exit code of one that was started, where the one that it forked was killed before it stood. */
const UNDONE = 96;

/** At no time two living processes in one slot; and nobody begins while something is left of whoever was there before. */
export function overlaps(lives: readonly Life[], { gaps }: Circumstances): string[] {
  const last = new Map<string, Life>();
  return lives.flatMap((life) => {
    const slot = `${life.entry}:${life.slot}`;
    const when = whenItWas(life.born, gaps);
    const beside = life.beside ? [`${slot}: something of an earlier life was still there when ${life.mark} began: ${when}`] : [];
    const before = last.get(slot);
    if (before === undefined || life.seen >= before.seen) last.set(slot, life);
    if (before === undefined || life.born >= before.seen) return beside;
    const more = `${(before.seen - life.born).toFixed(1)} ms more`;
    return [...beside, `${slot}: ${life.mark} began while ${before.mark} lived, which did so for ${more}: ${when}`];
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
    if (life !== undefined && life.steps[0] !== run.started.pid) {
      faults.push(`${run.mark} has pid ${life.steps[0]}, and is recorded with ${run.started.pid}`);
    }
    if (run.ready !== null && run.ready.pid !== life?.pid) {
      faults.push(`${run.mark} has pid ${life?.pid}, and ${run.ready.pid} is recorded as the one that was followed`);
    }
    if (run.exited === null) {
      faults.push(`${run.mark} (id ${run.started.id}) has no recorded exit`);
      continue;
    }
    const last = run.ready ?? run.started;
    if (run.exited.pid !== last.pid && !isStep(run, life) && run.exited.pid !== life?.pid) {
      faults.push(`${nameOfRun(run.exited)} exited, and what was started is ${nameOfRun(last)}`);
    }
    const isUnknown = run.exited.status === "unknown";
    if (isUnknown) unknown++;
    const isExcused = life !== undefined && mayBeUnknown(isStep(run, life) ? inBetween(life) : life, circumstances);
    if (isUnknown ? !isExcused : !isTrue(run, life, circumstances)) {
      const recorded = isUnknown ? "unknown" : run.exited.code ?? run.exited.signal;
      const was = nameOf(life, circumstances);
      const which = `${run.exited.entry}:${run.exited.slot}, ${nameOfRun(run.exited)}, id ${run.exited.id}`;
      faults.push(`the exit of ${run.mark} is recorded as ${recorded} (${which}), and it was ${was}`);
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
      if (line.type === "exited") ended = line.cause === "exited" && line.pid === current?.pid ? current : undefined;
      // Of what it has left behind, whose end its successor waits for as well.
      else if (line.type === "stopping" && line.cause === "leftover") return [];
      else if (line.entry !== null && (line.type !== "waiting" || line.by !== null)) ended = undefined;
      return [];
    });
  });
}

/**
 * What has ended is who was started for a daemon, or one in between: it ends well, or is killed. Once the daemon is ready,
 * only its own end counts.
 */
function isStep({ ready, exited }: Recorded, life: Life | undefined): boolean {
  return ready === null && life !== undefined && isDaemon(life) && life.steps.some((pid) => pid === exited?.pid);
}

/** They end when the daemon begins. */
function inBetween(life: Life): Life {
  return { ...life, seen: life.born };
}

function isTrue(run: Recorded, life: Life | undefined, { killed }: Circumstances): boolean {
  const { mark, exited, stopping } = run;
  const isKilled = killed.has(mark) || stopping !== null;
  if (isStep(run, life)) return exited?.code === 0 || (isKilled && (exited?.code === UNDONE || exited?.code === null));
  if (life === undefined && exited?.code === UNDONE) return isKilled;
  const ending = life?.ending ?? null;
  if (exited?.code !== null) return ending !== null && "code" in ending && ending.code === exited?.code;
  if (ending !== null && "signal" in ending && ending.signal === exited.signal) return true;
  // What was killed may have had no time to say so, or have said something else just before.
  if (exited.signal === "SIGKILL") return isKilled;
  return exited.signal === "SIGTERM" && stopping !== null && ending === null;
}

function nameOf(life: Life | undefined, { gaps }: Circumstances): string {
  if (life === undefined) return "killed before it had begun";
  const { ending, seen, steps, pid } = life;
  const what = ending === null ? "by no will of its own" : "code" in ending ? `code ${ending.code}` : ending.signal;
  return `${what} of ${[...new Set([...steps, pid])].join(", ")}, ${whenItWas(seen, gaps)}`;
}

function counted(lines: readonly HistoryLine[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { type, run, pid } of lines) {
    const exit = `run ${String(run)}, pid ${pid}`;
    if (type === "exited") times.set(exit, (times.get(exit) ?? 0) + 1);
  }
  return times;
}
