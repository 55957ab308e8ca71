/** What a Sentry shows of what it keeps: over its socket, and in its history. */
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { release } from "node:os";

import type { HistoryLine } from "../../src/engine/line.ts";
import type { Site } from "./site.ts";

const [major = 0, minor = 0] = release().split(".").map(Number);

/** From Linux 6.15 on a pidfd tells how its process ended, whoever reaped it, and the keeper has it. docs/survival.md. */
export const EVERY_STATUS_IS_KNOWN = major > 6 || (major === 6 && minor >= 15);

/** As `GET /processes` has it, but for what changes all the time. */
export interface Shown {
  readonly id: string;
  readonly entry: string;
  readonly slot: number;
  readonly pid: number | null;
  readonly state: string;
  readonly startedAt: string | null;
  readonly restarts: number;
  readonly nextStartAt: string | null;
  readonly lastExit: { readonly pid: number; readonly code: number | null; readonly signal: string | null; readonly status: string } | null;
}

export async function processes(site: Site): Promise<Shown[]> {
  const { body } = await site.get("/processes");
  return (body as Shown[]).map(({ id, entry, slot, pid, state, startedAt, restarts, nextStartAt, lastExit }) =>
    ({ id, entry, slot, pid, state, startedAt, restarts, nextStartAt, lastExit }));
}

/** Each slot's process: `web:0` and its pid. */
export async function pids(site: Site): Promise<Map<string, number | null>> {
  return new Map((await processes(site)).map(({ id, pid }) => [id, pid]));
}

/** All whole lines of the history, of these types or of all. */
export function history(site: Site, ...types: HistoryLine["type"][]): HistoryLine[] {
  const file = site.path("sample.run/history");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line) as HistoryLine);
  return types.length === 0 ? lines : lines.filter(({ type }) => types.includes(type));
}

/** A request that has begun and goes on for ever: a reload waits a second for it, once it has stopped to accept others. */
export function halfRequest(site: Site): Promise<Socket> {
  const socket = connect(site.path("sample.run/socket"));
  socket.on("error", () => {});
  return new Promise((resolve) => socket.write("GET /health HTTP/1.1\r\nHost: here\r\nX-Long: ", () => resolve(socket)));
}

/** The letter by which /proc tells the state of a process; Z: a zombie. Null: it is gone. */
export function stateOf(pid: number): string | null {
  try {
    return /\) (.)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}
