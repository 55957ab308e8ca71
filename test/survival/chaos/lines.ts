/**
 * What the children printed, held against what is in the log files. A prefixed stream may repeat its last batch after
 * a SIGKILL of Sentry; nothing may be missing, and apart from such a batch all is in order.
 */
import { mayBeUnknown } from "./circumstances.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Life } from "./life.ts";

export interface Lines {
  readonly faults: readonly string[];
  readonly count: number;
  /** Lines of the transcript: starts and exits. */
  readonly started: number;
  readonly exited: number;
  /** Batches that came again, and lines that were cut off in the middle, by a SIGKILL. */
  readonly repeated: number;
  readonly torn: number;
}

/** Of stderr it has a mark. */
const LABEL = String.raw`\d\d:\d\d:\d\d (\S+?)(?:/err)? +`;
const LABELLED = new RegExp(`^${LABEL}(.*)$`);
const TORN = new RegExp(`.(${LABEL}.*)$`);
/** Lines without a label: Sentry's own. */
const OWN = new RegExp(`^(${[
  "Sentry (started|took over|reexec'd)", "Process type `", "/.* successfully compiled\\.$", "Problem encountered while compiling ",
  ".*nonsense", ".*state\\.bad", "Two processes were found", "The end of .* cannot be found", "Bye\\.$", "The kernel's process events",
].join("|")})`);

const OF_A_TREE = /^(Ready at \d+\.|Left processes behind; they are told to end\.|Waits for \S+\.|Has not run: .*|cannot follow .*)$/;

/** What is known of a life from the files. */
interface Shown {
  numbers: number;
  highest: number;
  last: number;
  repeated: number;
  pieces: number;
}

/** @param logs the text of each log file */
export function lines(lives: readonly Life[], logs: readonly string[], circumstances: Circumstances): Lines {
  const { gaps } = circumstances;
  const byMark = new Map(lives.map((life) => [life.mark, life]));
  const shown = new Map<string, Shown>();
  const faults: string[] = [];
  let [count, started, exited, torn] = [0, 0, 0, 0];
  for (const log of logs) {
    const ended = new Set<string>();
    const all = log.split("\n");
    const unfinished = all.pop();
    if (unfinished !== "") faults.push(`a log file ends in the middle of a line: ${unfinished}`);
    for (let line of all) {
      const whole = TORN.exec(line)?.[1];
      if (whole !== undefined) {
        torn++;
        line = whole;
      } else if (isCutOff(line, lives)) {
        torn++;
        continue;
      }
      const [, label = "", text = ""] = LABELLED.exec(line) ?? [];
      if (/^Started at \d+\.$/.test(text)) {
        started++;
        ended.delete(label);
      } else if (OF_A_TREE.test(text)) {
        // Whether it is true, the history says.
        if (text.startsWith("Ready")) ended.delete(label);
      } else if (/^Exited at \d+ .*\.$/.test(text)) {
        exited++;
        if (ended.has(label)) faults.push(`${label} has exited twice: ${line}`);
        ended.add(label);
      } else {
        const fault = takeLine(line, label, text, byMark, shown);
        if (fault !== null) faults.push(fault);
        else if (hasEnded(byMark.get(text.split(" ")[0] ?? ""), ended)) faults.push(`${label} prints after it has exited: ${line}`);
        if (label !== "") count++;
      }
    }
  }
  if (torn > gaps.length) faults.push(`${torn} lines are cut off in the middle, and Sentry was killed ${gaps.length} times`);
  for (const life of lives) faults.push(...faultsOfLife(life, shown.get(life.mark), circumstances));
  const repeated = [...shown.values()].reduce((sum, one) => sum + one.repeated, 0);
  return { faults, count, started, exited, repeated, torn };
}

/** A SIGKILL can end a write between two pages. The next Sentry ends such a line, and repeats all of it. */
function isCutOff(line: string, lives: readonly Life[]): boolean {
  const [, label, text = ""] = LABELLED.exec(line) ?? [];
  if (label === undefined) return /^\d[\d:]{0,7}( \S*)?$/.test(line);
  return lives.some((life) => isOwn(label, life) && life.mark !== text && life.mark.startsWith(text));
}

/** Who was started for a daemon ends before it. */
function hasEnded(life: Life | undefined, ended: ReadonlySet<string>): boolean {
  return life !== undefined && ended.has(`${life.entry}.${life.pid}`);
}

/** A daemon's lines go on with the label of the process that was started, until another Sentry takes its pipe over. */
function isOwn(label: string, { entry, pid, steps }: Life): boolean {
  return [pid, ...steps].some((one) => label === `${entry}.${one}`);
}

/** @returns what is wrong with it */
function takeLine(
  line: string, label: string, text: string, byMark: ReadonlyMap<string, Life>, shown: Map<string, Shown>,
): string | null {
  if (OWN.test(line)) return null;
  const [, mark = "", number = ""] = /^(\S+) ?(\d*)$/.exec(text) ?? [];
  const life = byMark.get(mark);
  if (life === undefined) return `nobody printed this line: ${line}`;
  const own = `${life.entry}.${life.pid}`;
  if (!isOwn(label, life) && label !== `${life.entry}:${life.slot}`) return `this is not the label of ${own}: ${line}`;
  const seen = shown.get(mark) ?? { numbers: 0, highest: 0, last: 0, repeated: 0, pieces: 0 };
  shown.set(mark, seen);
  if (number === "") {
    // Half a line, of one that was killed over it.
    seen.pieces++;
    return life.begun > life.printed ? null : `${mark} printed no half line: ${line}`;
  }
  const n = Number(number);
  const { last } = seen;
  if (n <= last) seen.repeated++;
  seen.numbers++;
  seen.last = n;
  seen.highest = Math.max(seen.highest, n);
  return n > last + 1 ? `${mark}: lines ${last + 1} to ${n - 1} are missing` : null;
}

function faultsOfLife(life: Life, shown: Shown | undefined, circumstances: Circumstances): string[] {
  const faults: string[] = [];
  const highest = shown?.highest ?? 0;
  const excused = circumstances.withoutKeeper && mayBeUnknown(life, circumstances);
  if (highest < life.printed && !excused) {
    faults.push(`${life.mark} of ${life.entry}:${life.slot} printed ${life.printed} lines, and the log has ${highest}`);
  }
  if ((shown?.last ?? 0) < highest) faults.push(`${life.mark}: lines came again up to ${shown?.last}, and not up to ${highest}`);
  if (highest > life.begun) faults.push(`${life.mark} printed ${life.begun} lines, and the log has line ${highest}`);
  const kills = circumstances.gaps.filter(({ to }) => to >= life.born).length;
  if ((shown?.repeated ?? 0) > kills) {
    faults.push(`${life.mark}: lines came again ${shown?.repeated} times, and Sentry was killed ${kills} times since`);
  }
  if ((shown?.pieces ?? 0) > 1 + kills) faults.push(`${life.mark}: half a line came ${shown?.pieces} times`);
  return faults;
}
