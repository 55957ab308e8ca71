/** Whether this process may hold as many descriptors as the configuration needs. */
import { readFileSync } from "node:fs";

import type { Configuration, EntryConfiguration } from "../config/configuration.ts";
import type { Ready } from "../engine/probe.ts";
import { SentryError } from "../errors.ts";
import { pathsOf } from "./log-files.ts";
import { isHeard } from "./start-request.ts";

/** A pidfd, the read ends of stdout and stderr, and the events of its cgroup. */
const PER_PROCESS = 4;

/** The file of its output, and the next while it is rotated; or its kept tail, which the output thread opens once more. */
const PER_ENTRY = 2;

/** Node's own, the threads', a few clients. */
const OWN = 200;

/**
 * Below this the estimate of our own needs weighs too much for a forecast. There, each start that fails says so (EMFILE),
 * and is tried again.
 */
const LEAST = 1024;

/** @throws SentryError E_REFUSED with the numbers */
export function refuseTooMany({ path, entries }: Configuration): void {
  const limit = limitOfOpenFiles();
  const processes = entries.reduce((sum, { law }) => sum + law.count, 0);
  const needed = entries.reduce((sum, entry) => sum + entry.law.count * perProcess(entry) + Math.max(PER_ENTRY, pathsOf(entry).length), OWN);
  if (limit < LEAST || needed <= limit) return;
  throw new SentryError("E_REFUSED", `${path} wants ${processes} processes, which need about ${needed} descriptors; `
    + `this process may have ${limit} (the hard limit, ulimit -Hn)`);
}

/** With what it speaks through, and what it is looked at by. One look is over before the next begins. */
function perProcess({ law, ready, health }: EntryConfiguration): number {
  const channels = Number(isHeard(law)) + Number(ready?.kind === "fd");
  return PER_PROCESS + channels + Math.max(perLook(ready?.kind), perLook(health?.probe.kind));
}

/** A connection; or a program's pidfd and cgroup. */
function perLook(kind: Ready["kind"] | undefined): number {
  return kind === "exec" ? 2 : kind === "tcp" || kind === "http" ? 1 : 0;
}

/** The soft limit, which Node raises to the hard one at its start. proc_pid_limits(5) */
function limitOfOpenFiles(): number {
  const [, soft = ""] = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}
