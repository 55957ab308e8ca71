/**
 * Reads what `entry` and `sentry` wrote down: positions become names, so that one schema holds for both forms. Types
 * are not looked at here, but for telling the forms apart.
 */
import { Complaint } from "./complaint.ts";
import { isEntry, isProgram, type Entry } from "./program.ts";
import type { EntryOptions, Environment, SentryOptions } from "./options.ts";
import type { ReadyTimes, ReadyWays } from "./options-readiness.ts";

/** The arguments of one `entry` by name. Has the types of the door once it was checked, and not before. */
export interface AskedEntry {
  name: string;
  command: string;
  args: string[];
  /** Without the function that `env` may be: that is data for nobody. */
  options: Omit<EntryOptions, "env" | "ready"> & { env?: Environment; ready?: AskedReady };
}

/** A regular expression is no data, but its text and its flags are. */
export type AskedReady = "notify" | (Partial<Omit<ReadyWays, "log">> & { log?: { source: string; flags: string } } & ReadyTimes);

export interface Asked {
  entries: AskedEntry[];
  /** Without the function `on`. */
  options: Omit<SentryOptions, "on">;
}

/** What was asked for, and beside it what the schema has no business with … */
export interface Given {
  asked: Asked;
  /** … for the whole, and for each entry, where it stands … */
  place: { stack?: string };
  places: { stack?: string }[];
  /** … the text of its `env`, where that is a function, … */
  functions: (string | null)[];
  /** … and whether the whole has an `on`. */
  on: boolean;
}

type Fields = Record<string, unknown>;

export function readProgram(exported: unknown, path: string): Given {
  if (!isProgram(exported)) {
    throw new Complaint(`the default export of ${path} is no \`sentry([...])\`, but ${kindOf(exported)}`);
  }
  const [entries, options, ...more] = exported.given;
  if (!Array.isArray(entries)) {
    throw new Complaint(`\`sentry\` takes a list of entries, not ${kindOf(entries)}`, exported.place);
  }
  if (more.length > 0) throw new Complaint("`sentry` takes a list of entries and options, and no more", exported.place);
  const list = Array.from(entries as unknown[], (value, index) => {
    if (isEntry(value)) return value;
    throw new Complaint(`number ${index + 1} of the entries is no \`entry(...)\`, but ${kindOf(value)}`, exported.place);
  });
  const read = list.map(readEntry);
  const whole = defined(options === undefined ? {} : options, "the options of `sentry`", exported.place);
  const on = isFields(whole) && typeof whole["on"] === "function";
  if (on) delete whole["on"];
  return {
    asked: { entries: read.map((one) => one.asked), options: whole as Asked["options"] },
    place: exported.place,
    places: list.map((one) => one.place),
    functions: read.map((one) => one.envSource),
    on,
  };
}

function readEntry(entry: Entry): { asked: AskedEntry; envSource: string | null } {
  const [name, command, ...rest] = entry.given;
  const whose = `of entry \`${String(name)}\``;
  const args = isFields(rest[0]) ? [] : rest.shift();
  const last = rest.at(-1);
  const options = isFields(last) ? defined(apart(last), `the options ${whose}`, entry.place) as Fields : {};
  if (isFields(last)) rest.pop();
  const [delay, count, ...more] = rest;
  if (more.some((value) => value !== undefined)) {
    throw new Complaint(`the call ${whose} has more arguments than \`entry\` takes`, entry.place);
  }
  for (const [key, value] of Object.entries({ delay, count })) {
    if (value === undefined) continue;
    if (key in options) throw new Complaint(`\`${key}\` ${whose} is given twice`, entry.place);
    options[key] = value;
  }
  const envSource = typeof options["env"] === "function" ? String(options["env"]) : null;
  if (envSource !== null) delete options["env"];
  return { asked: { name, command, args: args === undefined ? [] : args, options } as AskedEntry, envSource };
}

/** The regular expression that `ready.log` may be, taken apart. */
function apart(options: Fields): Fields {
  const { ready } = options;
  if (!isFields(ready) || !(ready["log"] instanceof RegExp)) return options;
  const { source, flags } = ready["log"];
  return { ...options, ready: { ...ready, log: { source, flags } } };
}

/**
 * A copy without what is undefined: an option that is undefined is one that was not given. Objects of a class have no
 * place in options: a Map has no fields of its own, and would pass for an empty object.
 */
function defined(value: unknown, what: string, place: Entry["place"]): unknown {
  if (!isFields(value)) return value;
  if (!isPlain(value)) throw new Complaint(`${what} must be plain data, not ${kindOf(value)}`, place);
  const kept = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, defined(field, `\`${key}\` in ${what}`, place)]));
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is Fields {
  if (!isFields(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** What a value is, for people. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "a list";
  if (isEntry(value)) return "an `entry(...)`";
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return `a ${typeof value}`;
  if (typeof value === "object" && !isPlain(value)) return `a ${value.constructor.name}`;
  const text = typeof value === "number" ? String(value) : JSON.stringify(value); // JSON has no Infinity
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
