/**
 * What an entry's processes are made of, as it is compared by a reload and kept in the state file: plain JSON, in which
 * the environment is only there as digests. So a change can be seen, and named, and no secret stands in a second file.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Law } from "../core/types.ts";
import type { Health, Ready } from "../engine/probe.ts";
import type { EntryConfiguration, Listen, Log } from "./configuration.ts";
import type { DaemonFile } from "./options-ends.ts";

/** Sha-256, cut to 32 hex digits. */
export type Digest = string;

export interface Definition {
  /** What a running process cannot change into: it has to be a new one. */
  readonly process: ProcessDefinition;
  /** What is changed in place. */
  readonly law: Law;
  /** What is done about the process from outside, which is changed in place too. */
  readonly attention: Attention;
}

export interface Attention {
  readonly ready: Ready | null;
  readonly health: Health | null;
  readonly log: Log | null;
  readonly schedule: EntryConfiguration["schedule"];
  readonly watch: readonly string[];
  readonly restartAbove: number | null;
}

/** Of what an older version has left, which knew of none of this. */
export const noAttention: Attention = { ready: null, health: null, log: null, schedule: null, watch: [], restartAbove: null };

export interface ProcessDefinition {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** By the variable's name. */
  readonly env: Readonly<Record<string, Digest>>;
  /** Of the text of the function `env`; what it may use beyond that is not seen. */
  readonly envSource: Digest | null;
  readonly envFile: string | null;
  /** Of the file's content; null where it could not be read. */
  readonly envFileContent: Digest | null;
  readonly inheritEnv: boolean | readonly string[];
  readonly user: string | null;
  readonly group: string | null;
  readonly groups: readonly string[] | null;
  readonly umask: number | null;
  readonly nice: number | null;
  readonly oomScoreAdj: number | null;
  readonly noNewPrivileges: boolean;
  readonly limits: readonly (readonly [resource: string, soft: number, hard: number])[];
  readonly listen: readonly Listen[];
  /** Null: it is none. Another way of being a process takes another process. */
  readonly daemon: true | DaemonFile | null;
}

export function definitionOf(entry: EntryConfiguration): Definition {
  const {
    law, command, args, cwd, env, envSource, envFile, inheritEnv, user, group, groups, umask, nice, oomScoreAdj,
    noNewPrivileges, limits, listen, ready, health, log, schedule, watch, restartAbove,
  } = entry;
  // By their names, so that the order in which they are written makes no difference.
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    process: {
      command, args, cwd, env: Object.fromEntries(variables.map(([name, value]) => [name, digestOf(`${name}=${value}`)])),
      envSource: envSource === null ? null : digestOf(envSource),
      envFile, envFileContent: envFile === null ? null : digestOfFile(envFile),
      inheritEnv, user, group, groups, umask, nice, oomScoreAdj, noNewPrivileges, limits, listen,
      daemon: daemonOf(entry),
    },
    law,
    attention: { ready, health, log, schedule, watch, restartAbove },
  };
}

export function daemonOf({ law, pidFile }: EntryConfiguration): ProcessDefinition["daemon"] {
  if (!law.daemon) return null;
  return pidFile === null ? true : { pidFile };
}

function digestOf(content: string | Buffer): Digest {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** A start reads it anew; one that is not there, or may not be read, is that start's fault to tell. */
function digestOfFile(path: string): Digest | null {
  try {
    return digestOf(readFileSync(path));
  } catch {
    return null;
  }
}
