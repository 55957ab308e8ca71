/**
 * What is wrong with a program that the schema refuses, as one sentence: the first thing on the way from the whole
 * down to the value. Loaded only then, with typebox.
 */
import type { TSchema } from "typebox";
import { Check } from "typebox/value";
import { Complaint } from "./complaint.ts";
import { kindOf, type AskedEntry, type Given } from "./given.ts";
import { nearest } from "./nearest.ts";
import { args, command, name, notBuilt, optionsOfEntry, optionsOfWhole } from "./schema.ts";

export function explain({ asked, place, places }: Given): Complaint {
  for (const [index, entry] of asked.entries.entries()) {
    const complaint = explainEntry(entry, places[index] ?? null);
    if (complaint !== null) return complaint;
  }
  return explainOptions(optionsOfWhole, asked.options, [], "", place)
    ?? new Complaint("this is not what the schema asks for", place);
}

type Place = { readonly stack?: string } | null;

function explainEntry(entry: AskedEntry, place: Place): Complaint | null {
  if (!Check(name, entry.name)) {
    return new Complaint(`the name of an entry must be ${describe(name)}, not ${kindOf(entry.name)}`, place);
  }
  const wrong = wrongPart(command, entry.command, `the command of entry \`${entry.name}\``)
    ?? wrongPart(args, entry.args, `the arguments of entry \`${entry.name}\``);
  if (wrong !== null) return new Complaint(wrong, place);
  return explainOptions(optionsOfEntry, entry.options, notBuilt, ` of entry \`${entry.name}\``, place);
}

function explainOptions(
  schema: TSchema, options: object, later: string[], whose: string, place: Place,
): Complaint | null {
  const known = fieldsOf(schema) ?? {};
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return new Complaint(`the options${whose || " of `sentry`"} must be an object, not ${kindOf(options)}`, place);
  }
  for (const [key, value] of Object.entries(options)) {
    if (later.includes(key)) return new Complaint(`option \`${key}\`${whose} is not built in this version`, place);
    const field = known[key];
    if (field === undefined) {
      const near = nearest(key, [...Object.keys(known), ...later]);
      return new Complaint(`unknown option \`${key}\`${whose}`, place, near && `; did you mean \`${near}\`?`);
    }
    const wrong = wrongOption(field, value, key, whose, key === "env" ? unsaid : seen);
    if (wrong !== null) return new Complaint(wrong, place);
  }
  return null;
}

/** What stands there, as the end of a sentence. */
type Telling = (value: unknown) => string;

const seen: Telling = (value) => `, not ${kindOf(value)}`;
/** A secret, it may be: errors are shown to people, written to logs and sent over HTTP. */
const unsaid: Telling = () => ", not what is there";

function wrongOption(schema: TSchema, value: unknown, path: string, whose: string, tell: Telling): string | null {
  const fields = fieldsOf(schema);
  if (fields !== null && typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, part] of Object.entries(value)) {
      const field = fields[key];
      if (field === undefined) {
        const near = nearest(key, Object.keys(fields));
        return `unknown \`${path}.${key}\`${whose}${near && `; did you mean \`${near}\`?`}`;
      }
      const wrong = wrongOption(field, part, `${path}.${key}`, whose, tell);
      if (wrong !== null) return wrong;
    }
  }
  return wrongPart(schema, value, `option \`${path}\`${whose}`, tell);
}

/** Names what is wrong in a list, or in an object of like values, by its place there. */
function wrongPart(schema: TSchema, value: unknown, what: string, tell: Telling = seen): string | null {
  if (Check(schema, value)) return null;
  const like = Array.isArray(value)
    ? itemsOf(schema)
    : Object.values((schema as { patternProperties?: Record<string, TSchema> }).patternProperties ?? {})[0];
  if (like !== undefined && typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      const which = Array.isArray(value) ? `number ${Number(key) + 1}` : `\`${key}\``;
      if (!Check(like, part)) return `${what}: ${which} must be ${describe(like)}${tell(part)}`;
    }
  }
  return `${what} must be ${describe(schema)}${tell(value)}`;
}

/** Of an object; where it may also be something simpler, of the one way in which it is an object. */
function fieldsOf(schema: TSchema): Record<string, TSchema> | null {
  const { properties, anyOf = [] } = schema as { properties?: Record<string, TSchema>; anyOf?: TSchema[] };
  return properties ?? anyOf.map(fieldsOf).find((fields) => fields !== null) ?? null;
}

/** Of a list, or of what may also be one. */
function itemsOf(schema: TSchema): TSchema | undefined {
  const { items, anyOf = [] } = schema as { items?: TSchema; anyOf?: TSchema[] };
  return items ?? anyOf.map(itemsOf).find((found) => found !== undefined);
}

function describe(schema: TSchema): string {
  return (schema as { description?: string }).description ?? "something else";
}
