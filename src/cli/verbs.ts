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
  /** What it is called with: `<entry>` has to be there, `[config]` may be left out. */
  readonly words: readonly string[];
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

/** In place of a verb, and not for users: try.ts. */
export const TRIAL = "--try";

const ENTRY = "<entry|entry:slot>";

export const VERBS = {
  start: {
    words: ["[config]"], does: "start the configured processes, and keep them running",
    options: {
      detach: { type: "boolean", short: "d", does: "return once each process has been started, and run on in the background" },
      background: { type: "boolean", does: null },
      handover: { type: "string", does: null },
    },
    examples: ["sentry start sample.ts", "sentry start --detach", "sentry start sample.ts --run-dir /run/sample"],
  },
  stop: {
    words: ["[config]"], does: "stop everything in order, and wait until Sentry is gone",
    options: {
      orphans: { type: "boolean", does: "where Sentry is dead and only its processes are left: stop those" },
    },
    examples: ["sentry stop", "sentry stop sample.ts", "sentry stop --orphans sample.ts"],
  },
  reload: {
    words: ["[config]"], does: "compile and check the configuration, and put it in force; nothing else is touched", options: {},
    examples: ["sentry reload", "sentry reload sample.ts"],
  },
  plan: {
    words: ["[config]"], does: "show what a reload would do now, and why", options: {},
    examples: ["sentry plan", "sentry plan --json sample.ts"],
  },
  check: {
    words: ["[config]"], does: "compile and validate a configuration; touch nothing", options: {},
    examples: ["sentry check sample.ts", "sentry check --json"],
  },
  up: {
    words: [ENTRY], does: "want an entry, or one slot of it, to run", options: {},
    examples: ["sentry up web", "sentry up web:1 -c sample.ts"],
  },
  down: {
    words: [ENTRY], does: "stop an entry, or one slot of it, until it is wanted up again", options: {},
    examples: ["sentry down web", "sentry down web:1 -c sample.ts"],
  },
  scale: {
    words: ["<entry>", "<n>"], does: "keep that many processes of an entry, until the configuration says otherwise", options: {},
    examples: ["sentry scale web 4", "sentry scale web 0 -c sample.ts"],
  },
  why: {
    words: [ENTRY], does: "tell what happened to an entry, or to one slot of it: each start, exit and stop, its cause, and who asked",
    options: {
      lines: { type: "string", short: "n", value: "n", does: "how much of it, the newest (default: 100)" },
    },
    examples: ["sentry why web", "sentry why web:1 -n 20", "sentry why --json web -c sample.ts"],
  },
  init: {
    words: ["[file]"], does: "write a commented configuration", options: {},
    examples: ["sentry init", "sentry init sample.ts"],
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

export function isVerb(word: string): word is VerbName {
  return Object.hasOwn(VERBS, word);
}
