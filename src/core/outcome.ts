/**
 * `exitWhen`: for a container, Sentry leaves by itself, once the first slot has come to its end, or the last. What decides
 * is how things stand, and not how they came to that: a reload that asks for it finds what has finished before.
 */
import type { Draft } from "./draft.ts";
import type { PhaseOf, Slot } from "./state.ts";
import type { Tally } from "./tally.ts";
import type { Exit, Fault } from "./types.ts";

/** With what Sentry is to exit, if it is to leave now; null: it is not. */
export function decided(draft: Draft): number | null {
  const { exitWhen } = draft;
  if (exitWhen === null || draft.course !== "keeping" || draft.asleep) return null;
  const all = [...draft.entries.entries()].map(([name]) => draft.tally(name));
  if (!all.some(({ finished, failed }) => finished + failed > 0)) return null;
  switch (exitWhen) {
    case "any": return first(draft, ({ kind }) => kind === "finished" || kind === "failed") ?? 0;
    // What is blocked waits for one of those that have failed, or for nobody who could still come.
    case "all": return all.some(mayRun) ? null : first(draft, ({ kind }) => kind === "failed") ?? 0;
  }
}

function mayRun({ absent, started, ready, scheduled }: Tally): boolean {
  return absent + started + ready + scheduled > 0;
}

type Over = PhaseOf<"finished">;

/** The code of the earliest end of that kind. */
function first(draft: Draft, isMeant: (phase: Over) => boolean): number | null {
  let earliest: Over | null = null;
  for (const [, { entry, number, wanted, phase }] of draft.slots.entries()) {
    if (!wanted || number >= draft.count(entry) || (phase.kind !== "finished" && phase.kind !== "failed")) continue;
    if (isMeant(phase) && (earliest === null || phase.at < earliest.at)) earliest = phase;
  }
  return earliest?.code ?? null;
}

/** What has failed is no success, however well its process has ended: that was found ill, or was never ready. */
export function codeOf(kind: Over["kind"], { lastExit }: Slot): number {
  const code = lastExit === null ? 0 : codeOfExit(lastExit.exit);
  return kind === "failed" ? Math.max(1, code) : code;
}

/** As a shell says it: 128 and the number of the signal. One of which nobody knows how it ended has not ended well. */
function codeOfExit({ code, signal }: Pick<Exit, "code" | "signal">): number {
  return code ?? (signal === null ? 1 : 128 + numberOf(signal));
}

/** POSIX, Shell Command Language, 2.8.2: a program that is not found is 127, and one that is not to be executed 126. */
export function codeOfFault({ step, errno }: Pick<Fault, "step" | "errno">): number {
  switch (step === "exec" ? errno : "") {
    case "ENOENT": return 127;
    case "EACCES": case "ENOEXEC": return 126;
    default: return 1;
  }
}

/** signal(7), of x86 and ARM: the first is 1. */
const SIGNALS = [
  "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
  "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/** The C library keeps 32 and 33 to itself. */
const SIGRTMIN = 34;

function numberOf(signal: string): number {
  const [name = "", more = "0"] = signal.slice("SIG".length).split("+");
  return name === "RTMIN" ? SIGRTMIN + Number(more) : SIGNALS.indexOf(name) + 1;
}
