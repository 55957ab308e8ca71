/**
 * What a terminal shows of what happens: one record, at most one line. Starts, exits and faults have one; that a slot
 * waits or was told to stop has none, for the next line says it. A reload, a take-over and the end are told by whoever
 * brings them about, with more than their records know.
 */
import type { ExitedRecord, FaultRecord, HistoryRecord, OwnFaultRecord } from "../core/record.ts";
import type { Micros, RunId } from "../core/types.ts";
import { slotId } from "../core/types.ts";
import { printable } from "../printable.ts";

export interface Line {
  /** Of the label's clock time. */
  readonly wall: Micros;
  /** `dummy.1514`, or `web:0` where there is no process; null: a line of Sentry's own. */
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
    case "exited": {
      const text = `Exited at ${epochSeconds(record.at)} ${ending(record)}.`;
      return { wall: record.at, label: `${record.entry}.${record.pid}`, text, opens: null, closes: record.run };
    }
    case "fault":
      // A start that was called off, because its slot is stopping, is nobody's trouble. Where a rolling restart has failed,
      // that of the slot has been told.
      if (record.cause !== null) return null;
      if (record.entry === null) return ownLine(record.at, complaint("cannot reload", record));
      return {
        wall: record.at, label: slotId(record.entry, record.slot), opens: null, closes: null,
        text: complaint(`cannot start ${slotId(record.entry, record.slot)}`, record),
      };
    case "removed":
      return ownLine(record.at, `Process type \`${record.entry}\` removed. Killing workers.`);
    case "stopping": case "stopped": case "waiting": case "scaled": case "added": case "reloaded": case "tookOver":
    case "signalled":
      return null;
    case "lost":
      // Lines that nobody has read are told of where they are missing, by the output thread.
      return record.what === "output" ? null
        : ownLine(record.at, `${record.count} of the kernel's process events were lost. Exits are exact without them.`);
  }
}

function ownLine(wall: Micros, text: string): Line {
  return { wall, label: null, text, opens: null, closes: null };
}

/** `with ExitSuccess`, `with ExitFailure 3`, `by SIGSEGV (core dumped)`. */
function ending(exit: ExitedRecord): string {
  if (exit.status === "unknown") return "with unknown status";
  if (exit.signal !== null) return `by ${exit.signal}${exit.coreDumped ? " (core dumped)" : ""}`;
  return exit.code === 0 ? "with ExitSuccess" : `with ExitFailure ${exit.code}`;
}

/** `cannot start web:0: /srv/web: exec: ENOENT (no such file or directory)` */
function complaint(what: string, { subject, step, errno, message }: FaultRecord | OwnFaultRecord): string {
  const error = errno === "" ? message : `${errno} (${message})`;
  return printable([what, subject, step, error].filter((part) => part !== "").join(": "));
}

function epochSeconds(wall: Micros): number {
  return Math.floor(wall / 1e6);
}
