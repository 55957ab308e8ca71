/**
 * What a terminal shows of what happens: one record, at most one line. Starts, exits and faults have one, and so has what
 * keeps a slot from being started again, or holds its next start up; that a slot waits or was told to stop has none, for
 * the next line says it. A reload, a take-over and the end are told by whoever brings them about, with more than their
 * records know.
 */
import type { ExitedRecord, HistoryRecord, LostRecord, SlotRecord, StoppingRecord, TroubleRecord } from "../core/record.ts";
import type { Fault, Micros, RunId } from "../core/types.ts";
import { slotId } from "../core/types.ts";
import { printable } from "../printable.ts";

export interface Line {
  /** Of the label's clock time. */
  readonly wall: Micros;
  /** `dummy.1514`, or `web:0` where there is no process, or the entry alone; null: a line of Sentry's own. */
  readonly label: string | null;
  readonly text: string;
  /** The run whose output may follow this line. */
  readonly opens: RunId | null;
  /** The run whose output so far comes before this line. */
  readonly closes: RunId | null;
}

export function lineOf(record: HistoryRecord): Line | null {
  switch (record.type) {
    case "started": {
      const text = `Started at ${epochSeconds(record.at)}.`;
      return { wall: record.at, label: `${record.entry}.${record.pid}`, text, opens: record.run, closes: null };
    }
    case "ready": return slotLine(record, `Ready at ${epochSeconds(record.at)}.`);
    case "exited": {
      const text = `Exited at ${epochSeconds(record.at)} ${ending(record)}.`;
      return { wall: record.at, label: `${record.entry}.${record.pid}`, text, opens: null, closes: record.run };
    }
    case "fault":
      if (record.entry === null) return ownLine(record.at, complaint("cannot reload", record));
      // About the entry: none of its slots alone was due.
      if (record.cause === "schedule") return labelled(record.at, record.entry, printable(`Has not run: ${record.message}.`));
      // Where a rolling restart has failed, that of the slot has been told.
      if (record.slot === null) return null;
      if (record.run === null) return slotLine(record, complaint(`${trouble(record)} ${slotId(record.entry, record.slot)}`, record));
      // A start that was called off, because its slot is stopping, is nobody's trouble.
      if (record.cause !== null) return null;
      return slotLine(record, complaint(`cannot start ${slotId(record.entry, record.slot)}`, record));
    case "finished": return slotLine(record, "Finished; it is not started again.");
    case "failed": return slotLine(record, "Failed; it is not started again.");
    case "removed":
      return ownLine(record.at, `Process type \`${record.entry}\` removed. Killing workers.`);
    case "blocked": return slotLine(record, `Waits for ${record.after.join(", ")}.`);
    case "unhealthy":
      return slotLine(record, printable(`Unhealthy, ${record.failures} times in a row: ${record.message}.`));
    case "stopping": {
      const why = reasonOf(record);
      return why === null ? null : slotLine(record, why);
    }
    case "stopped": case "waiting": case "scaled": case "added": case "reloaded": case "tookOver":
    case "signalled":
      return null;
    case "lost":
      return lossOf(record);
  }
}

function lossOf({ at, what, entry, count }: LostRecord): Line | null {
  switch (what) {
    // The output thread tells of them where they are missing; but a file may take no word of it.
    case "output": return entry === null ? null : labelled(at, entry, `${count} lines of output were dropped: the log file takes no more.`);
    case "events": return ownLine(at, `${count} of the events for the configuration's function \`on\` were lost.`);
    case "processEvents": return ownLine(at, `${count} of the kernel's process events were lost. Exits are exact without them.`);
  }
}

/** About the process, or where there is none about the slot. */
function slotLine({ at, entry, slot, pid }: SlotRecord, text: string): Line {
  const label = pid === null ? slotId(entry, slot) : `${entry}.${pid}`;
  return labelled(at, label, text);
}

function labelled(wall: Micros, label: string | null, text: string): Line {
  return { wall, label, text, opens: null, closes: null };
}

function ownLine(wall: Micros, text: string): Line {
  return labelled(wall, null, text);
}

/** Whoever told a process to end knows about it; what Sentry does of its own accord, and did not say before, is told. */
function reasonOf({ cause, reason }: StoppingRecord): string | null {
  switch (cause) {
    case "leftover": return "Left processes behind; they are told to end.";
    case "readyTimeout": return printable(`Not ready in time${reason === null ? "" : ` (${reason})`}; it is told to end.`);
    case "watchdog": return printable(`Its watchdog ran out (${reason ?? "nobody knows why"}); it is told to abort.`);
    case "memory": return printable(`Takes too much memory (${reason ?? "nobody knows how much"}); it is told to end.`);
    case "watch": return printable(`Is restarted, for a file changed: ${reason ?? "nobody knows which"}.`);
    case "schedule": return "Still runs, and is due again; it is told to end.";
    case "exited": return "Has said that it ends, and has not; it is killed.";
    case "stopped": case "restarted": case "scaled": case "replaced": case "removed": case "unhealthy": case "unknown": case null:
      return null;
  }
}

/** `with ExitSuccess`, `with ExitFailure 3`, `by SIGSEGV (core dumped)`. */
function ending(exit: ExitedRecord): string {
  if (exit.status === "unknown") return "with unknown status";
  if (exit.signal !== null) return `by ${exit.signal}${exit.coreDumped ? " (core dumped)" : ""}`;
  return exit.code === 0 ? "with ExitSuccess" : `with ExitFailure ${exit.code}`;
}

/** `cannot start web:0: /srv/web: exec: ENOENT (no such file or directory)` */
function complaint(what: string, { subject, step, errno, message }: Fault): string {
  const error = errno === "" ? message : `${errno} (${message})`;
  return printable([what, subject, step, error].filter((part) => part !== "").join(": "));
}

/** With what there is trouble: processes that outlast SIGKILL, or a daemon that has left nothing, or too much, to follow. */
function trouble({ step }: TroubleRecord): string {
  return step === "kill" ? "cannot end" : "cannot follow";
}

function epochSeconds(wall: Micros): number {
  return Math.floor(wall / 1e6);
}
