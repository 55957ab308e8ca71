/**
 * What /proc says of processes that an earlier Sentry has started. proc_pid_stat(5), proc_pid_environ(5).
 *
 * Nothing here is sure for longer than it takes to read it: a pid may be given to another. So what is found is an
 * identity (pid and start time) that is checked again through an open pidfd before anything is done to it.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { uptime as secondsUp } from "node:os";

import type { Millis, RunId } from "../core/types.ts";

export interface Stat {
  /** Field 22: when it was started, in clock ticks since boot. */
  readonly startTicks: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** One letter; `Z` is a zombie. */
  readonly state: string;
}

/** A process that bears the mark of a run. */
export interface Marked {
  readonly run: RunId;
  readonly entry: string;
  readonly slot: number;
  readonly pid: number;
  readonly startTicks: number;
}

/** As much of /proc as a take-over asks for: an argument, so that it can be shown any machine. */
export interface Processes {
  /** The oldest session leader of each run of that instance. */
  sweep(instance: string): Marked[];
  statOf(pid: number): Stat | null;
  /** The inode of the pipe that is a process's stdout (0) or stderr (1); 0 where it is none. */
  pipeOf(pid: number, stream: 0 | 1): number;
  /** Whether the process of an open pidfd has been reaped: its pid may be another's by then. */
  isReaped(pidfd: number): boolean;
  /** A new read end of that pipe, if it is still that one. */
  openPipe(pid: number, stream: 0 | 1, inode: number): number | null;
  /** When that was, on the monotonic time line, which stands still while the machine sleeps. */
  monoOf(startTicks: number): Millis;
}

/** Which life of the machine this is: start times and monotonic moments mean nothing in another. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** The unit of field 22: USER_HZ is part of the kernel's interface, and 100 on all machines that Sentry runs on. time(7) */
const TICK: Millis = 10;

export const systemProcesses: Processes = { sweep, statOf, isReaped, pipeOf, openPipe, monoOf };

export function statOf(pid: number): Stat | null {
  const text = tryRead(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** The second field is the program's name, which may hold blanks and parentheses: all is counted from its last one. */
export function parseStat(text: string): Stat | null {
  const [state = "", ...rest] = text.slice(text.lastIndexOf(")") + 2).trim().split(" ");
  const [ppid, pgrp, session, startTicks] = [rest[0], rest[1], rest[2], rest[18]].map(Number);
  if (ppid === undefined || pgrp === undefined || session === undefined || !Number.isSafeInteger(startTicks)) return null;
  return { state, ppid, pgrp, session, startTicks: startTicks ?? 0 };
}

/**
 * All processes are looked at. A run's own process leads a session (each is started so); what it has started itself
 * bears the same mark, and may lead one too: but it is younger.
 */
function sweep(instance: string): Marked[] {
  const oldest = new Map<RunId, Marked>();
  for (const name of readdirSync("/proc")) {
    const pid = /^\d+$/.test(name) ? Number(name) : 0;
    if (pid === 0 || pid === process.pid) continue;
    const marked = markOf(pid, instance);
    if (marked === null) continue;
    const other = oldest.get(marked.run);
    if (other === undefined || isOlder(marked, other)) oldest.set(marked.run, marked);
  }
  return [...oldest.values()];
}

/** Within one tick the lower pid was most likely first. */
function isOlder(one: Marked, other: Marked): boolean {
  return one.startTicks === other.startTicks ? one.pid < other.pid : one.startTicks < other.startTicks;
}

function markOf(pid: number, instance: string): Marked | null {
  const environ = tryRead(`/proc/${pid}/environ`); // only of processes that are ours to look into. ptrace(2)
  if (environ === null || !environ.includes(instance)) return null;
  const env = new Map(environ.split("\0").map((one) => {
    const equals = one.indexOf("=");
    return [one.slice(0, equals), one.slice(equals + 1)];
  }));
  const [, of, run] = /^([^.]+)\.(\d{1,15})$/.exec(env.get("SENTRY_RUN") ?? "") ?? [];
  const [entry, slot] = [env.get("SENTRY_ENTRY") ?? "", env.get("SENTRY_SLOT") ?? ""];
  if (of !== instance || entry === "" || !/^\d{1,6}$/.test(slot)) return null;
  const stat = statOf(pid);
  if (stat === null || stat.session !== pid) return null;
  return { run: Number(run), entry, slot: Number(slot), pid, startTicks: stat.startTicks };
}

function pipeOf(pid: number, stream: 0 | 1): number {
  try {
    return Number(/^pipe:\[(\d+)\]$/.exec(readlinkSync(descriptorPath(pid, stream)))?.[1] ?? 0);
  } catch {
    return 0; // it has ended meanwhile, or is not ours to look into
  }
}

/** fdinfo of a pidfd. pidfd_open(2) */
function isReaped(pidfd: number): boolean {
  return /^Pid:\s*-1$/m.test(tryRead(`/proc/self/fdinfo/${pidfd}`) ?? "");
}

/** The link is read first: only what is a pipe may be opened, for opening a device may do something. */
function openPipe(pid: number, stream: 0 | 1, inode: number): number | null {
  if (inode === 0 || pipeOf(pid, stream) !== inode) return null;
  try {
    const fd = openSync(descriptorPath(pid, stream), constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(fd);
    if (found.isFIFO() && found.ino === inode) return fd;
    closeSync(fd);
  } catch {
    // It has ended meanwhile.
  }
  return null;
}

function descriptorPath(pid: number, stream: 0 | 1): string {
  return `/proc/${pid}/fd/${stream + 1}`;
}

/** The machine's time up goes on while it sleeps, as field 22 does. */
function monoOf(startTicks: number): Millis {
  const [seconds, nanoseconds] = process.hrtime();
  const slept = Math.max(0, secondsUp() * 1000 - (seconds * 1000 + nanoseconds / 1e6));
  return startTicks * TICK - slept;
}

function tryRead(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null; // gone meanwhile, or not ours to look into
  }
}
