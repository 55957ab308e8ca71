/** Lines of the history, as a person would tell them. */
import { printable } from "../printable.ts";

/** As `GET /history` gives it; what only some types have may be missing. */
export interface Told {
  readonly at: string;
  readonly type: string;
  readonly entry: string | null;
  readonly slot: number | null;
  readonly pid: number | null;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
  readonly status: string | null;
  readonly cause: string | null;
  readonly by: { readonly kind: string; readonly pid: number | null; readonly uid: number | null } | null;
  readonly ranMs?: number;
  readonly userMs?: number;
  readonly systemMs?: number;
  /** What it has left behind was still to end. */
  readonly leftovers?: boolean;
  readonly restarts?: number;
  /** Of the monotonic clock: the moment itself, and until when. */
  readonly mono?: number;
  readonly until?: number | null;
  readonly reason?: string | null;
  readonly after?: readonly string[];
  readonly failures?: number;
  readonly count?: number;
  readonly what?: string;
  readonly wanted?: boolean;
  readonly processes?: number;
  readonly step?: string;
  readonly errno?: string;
  readonly message?: string;
  readonly subject?: string;
  /** Null where a fault is none of a start. */
  readonly run?: number | null;
}

/** What another version of Sentry leaves out is as if there were nothing to tell. */
const NOTHING = {
  entry: null, slot: null, pid: null, code: null, signal: null, coreDumped: false, status: null, cause: null, by: null,
} as const;

/** At the most: an end, and the wait that is told with it. */
export const RECORDS_A_LINE = 2;

/** One line each, but for the wait after an exit or a failed start: that is told with it. */
export function story(lines: readonly Told[]): string[] {
  const all = lines.map((told) => ({ ...NOTHING, ...told }));
  const latest = new Map<string, Told>();
  const followers = new Map<Told, Told>();
  const toldBefore = new Set<Told>();
  /** How many processes and starts of a slot have come to their end since it was last at rest. */
  const tries = new Map<string, number>();
  const tooOften = new Set<Told>();
  for (const told of all) {
    const key = `${told.entry}:${told.slot}`;
    const before = latest.get(key);
    latest.set(key, told);
    if (endsTry(told)) tries.set(key, (tries.get(key) ?? 0) + 1);
    if (told.type === "failed" && (tries.get(key) ?? 0) > 1) tooOften.add(told);
    if (isRest(told)) tries.delete(key);
    if (before === undefined) continue;
    followers.set(before, told);
    if (isWait(told) && (endsTry(before) || saysTheSame(told, before))) toldBefore.add(told);
  }
  return all.filter((told) => !toldBefore.has(told))
    .map((told) => `${localTime(told.at)}  ${printable(sentence(told, followers.get(told), tooOften.has(told)))}`);
}

/** @param tooOften it was started again before that: so restarts are not forbidden, but there were too many failures */
function sentence(told: Told, then: Told | undefined, tooOften: boolean): string {
  const who = told.entry === null ? "Sentry" : told.slot === null ? told.entry : `${told.entry}:${told.slot}`;
  switch (told.type) {
    case "started": return `${who} started (PID ${told.pid}${told.restarts ? `, restart ${told.restarts}` : ""})`;
    case "ready": return `${who} is ready (PID ${told.pid})`;
    case "blocked": return `${who} waits for ${(told.after ?? []).join(", ")}`;
    case "unhealthy": return `${who} was found unhealthy ${told.failures ?? "several"} times in a row: ${told.message ?? ""}`;
    case "exited": return `${who} ${ending(told)}${lasted(told)}${OCCASIONS[told.cause ?? ""] ?? ""}${wait(told, then)}`;
    case "fault":
      if (told.cause === "schedule") return `${who} has not run: ${told.message ?? ""}`;
      return `${who} could not ${attempt(told)}: ${complaint(told)}${endsTry(told) ? wait(told, then) : ""}`;
    case "stopping":
      if (told.cause === "leftover") return `${who} left processes behind, which are told to end`;
      return `${who} was told to end${asker(told)}${REASONS[told.cause ?? ""] ?? ""}${told.reason ? `: ${told.reason}` : ""}`;
    case "stopped": return `${who} ${told.entry === null ? "was stopped, with all that it ran" : "is stopped"}${asker(told, ", asked by")}`;
    case "finished": return `${who} has finished, and is not started again`;
    case "failed": return `${who} has failed${tooOften ? " too often" : ""}, and is not started again`;
    case "waiting":
      if (told.cause === "schedule") return `${who} waits for the next time of its schedule`;
      return told.by === null ? `${who} waits for its start` : `${who} was asked to be up${asker(told)}`;
    case "scaled":
      // Of a rolling restart: with one process more than are wanted.
      if (told.cause === "restarted") return `${who} was asked to be restarted, one process after the other${asker(told, ", by")}`;
      return `${who} was scaled to ${told.count}${asker(told)}`;
    case "signalled": return `${who} was sent ${told.signal ?? "a signal"}${asker(told)}`;
    case "added": return `${who} was added to the configuration${asker(told, ", asked by")}`;
    case "removed": return `${who} was removed from the configuration${asker(told, ", asked by")}`;
    case "reloaded": return `${who} reloaded the configuration${asker(told, ", asked by")}`;
    case "lost": return `${told.count} ${LOST[told.what ?? ""] ?? "events were lost"}`;
    case "tookOver": return `${who} took over ${told.processes ?? "the"} processes${told.pid === null ? "" : ` of PID ${told.pid}, which is gone`}`;
    default: return `${who}: ${told.type}${told.cause === null ? "" : ` (${told.cause})`}${asker(told)}`;
  }
}

function ending({ status, signal, coreDumped, code }: Told): string {
  if (status === "unknown") return "ended, nobody can know how,";
  if (signal !== null) return `was ended by ${signal}${coreDumped ? " (core dumped)" : ""}`;
  return `exited with code ${code}`;
}

function lasted({ ranMs, userMs = 0, systemMs = 0 }: Told): string {
  return ranMs === undefined ? "" : ` after ${duration(ranMs)} (CPU ${((userMs + systemMs) / 1000).toFixed(2)} s)`;
}

const LOST: Readonly<Record<string, string>> = {
  output: "lines of output were dropped, for nobody took them", processEvents: "of the kernel's process events were lost",
  events: "of the events for the configuration's function `on` were lost",
};

/** When it ended so. */
const OCCASIONS: Readonly<Record<string, string>> = {
  stopped: ", stopped", restarted: ", restarted", scaled: ", scaled down", replaced: ", replaced", removed: ", removed",
  readyTimeout: ", not ready in time", unhealthy: ", unhealthy", watchdog: ", its watchdog ran out", memory: ", too much memory",
  schedule: ", by schedule", watch: ", a file changed",
};

/** Why it was told to end. */
const REASONS: Readonly<Record<string, string>> = {
  restarted: ", to be restarted", scaled: ", for fewer are wanted", replaced: ", for the configuration changed what it is made of",
  removed: ", for it is configured no more", readyTimeout: ", for it was not ready in time", unhealthy: ", for it was unhealthy",
  watchdog: ", for its watchdog ran out", memory: ", for it took too much memory", schedule: ", by schedule", watch: ", for a file changed",
};

/**
 * What came to nothing. A fault of a whole entry is about its rolling restart, one without a run about a process that there
 * is.
 */
function attempt({ entry, slot, run, step }: Told): string {
  if (entry === null) return "reload";
  if (slot === null) return "be restarted to the end";
  if (run !== null) return "be started";
  return step === "kill" ? "be ended" : "be followed";
}

function complaint({ subject = "", step = "", errno = "", message = "", cause }: Told): string {
  const where = cause === "schedule" ? "" : step; // that it is about a schedule is said
  return [subject, where, errno === "" ? message : `${errno} (${message})`].filter((part) => part !== "").join(": ");
}

function asker({ by }: Told, through = " by"): string {
  if (by === null) return "";
  if (by.kind === "signal" && by.pid === null) return `${through} a signal`;
  const way = { socket: "over the socket", signal: "by signal", token: "over TCP" }[by.kind] ?? by.kind;
  return by.pid === null ? `${through} somebody ${way}` : `${through} uid ${by.uid} (PID ${by.pid}, ${way})`;
}

function wait({ mono }: Told, then: Told | undefined): string {
  if (then === undefined || !isWait(then)) return "";
  if (then.cause === "schedule") return "";
  if (mono === undefined || typeof then.until !== "number") return ": another try follows";
  const left = Math.round(then.until - mono);
  return left <= 0 ? ": restart at once" : `: restart in ${duration(left).replace(".0 s", " s")}`;
}

/** A process, or a start that has come to none. */
function endsTry({ type, run }: Told): boolean {
  return type === "exited" || (type === "fault" && run !== null);
}

/** Nothing follows, unless somebody asks for it. */
function isRest({ type }: Told): boolean {
  return type === "stopped" || type === "finished" || type === "failed";
}

/** For the restart, and not for one that somebody asked for. */
function isWait({ type, by }: Told): boolean {
  return type === "waiting" && by === null;
}

/** When it is due was not known yet, or has changed. */
function saysTheSame({ cause }: Told, before: Told): boolean {
  return cause === "schedule" && isWait(before) && before.cause === cause;
}

/** `300 ms`, `4.0 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(millis: number): string {
  if (Math.round(millis) < 1000) return `${Math.round(millis)} ms`;
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`;
  const seconds = Math.round(millis / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-11-22 06:34:59` */
function localTime(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} `
    + `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
