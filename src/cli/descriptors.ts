/** Whether this process may hold as many descriptors as the configuration needs. */
import { readFileSync } from "node:fs";

import type { Configuration } from "../config/configuration.ts";
import { SentryError } from "../errors.ts";

/** A pidfd, and the read ends of stdout and stderr. */
const PER_PROCESS = 3;

/** The file of its output; or its kept tail, which the output thread opens once more. */
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
  const needed = processes * PER_PROCESS + entries.length * PER_ENTRY + OWN;
  if (limit < LEAST || needed <= limit) return;
  throw new SentryError("E_REFUSED", `${path} wants ${processes} processes, which need about ${needed} descriptors; `
    + `this process may have ${limit} (the hard limit, ulimit -Hn)`);
}

/** The soft limit, which Node raises to the hard one at its start. proc_pid_limits(5) */
function limitOfOpenFiles(): number {
  const [, soft = ""] = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}
