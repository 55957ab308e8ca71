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

/** What there is of a run, by the cgroup that it was born in, or by the mark in its environment. */
export interface Swept {
  readonly run: RunId;
  /** As an environment has it; null: only a cgroup tells of it, and that says no more than the run. */
  readonly of: { readonly entry: string; readonly slot: number } | null;
  /** The name of its NOTIFY_SOCKET, as an environment has it; null: it has none, or nothing tells. */
  readonly notify: string | null;
  /** The oldest that leads a session, as a run's own process does; null: only others are there. */
  readonly leader: { readonly pid: number; readonly startTicks: number } | null;
  /** Some process of it is there, and is no zombie. */
  readonly isAlive: boolean;
  /** The path of its cgroup below the v2 mount; null: it has none of its own. */
  readonly cgroup: string | null;
}

/** As much of /proc as a take-over asks for: an argument, so that it can be shown any machine. */
export interface Processes {
  /** All runs of that instance of which something is there. */
  sweep(instance: string): Swept[];
  statOf(pid: number): Stat | null;
  /** The inode of the pipe that is a process's stdout (0) or stderr (1); 0 where it is none. */
  pipeOf(pid: number, stream: 0 | 1): number;
  /** The inode of what is open here. */
  inodeOf(fd: number): number;
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

export const systemProcesses: Processes = { sweep, statOf, isReaped, pipeOf, inodeOf, openPipe, monoOf };

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
 * All processes are looked at. A run's own process leads a session (each is started so); what it has started itself is of
 * the same cgroup, bears the same mark, and may lead a session too: but it is younger.
 */
function sweep(instance: string): Swept[] {
  const runs = new Map<RunId, Swept>();
  for (const name of readdirSync("/proc")) {
    const pid = /^\d+$/.test(name) ? Number(name) : 0;
    const one = pid === 0 || pid === process.pid ? null : sweptOf(pid, instance);
    if (one !== null) runs.set(one.run, together(runs.get(one.run), one));
  }
  return [...runs.values()];
}

function together(one: Swept | undefined, other: Swept): Swept {
  if (one === undefined) return other;
  const [elder, younger] = isElder(other, one) ? [other, one] : [one, other];
  return {
    run: one.run, of: elder.of ?? younger.of, notify: elder.notify ?? younger.notify, leader: elder.leader ?? younger.leader,
    isAlive: one.isAlive || other.isAlive, cgroup: one.cgroup ?? other.cgroup,
  };
}

/** Within one tick the lower pid was most likely first. */
function isElder({ leader: one }: Swept, { leader: other }: Swept): boolean {
  if (one === null || other === null) return one !== null;
  return one.startTicks === other.startTicks ? one.pid < other.pid : one.startTicks < other.startTicks;
}

/** The cgroup is asked first: it stays, whatever a program makes of its environment (nginx and redis write over theirs). */
function sweptOf(pid: number, instance: string): Swept | null {
  const [born, mark] = [cgroupIn(tryRead(`/proc/${pid}/cgroup`) ?? "", instance), markOf(pid, instance)];
  const run = born?.run ?? mark?.run;
  const stat = run === undefined ? null : statOf(pid);
  if (run === undefined || stat === null) return null;
  const own = mark?.run === run ? mark : null;
  return {
    run, of: own?.of ?? null, notify: own?.notify ?? null, leader: stat.session === pid ? { pid, startTicks: stat.startTicks } : null,
    isAlive: stat.state !== "Z" && stat.state !== "X", cgroup: born?.path ?? null,
  };
}

/** Of the text of /proc/PID/cgroup the line of the v2 hierarchy: it is in the cgroup of a run, or below it. cgroups(7) */
export function cgroupIn(text: string, instance: string): { run: RunId; path: string } | null {
  const [, path = "", run] = new RegExp(`^0::((?:/.*)?/sentry\\.${instance}/(\\d{1,16}))(?:[/ ].*)?$`, "m").exec(text) ?? [];
  return run === undefined ? null : { run: Number(run), path };
}

function markOf(pid: number, instance: string): { run: RunId; of: NonNullable<Swept["of"]>; notify: string | null } | null {
  const environ = tryRead(`/proc/${pid}/environ`); // only of processes that are ours to look into. ptrace(2)
  if (environ === null || !environ.includes(instance)) return null;
  const env = new Map(environ.split("\0").map((one) => {
    const equals = one.indexOf("=");
    return [one.slice(0, equals), one.slice(equals + 1)];
  }));
  const [, of, run] = /^([^.]+)\.(\d{1,16})$/.exec(env.get("SENTRY_RUN") ?? "") ?? [];
  const [entry, slot] = [env.get("SENTRY_ENTRY") ?? "", env.get("SENTRY_SLOT") ?? ""];
  if (of !== instance || entry === "" || !/^\d{1,6}$/.test(slot)) return null;
  return { run: Number(run), of: { entry, slot: Number(slot) }, notify: notifyIn(env, of, run) };
}

/** The mark and the socket's name may be of different runs, where one of ours starts a Sentry of its own. */
function notifyIn(env: ReadonlyMap<string, string>, instance: string, run: string | undefined): string | null {
  const [, name, whose] = /^@(sentry\.([0-9a-f]+\.\d+)\.[0-9a-f]+)$/.exec(env.get("NOTIFY_SOCKET") ?? "") ?? [];
  return name !== undefined && whose === `${instance}.${run ?? ""}` ? name : null;
}

function pipeOf(pid: number, stream: 0 | 1): number {
  try {
    return Number(/^pipe:\[(\d+)\]$/.exec(readlinkSync(descriptorPath(pid, stream)))?.[1] ?? 0);
  } catch {
    return 0; // it has ended meanwhile, or is not ours to look into
  }
}

function inodeOf(fd: number): number {
  return fstatSync(fd).ino;
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
