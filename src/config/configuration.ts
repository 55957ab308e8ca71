/**
 * What a configuration is after it was evaluated, checked and completed: plain JSON, and all that the supervisor
 * knows of it. Nothing is left to default; null is what is not there.
 */
import type { ExitWhen, Law } from "../core/types.ts";
import type { Health, Ready } from "../engine/probe.ts";

export interface Configuration {
  /** Real path of the file: its identity. */
  path: string;
  entries: EntryConfiguration[];
  processEvents: boolean;
  /** Null: HTTP is served on the Unix socket alone. */
  http: HttpConfiguration | null;
  /** The most processes that an entry can be scaled to. */
  maxCount: number;
  exitWhen: ExitWhen;
  /** The program has a function `on`, which is to get every event. */
  on: boolean;
  /** The compiled program, with its source map, where functions of it are used; else null. */
  code: string | null;
}

export interface EntryConfiguration {
  law: Law;
  command: string;
  /** Without argv[0]. */
  args: string[];
  /** Absolute. */
  cwd: string;
  env: Record<string, string>;
  /** `env` is a function of the program, to be asked at each start; then `env` is empty. */
  envFunction: boolean;
  /** The text of that function: another text is another environment. */
  envSource: string | null;
  /** Absolute. */
  envFile: string | null;
  /** All, nothing, or what is named. */
  inheritEnv: boolean | string[];
  /** Name, or number in digits. */
  user: string | null;
  group: string | null;
  groups: string[] | null;
  umask: number | null;
  nice: number | null;
  oomScoreAdj: number | null;
  noNewPrivileges: boolean;
  /** [resource, soft, hard] with the names of getrlimit(2) in lower case; -1 is unlimited. */
  limits: [resource: string, soft: number, hard: number][];
  listen: Listen[];
  /** Absolute, `{slot}` still in it. Null also where it is no daemon (see the law). */
  pidFile: string | null;
  /** What makes a process ready; null: that it was started. */
  ready: Ready | null;
  /** How its health is looked at. How much is too much stands in the law. */
  health: Health | null;
  /** Where its output goes; null: to the terminal, or when detached to a file in the run folder. */
  log: Log | null;
  /** When it runs; what becomes of one that still runs then stands in the law. Null: always. */
  schedule: { cron: string; /** IANA; null: the machine's. */ timezone: string | null } | null;
  /** Absolute globs of files; with a change of one its processes are restarted. */
  watch: string[];
  /** Bytes of memory that a process and all that it has started may take together; null: any. */
  restartAbove: number | null;
}

export type Log =
  | { kind: "inherit" }
  | { kind: "none" }
  | LogFile;

export interface LogFile {
  kind: "file";
  /** Absolute, `{slot}` still in it. */
  file: string;
  /** Bytes. */
  maxSize: number;
  /** Rotated files. */
  keep: number;
  /** Rotated ones by gzip. */
  compress: boolean;
  format: "raw" | "prefixed" | "json";
  /** The terminal shows it too, in the foreground. */
  terminal: boolean;
}

export interface HttpConfiguration {
  /** A numeric address, `localhost`, or `*`. */
  host: string;
  port: number;
  /** By these names too a request may ask for it. */
  hosts: string[];
  /** Nobody asked for this address: where somebody else has it, Sentry does without. */
  isDefault: boolean;
}

/** `host` null: all addresses. `path` is absolute. */
export type Listen =
  | { kind: "tcp"; host: string | null; port: number }
  | { kind: "unix"; path: string };
