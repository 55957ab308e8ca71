/**
 * `sentry status`: a table of processes, and below it those of which nobody can say whose they are. What a Sentry of another
 * version leaves out is shown as not known.
 */
import { SentryError } from "../errors.ts";
import { printable } from "../printable.ts";
import { ask } from "./client.ts";
import type { Place } from "./place.ts";
import { print, room, write } from "./print.ts";
import { duration } from "./story.ts";
import { narrowed, table, wrapped } from "./table.ts";
import type { Options } from "./words.ts";

interface Exit {
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly coreDumped?: boolean;
  readonly oomKilled?: boolean;
  readonly cause?: string;
  readonly at?: string;
}

interface Process {
  readonly id: string;
  readonly state: string;
  readonly pid?: number | null;
  readonly uptimeMs?: number | null;
  readonly restarts?: number;
  readonly nextStartAt?: string | null;
  readonly cpuPercent?: number | null;
  readonly memoryBytes?: number | null;
  readonly lastExit?: Exit | null;
  readonly blockedBy?: readonly string[];
  readonly notReady?: string;
  readonly missedRuns?: number | null;
  readonly notify?: { readonly status?: string | null; readonly doing?: string | null; readonly errno?: number | null } | null;
}

/** Started by one of the others, but nothing says by which. */
interface Stray {
  readonly pid: number;
  readonly name: string;
}

export async function status(place: Place, _names: readonly string[], { json }: Options): Promise<void> {
  if (json) return print(await ask(place, "GET", "/processes") as Process[]);
  const [processes, strays] = await Promise.all([ask(place, "GET", "/processes") as Promise<Process[]>, aboutStrays(place)]);
  const lines = processes.length === 0 ? [`Nothing is to run for ${printable(place.config)}.`] : tableOf(processes);
  if (strays !== null) lines.push("", ...wrapped(printable(strays), room()));
  void write(`${lines.join("\n")}\n`); // not printed: colours would be spelled out
}

/** Null: there is nothing to tell. A Sentry that is older than this command knows of none. */
async function aboutStrays(place: Place): Promise<string | null> {
  try {
    const strays = await ask(place, "GET", "/strays") as Stray[];
    return strays.length === 0 ? null : told(strays);
  } catch (error) {
    if (!(error instanceof SentryError)) throw error;
    // What else there is to show is not to be missing for that.
    return error.code === "E_VERSION" ? null : `Whether there are others, nobody knows whose, could not be found out: ${error.message}.`;
  }
}

function tableOf(processes: readonly Process[]): string[] {
  const now = Date.now();
  const rows = [COLUMNS.map(({ title }) => title), ...processes.map((each) => COLUMNS.map(({ cell }) => cell(each, now)))];
  const isRed = (row: number): boolean => isColoured() && processes[row - 1]?.state === "failed";
  const paint = (line: string, row: number): string => isRed(row) ? `${RED}${line}${PLAIN}` : line;
  const lines = table(narrowed(rows, COLUMNS.map(({ leaveOut }) => leaveOut), room()), room(), paint);
  // What a process has left behind is still to end.
  const runs = processes.some(({ pid, state }) => typeof pid === "number" || state === "stopping");
  // A summary is for people; what reads a pipe counts for itself.
  return !runs || process.stdout.isTTY ? [...lines, "", printable(summary(processes, runs))] : lines;
}

/** Of somebody who watches a terminal, and has not said otherwise. https://no-color.org */
function isColoured(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}

/** SGR. ECMA-48, 8.3.117. */
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

interface Column {
  readonly title: string;
  /** Where there is too little room, the highest goes first; 0: never. */
  readonly leaveOut: number;
  cell(process: Process, now: number): string;
}

const COLUMNS: readonly Column[] = [
  { title: "PROCESS", leaveOut: 0, cell: ({ id }) => id },
  { title: "STATE", leaveOut: 0, cell: ({ state }) => state },
  { title: "PID", leaveOut: 0, cell: ({ pid }) => known(pid, String) },
  { title: "UPTIME", leaveOut: 1, cell: ({ uptimeMs }) => known(uptimeMs, short) },
  { title: "RESTARTS", leaveOut: 2, cell: ({ restarts }) => known(restarts, String) },
  { title: "CPU", leaveOut: 4, cell: ({ cpuPercent }) => known(cpuPercent, (percent) => `${percent.toFixed(1)}%`) },
  { title: "MEMORY", leaveOut: 3, cell: ({ memoryBytes }) => known(memoryBytes, size) },
  { title: "LAST EXIT", leaveOut: 0, cell: past },
];

/** And whatever else there is to say. */
function past({ lastExit, nextStartAt, blockedBy = [], notReady, missedRuns, notify }: Process, now: number): string {
  const last = lastExit ? ending(lastExit, now) : null;
  const next = nextStartAt ? `next start in ${short(Math.max(0, Date.parse(nextStartAt) - now))}` : null;
  const missed = missedRuns ? `${missedRuns} missed` : null;
  const said = [notify?.doing, notify?.status && `"${notify.status}"`, notify?.errno && `errno ${notify.errno}`].filter(Boolean);
  return [last, next, missed, ...blockedBy, notReady ?? null, ...said].filter((part) => part !== null).join("; ") || NOT_KNOWN;
}

function ending({ code = null, signal = null, coreDumped, oomKilled, cause, at }: Exit, now: number): string {
  const how = signal ?? (code === null ? "nobody knows how" : `code ${code}`);
  const why = cause === "exited" || cause === "unknown" ? null : cause;
  const more = [coreDumped && "core dumped", oomKilled && "out of memory", why].filter(Boolean);
  const ago = at === undefined ? "" : `, ${short(Math.max(0, now - Date.parse(at)))} ago`;
  return `${how}${more.length === 0 ? "" : ` (${more.join(", ")})`}${ago}`;
}

function summary(processes: readonly Process[], runs: boolean): string {
  if (!runs) return "Nothing runs.";
  const counts = new Map<string, number>();
  for (const { state } of processes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${processes.length} in all: ${[...counts].map(([state, count]) => `${count} ${state}`).join(", ")}.`;
}

/** So many are named. */
const FEW = 10;

function told(strays: readonly Stray[]): string {
  const who = strays.length === 1 ? "1 process was" : `${strays.length} processes were`;
  const named = strays.slice(0, FEW).map(({ pid, name }) => `${name} (PID ${pid})`).join(", ");
  const more = strays.length > FEW ? `, and ${strays.length - FEW} more` : "";
  return `${who} started by one of these, and nothing says by which: ${named}${more}. `
    + `${strays.length === 1 ? "It is" : "They are"} left alone; docs/stopping.md says why.`;
}

const NOT_KNOWN = "-";

function known(value: number | null | undefined, shown: (value: number) => string): string {
  return value === null || value === undefined ? NOT_KNOWN : shown(value);
}

/** `4.0s`, `3m 20s`, `2h 5m` */
function short(millis: number): string {
  return duration(millis).replace(/ (?=[a-z])/g, "").replace("min", "m");
}

/** `64K`, `1.1M`, `2.0G`: K is 1024. */
function size(bytes: number): string {
  if (bytes < 1024 ** 2) return `${Math.ceil(bytes / 1024)}K`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)}M` : `${(bytes / 1024 ** 3).toFixed(1)}G`;
}
