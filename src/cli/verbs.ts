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

/** Of what is told line by line. */
const FOLLOW = {
  type: "boolean", short: "f", does: "go on with what happens from now on, until Sentry stops; with --json one document a line",
} as const;

export const VERBS = {
  start: {
    words: ["[config]"], does: "start the configured processes, and keep them running",
    options: {
      detach: { type: "boolean", short: "d", does: "return once each process has been started, and run on in the background" },
      "log-format": { type: "string", value: "format", does: "text (the default), or json: what the terminal shows as one JSON object a line" },
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
  status: {
    words: ["[config]"], does: "show a table of all processes (`sentry ps` is the same)", options: {},
    examples: ["sentry status", "sentry ps sample.ts", "sentry status --json"],
  },
  up: {
    words: [ENTRY], does: "want an entry, or one slot of it, to run", options: {},
    examples: ["sentry up web", "sentry up web:1 -c sample.ts"],
  },
  down: {
    words: [ENTRY], does: "stop an entry, or one slot of it, until it is wanted up again", options: {},
    examples: ["sentry down web", "sentry down web:1 -c sample.ts"],
  },
  restart: {
    words: [ENTRY], does: "restart the processes of an entry, or of one slot of it, without waiting for the delay",
    options: {
      rolling: {
        type: "boolean", does: "replace one after the other, the new one ready first; wait for it, and stop at the first that fails",
      },
    },
    examples: ["sentry restart web:1", "sentry restart web -c sample.ts", "sentry restart --rolling web"],
  },
  signal: {
    words: [ENTRY, "<SIG>"], does: "send a signal to the processes of an entry, or to that of one slot", options: {},
    examples: ["sentry signal web HUP", "sentry signal web:1 SIGUSR1 -c sample.ts"],
  },
  scale: {
    words: ["<entry>", "<n>"], does: "keep that many processes of an entry, until the configuration says otherwise", options: {},
    examples: ["sentry scale web 4", "sentry scale web 0 -c sample.ts"],
  },
  logs: {
    words: ["[entry]"], does: "show what an entry has printed, or all of them, as it is",
    options: {
      follow: { ...FOLLOW, does: "go on with what is printed from now on, until Sentry stops; with --json one document a line" },
      lines: { type: "string", short: "n", value: "n", does: "so many lines in all, the newest (default: 100; at most 1000000)" },
    },
    examples: ["sentry logs web", "sentry logs -f -n 20 -c sample.ts", "sentry logs --json web"],
  },
  events: {
    words: ["[config]"], does: "tell what has happened to all entries, and what happens",
    options: {
      follow: FOLLOW,
      lines: { type: "string", short: "n", value: "n", does: "how much of the past, the newest (default: 100; with --follow: 0; at most 10000)" },
    },
    examples: ["sentry events", "sentry events --follow sample.ts", "sentry events -f --json"],
  },
  why: {
    words: [ENTRY], does: "tell what happened to an entry, or to one slot of it: each start, exit and stop, its cause, and who asked",
    options: {
      lines: { type: "string", short: "n", value: "n", does: "how much of it, the newest (default: 100; at most 10000)" },
    },
    examples: ["sentry why web", "sentry why web:1 -n 20", "sentry why --json web -c sample.ts"],
  },
  init: {
    words: ["[file]"], does: "write a commented configuration", options: {},
    examples: ["sentry init", "sentry init sample.ts"],
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

const ALIASES: Readonly<Record<string, VerbName>> = { ps: "status" };

export function verbOf(word: string): VerbName | null {
  if (Object.hasOwn(VERBS, word)) return word as VerbName;
  return Object.hasOwn(ALIASES, word) ? ALIASES[word] ?? null : null;
}
