/**
 * What Sentry is told by its children, and finds of them, survives its death as well: nobody is ended for a silence that was
 * not his, and who comes after another has not begun before that was ready.
 */
import type { HistoryLine } from "../../../src/engine/line.ts";
import { recordedIn } from "./history.ts";
import { isDaemon } from "./life.ts";
import type { Life } from "./life.ts";

/** All of these children are ready soon, and well. */
const SPURIOUS: readonly (string | null)[] = ["readyTimeout", "watchdog", "unhealthy", "memory"];

/** @param order who begins once whom is ready */
export function attention(lives: readonly Life[], lines: readonly HistoryLine[], order: ReadonlyMap<string, string>): string[] {
  const daemons = new Set(lives.filter(isDaemon).map(({ entry }) => entry));
  return [
    // Whether a daemon could have been followed, its lives say.
    ...lines.filter(({ type, cause, entry }) => type === "stopping" && SPURIOUS.includes(cause) && !daemons.has(entry ?? ""))
      .map((line) => `${line.entry}:${line.slot}, id ${line.id}: ended for its ${line.cause}, and it was well`),
    ...[...order].flatMap(([later, before]) => tooEarly(lines, later, before)),
  ];
}

/** Only the first start waits; and only a history that is whole knows it. */
function tooEarly(lines: readonly HistoryLine[], later: string, before: string): string[] {
  const first = recordedIn(lines).find(({ started }) => started.entry === later)?.started;
  if (lines[0]?.id !== 1 || first === undefined) return [];
  const isReady = lines.some(({ id, type, entry }) => id < first.id && type === "ready" && entry === before);
  return isReady ? [] : [`${later}:${first.slot}, id ${first.id}: started, and ${before} was not ready yet`];
}
