/** The verbs of the command: what they are called with, and what `--help` says of them. */

/** Also the options of parseArgs (node:util). */
export interface VerbOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Null: not for users. */
  readonly does: string | null;
  /** What a text stands for. */
  readonly value?: string;
}

export interface Verb {
  /** The one positional argument, which may be left out. */
  readonly argument: string;
  readonly does: string;
  readonly options: Readonly<Record<string, VerbOption>>;
  readonly examples: readonly string[];
}

/** Of every verb. */
export const COMMON: Readonly<Record<string, VerbOption>> = {
  config: { type: "string", short: "c", value: "config", does: "the configuration: a path, or a name that is looked up (default: sentry.ts)" },
  "run-dir": { type: "string", value: "dir", does: "where Sentry's own files stand (or SENTRY_RUN_DIR; default: beside the configuration)" },
  json: { type: "boolean", does: "answer with one JSON document" },
  help: { type: "boolean", short: "h", does: "show this" },
};

export const VERBS = {
  start: {
    argument: "config", does: "start the configured processes, and keep them running",
    options: {
      detach: { type: "boolean", short: "d", does: "return once each process has been started, and run on in the background" },
      background: { type: "boolean", does: null },
    },
    examples: ["sentry start sample.ts", "sentry start --detach", "sentry start sample.ts --run-dir /run/sample"],
  },
  stop: {
    argument: "config", does: "stop everything in order, and wait until Sentry is gone", options: {},
    examples: ["sentry stop", "sentry stop sample.ts"],
  },
  check: {
    argument: "config", does: "compile and validate a configuration; touch nothing", options: {},
    examples: ["sentry check sample.ts", "sentry check --json"],
  },
  init: {
    argument: "file", does: "write a commented configuration", options: {},
    examples: ["sentry init", "sentry init sample.ts"],
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

export function isVerb(word: string): word is VerbName {
  return Object.hasOwn(VERBS, word);
}
