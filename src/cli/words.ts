/** The command's words, taken apart. Node's own parser does it: what starts so often is to load as little as it can. */
import { parseArgs } from "node:util";

import { isPath } from "../config/find.ts";
import { SentryError } from "../errors.ts";
import { COMMON, verbOf, VERBS } from "./verbs.ts";
import type { VerbName } from "./verbs.ts";

/** As the table of verbs has them; parseArgs refuses a text without its value, and a value that is not wanted. */
export interface Options {
  readonly config?: string;
  readonly "run-dir"?: string;
  readonly json?: boolean;
  readonly detach?: boolean;
  readonly background?: boolean;
  /** `text` or `json`. */
  readonly "log-format"?: string;
  /** A number: the descriptor on which an image of Sentry finds what the one before it has left. */
  readonly handover?: string;
  readonly orphans?: boolean;
  readonly lines?: string;
  readonly follow?: boolean;
  readonly rolling?: boolean;
  readonly help?: boolean;
}

export type Asked =
  | { readonly kind: "version" }
  /** `of` null: of the whole command. */
  | { readonly kind: "help"; readonly of: VerbName | null }
  | { readonly kind: "verb"; readonly verb: VerbName; readonly names: readonly string[]; readonly options: Options };

/** @throws SentryError E_USAGE */
export function read(words: readonly string[]): Asked {
  const [word, ...rest] = verbFirst(words);
  if (isVersion(word)) return { kind: "version" };
  if (isHelp(word)) {
    const [of] = rest;
    return { kind: "help", of: of === undefined ? null : known(of) };
  }
  if (word === undefined) throw wrong("which verb?");
  const verb = known(word);

  const { options, positionals } = parse(rest, verb);
  if (options.help) return { kind: "help", of: verb };
  const { words: wanted } = VERBS[verb];
  const missing = wanted[positionals.length];
  if (missing?.startsWith("<")) throw wrong(`${missing} is missing`, verb);
  const extra = positionals[wanted.length];
  if (extra !== undefined) throw wrong(`'${extra}' is one word too many`, verb);
  return { kind: "verb", verb, names: positionals, options };
}

function isVersion(word: string | undefined): boolean {
  return word === "--version" || word === "-V";
}

function isHelp(word: string | undefined): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

function known(word: string): VerbName {
  const verb = verbOf(word);
  if (verb === null) throw wrong(word.startsWith("-") ? `unknown option '${word}' before a verb` : `unknown verb '${word}'`);
  return verb;
}

function parse(args: string[], verb: VerbName): { options: Options; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args, options: { ...VERBS[verb].options, ...COMMON }, allowPositionals: true });
    return { options: values as Options, positionals };
  } catch (error) {
    const number = args.find((word) => /^-\d/.test(word));
    if (number !== undefined) throw wrong(`'${number}' is no number from 0`, verb);
    // "Unknown option '--x'. To specify a positional …": the first sentence is for us.
    const [first = ""] = (error as Error).message.split(/\.\s|\n/);
    throw wrong(first.charAt(0).toLowerCase() + first.slice(1), verb);
  }
}

/** `./sample.ts start` comes here as `sentry ./sample.ts start`: the configuration first, then the verb. */
function verbFirst(words: readonly string[]): readonly string[] {
  const [first = "", second, ...rest] = words;
  if (first.startsWith("-") || !isPath(first)) return words;
  if (second === undefined) throw wrong(`which verb for ${first}?`);
  if (isVersion(second) || isHelp(second)) return [second, ...rest]; // the same for all of them
  return [second, "--config", first, ...rest];
}

function wrong(what: string, verb?: VerbName): SentryError {
  return new SentryError("E_USAGE", `${what}; see sentry ${verb === undefined ? "" : `${verb} `}--help`);
}
