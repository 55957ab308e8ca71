/**
 * `entry` and `sentry`: they only write down what they were given, and where. The mark is a registered symbol, so that
 * a configuration's package which brings its own copy of this file is understood too.
 */
import type { ClassicOptions, EntryOptions, SentryOptions } from "./options.ts";
import type { Duration } from "./options-units.ts";

const mark = Symbol.for("sentryd.program");

/** One program to keep running. Made by `entry`, and good only for `sentry`. */
export interface Entry {
  readonly [mark]: "entry";
  readonly given: readonly unknown[];
  /** Holds the stack of the call; the text of it is made when it is first read, which is only for a complaint. */
  readonly place: { readonly stack?: string };
}

/** A whole configuration: what a file exports by default. Made by `sentry`. */
export interface Program {
  readonly [mark]: "sentry";
  readonly given: readonly unknown[];
  readonly place: { readonly stack?: string };
}

/**
 * A program to keep running: restarted `delay` after each exit, for ever, with `count` processes at a time.
 *
 * @param name    unique; `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}`
 * @param command a path, or a name that is looked up in the process's PATH
 * @param args    its arguments, without the program's own name
 * @param delay   milliseconds, or text such as `"10s"`
 * @param count   0 to 10000
 *
 * Nothing is refused here. What is wrong makes the load fail, with the entry, the option, and this place.
 */
export function entry(
  name: string, command: string, args: readonly string[], delay: Duration, count: number,
  options?: ClassicOptions,
): Entry;
/** The full form: a program and its options. */
export function entry(name: string, command: string, args?: readonly string[], options?: EntryOptions): Entry;
/** The full form, for a program without arguments. */
export function entry(name: string, command: string, options: EntryOptions): Entry;
export function entry(...given: unknown[]): Entry {
  const place = {};
  Error.captureStackTrace(place, entry);
  return { [mark]: "entry", given, place };
}

/**
 * The whole configuration, for `export default`.
 *
 * @param entries each made by `entry`; they are started in this order
 * @param options options of the whole
 */
export function sentry(entries: readonly Entry[], options?: SentryOptions): Program;
export function sentry(...given: unknown[]): Program {
  const place = {};
  Error.captureStackTrace(place, sentry);
  return { [mark]: "sentry", given, place };
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && (value as Partial<Entry>)[mark] === "entry";
}

export function isProgram(value: unknown): value is Program {
  return typeof value === "object" && value !== null && (value as Partial<Program>)[mark] === "sentry";
}
