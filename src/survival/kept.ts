/**
 * The labels under which the keeper holds descriptors: `out 3f2a9c1b.17 dummy:0` and `err …` of a run, `pid … 1514` with the
 * pid of its process, `notify …` its NOTIFY_SOCKET and `ready …` the pipe on which it says that it is ready; `listen tcp *:8080`,
 * `listen unix /run/x.sock` of what entries listen on; and `tail dummy` of what is kept of an entry's output.
 */
import { slotId } from "../core/types.ts";
import type { RunId } from "../core/types.ts";

/** What the keeper gave back. Has the form of the addon's own. */
export interface Held {
  readonly label: string;
  readonly fd: number;
}

interface OfRun {
  readonly instance: string;
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
}

export type Label =
  | OfRun & { readonly kind: "out" | "err" | "notify" | "ready" }
  | OfRun & { readonly kind: "pid"; readonly pid: number }
  | { readonly kind: "listen"; readonly address: string }
  | { readonly kind: "tail"; readonly entry: string };

export function tailOf(entry: string): string {
  return `tail ${entry}`;
}

export function keptOf(instance: string, run: RunId, entry: string, slot: number): string {
  return `${instance}.${run} ${slotId(entry, slot)}`;
}

/** Null for what no Sentry of this version has given it. */
export function readLabel(label: string): Label | null {
  const listen = /^listen (.+)$/.exec(label);
  if (listen !== null) return { kind: "listen", address: listen[1] ?? "" };
  const tail = /^tail ([A-Za-z0-9][A-Za-z0-9_.-]*)$/.exec(label);
  if (tail !== null) return { kind: "tail", entry: tail[1] ?? "" };
  const read = /^(?:(out|err|notify|ready)|pid) ([0-9a-f]+)\.(\d{1,16}) ([A-Za-z0-9][A-Za-z0-9_.-]*):(\d{1,6})(?: (\d{1,10}))?$/.exec(label);
  if (read === null) return null;
  const [, kind, instance = "", run, entry = "", slot, pid] = read;
  const whose = { instance, run: Number(run), entry, slot: Number(slot) };
  if (kind !== undefined) return pid === undefined ? { kind: kind as "out" | "err" | "notify" | "ready", ...whose } : null;
  return pid === undefined ? null : { kind: "pid", ...whose, pid: Number(pid) };
}
