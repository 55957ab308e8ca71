/**
 * Makes compiled.ts from schema.ts: `node out/src/http/compiled.build.js` prints it, and a test compares the two. Checks of
 * requests are typebox's own code. Answers are written by code that is made here: a template of all that the schema
 * names, so that nothing else can get into an answer.
 */
import type { TSchema } from "typebox";
import { Code } from "typebox/compile";

import { answers, requests } from "./schema.ts";

/** As much of a schema as a writer is made from. */
interface Plain {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Plain>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Plain;
  readonly description?: string;
}

/** The text of compiled.ts. */
export function compiledModule(): string {
  return [
    "// Made from schema.ts by compiled.build.ts; not to be edited. See there.",
    "// oxlint-disable typescript/no-explicit-any",
    'import { flag, list, number, object, open, text } from "./json.ts";',
    'import type { AnswerName, RequestCheck, RequestName } from "./schema.ts";',
    "",
    "export const checks: Readonly<Record<RequestName, RequestCheck>> = {",
    ...Object.entries(requests).map(([name, schema]) => checkOf(name, schema)),
    "};",
    "",
    ...Object.entries(answers).map(([name, schema]) => writerOf(name, schema as Plain)),
    `export const writers: Readonly<Record<AnswerName, (it: any) => string>> = { ${Object.keys(answers).join(", ")} };`,
    "",
  ].join("\n");
}

function checkOf(name: string, schema: TSchema): string {
  const { properties = {}, required = [], description } = schema as Plain;
  const fields = Object.entries(properties).map(([field, of]) => {
    const must = JSON.stringify(of.description);
    const check = conditionOf(of as TSchema);
    return `      { name: "${field}", required: ${required.includes(field)}, must: ${must}, check: ${check} },\n`;
  });
  const all = fields.length === 0 ? "[]" : `[\n${fields.join("")}    ]`;
  return `  ${name}: {\n    must: ${JSON.stringify(description)},\n    fields: ${all},\n  },`;
}

/** Of typebox's module, the one function that checks; regular expressions go from its list into the code. */
function conditionOf(schema: TSchema): string {
  const { Code: code, External: external } = Code(schema);
  const [, value, condition] = /^const \w+ = \(\((\w+)\) => (.*)\);$/m.exec(code) ?? [];
  const alone = code.split("\nconst ").length === 2 && !/Guard\.|Hashing\./.test(code);
  if (value === undefined || condition === undefined || !alone) {
    throw new Error(`typebox makes another kind of code than it did:\n${code}`);
  }
  const inlined = condition.replaceAll(/External\[(\d+)\]/g, (_, index: string) => String(external.variables[Number(index)]));
  return `(${value}: any) => ${inlined}`;
}

/** One function an object; an object in it has a function of its own, before it. */
function writerOf(name: string, schema: Plain): string {
  const inner: string[] = [];
  const fields = Object.entries(schema.properties ?? {}).map(([field, of], index) => {
    const own = name + field.charAt(0).toUpperCase() + field.slice(1);
    if (isShape(of)) inner.push(`${writerOf(own, of)}\n`);
    const text = `\`${index === 0 ? "{" : ","}"${field}":\${${written(of, `it.${field}`, own)}}\``;
    return `\n  ${isRequired(schema, field) ? text : `(it.${field} === undefined ? "" : ${text})`} +`;
  });
  const body = isShape(schema) ? `${fields.join("")} "}"` : " open(it)";
  return `${inner.join("")}const ${name} = (it: any): string =>${body};\n`;
}

function written(schema: Plain, value: string, own: string): string {
  switch ([schema.type].flat().find((type) => type !== "null")) {
    case "string": return `text(${value})`;
    case "integer":
    case "number": return `number(${value})`;
    case "boolean": return `flag(${value})`;
    case "array": return `list(${value}, ${[schema.items?.type].flat()[0] === "string" ? "text" : "open"})`;
    case "object": return isShape(schema) ? `object(${value}, ${own})` : `open(${value})`;
    case undefined:
    default: throw new Error(`${value} is of no type that an answer has had`);
  }
}

/** What is not is left out where there is nothing. The first field always is. */
function isRequired({ required = [] }: Plain, field: string): boolean {
  return required.includes(field);
}

/** An object of these fields and no others. */
function isShape({ properties, additionalProperties }: Plain): boolean {
  return properties !== undefined && additionalProperties === false;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(compiledModule());
