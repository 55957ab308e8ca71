/** Records as the law tells them, and lines as the history has them, of one slot unless it is said otherwise. */
import type { HistoryRecord } from "../../src/core/record.ts";
import type { By } from "../../src/core/types.ts";
import { lineOf } from "../../src/engine/line.ts";
import type { HistoryLine } from "../../src/engine/line.ts";

export const BOOT = "b0b0b0b0-0000-4000-8000-000000000000";
export const INSTANCE = "3f2a9c1b7d8e0f11";
export const someone: By = { kind: "socket", pid: 4000, uid: 1000 };

/** 2026-11-22T06:34:59Z */
export const WALL = 1_795_329_299_000_000;

type OfType<Type extends HistoryRecord["type"]> = Extract<HistoryRecord, { type: Type }>;

const slot = { at: WALL, entry: "web", slot: 0, pid: null, cause: null, by: null };

export const record = {
  started: (run: number, more: Partial<OfType<"started">> = {}): HistoryRecord => ({
    type: "started", ...slot, run, pid: 1000 + run, restarts: run - 1, mono: 5000, cause: null,
    identity: { startTicks: 100 * run, pipes: [2 * run, 2 * run + 1], cgroup: null, notify: null }, ...more,
  }),
  /** It is ready: the process of this pid, which may be another than the one that was started. */
  ready: (run: number, pid: number, more: Partial<OfType<"ready">> = {}): HistoryRecord => ({
    type: "ready", ...slot, run, pid, mono: 5500, cause: null, identity: { startTicks: 100 * run + 50, pipes: [0, 0], cgroup: null, notify: null }, ...more,
  }),
  exited: (run: number, more: Partial<OfType<"exited">> = {}): HistoryRecord => ({
    type: "exited", ...slot, run, pid: 1000 + run, code: 3, signal: null, coreDumped: false, status: "known", cause: "exited",
    ranMs: 1000, mono: 6000, userMs: 1, systemMs: 2, maxRssBytes: null, leftovers: false, ...more,
  }),
  fault: (run: number, more: Partial<Extract<HistoryRecord, { type: "fault"; slot: number; run: number }>> = {}): HistoryRecord => ({
    type: "fault", ...slot, run, step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/x", ...more,
  }),
  /** Of a process that was started: changes nothing. */
  trouble: (step: string): HistoryRecord => ({ type: "fault", ...slot, run: null, step, errno: "", message: "it was so", subject: "" }),
  /** What an ended process has left is told to end. */
  leftover: (run: number, more: Partial<OfType<"stopping">> = {}): HistoryRecord => ({
    type: "stopping", ...slot, run, wanted: true, until: 16_500, reason: null, cause: "leftover", ...more,
  }),
  stopping: (run: number, more: Partial<OfType<"stopping">> = {}): HistoryRecord => ({
    type: "stopping", ...slot, run, pid: 1000 + run, wanted: false, until: 16_000, reason: null, cause: "stopped", by: someone, ...more,
  }),
  stopped: (more: Partial<Extract<HistoryRecord, { type: "stopped"; slot: number }>> = {}): HistoryRecord => ({
    type: "stopped", ...slot, wanted: false, cause: "stopped", by: someone, ...more,
  }),
  waiting: (until: number, more: Partial<OfType<"waiting">> = {}): HistoryRecord => ({ type: "waiting", ...slot, until, ...more }),
  /** At rest until it is due; null: never, or nobody knows when. */
  scheduled: (until: number | null, more: Partial<OfType<"waiting">> = {}): HistoryRecord => ({ type: "waiting", ...slot, until, cause: "schedule", ...more }),
  blocked: (after: readonly string[], more: Partial<OfType<"blocked">> = {}): HistoryRecord => ({ type: "blocked", ...slot, after, cause: null, ...more }),
  unhealthy: (run: number): HistoryRecord => ({ type: "unhealthy", ...slot, run, pid: 1000 + run, failures: 3, message: "it was so", cause: null }),
  /** It was due, and did not run. */
  missed: (more: { at?: number; missed?: number } = {}): HistoryRecord => ({
    type: "fault", ...slot, slot: null, step: "schedule", errno: "", message: "it was so", subject: "", missed: 1, cause: "schedule", ...more,
  }),
  finished: (): HistoryRecord => ({ type: "finished", ...slot, cause: "exited" }),
  failed: (): HistoryRecord => ({ type: "failed", ...slot, cause: "exited" }),
  scaled: (count: number): HistoryRecord => ({ type: "scaled", ...slot, slot: null, count, by: someone }),
  signalled: (more: Partial<OfType<"signalled">> = {}): HistoryRecord => ({ type: "signalled", ...slot, pid: 1001, signal: "SIGHUP", cause: null, by: someone, ...more }),
  /** A rolling restart begins, and is over before its end. */
  rolls: (count: number): HistoryRecord => ({ type: "scaled", ...slot, slot: null, count, cause: "restarted", by: someone }),
  rollFault: (): HistoryRecord => ({ type: "fault", ...slot, slot: null, step: "rolling restart", errno: "", message: "it was so", subject: "", cause: "restarted", by: someone }),
  added: (entry: string, count: number): HistoryRecord => ({ type: "added", ...slot, entry, slot: null, count, by: someone }),
  removed: (entry: string): HistoryRecord => ({ type: "removed", ...slot, entry, slot: null, by: someone }),
  left: (): HistoryRecord => ({ type: "stopped", at: WALL, entry: null, slot: null, pid: null, cause: null, by: someone }),
};

/** As a History of this instance writes them, from that id on. */
export function linesOf(records: readonly HistoryRecord[], first = 1, boot = BOOT, instance = INSTANCE): HistoryLine[] {
  return records.map((one, index) => {
    const whose = one.type === "started" ? { mark: `${instance}.${one.run}`, boot } : one.type === "tookOver" ? { boot } : {};
    // As it is read back: nothing but JSON.
    return JSON.parse(JSON.stringify({ ...lineOf(one, first + index), ...whose })) as HistoryLine;
  });
}
