/**
 * What routes say of what they are asked with and what they answer: the names of shapes of schema.ts, and how fastify comes
 * from there to the checks and writers that were compiled at build time. So nothing is compiled when Sentry runs, and
 * none of the compilers is there.
 */
import type { FastifySchemaCompiler, FastifySerializerCompiler, FastifyServerOptions } from "fastify";

import { checks, writers } from "./compiled.ts";
import { Problem, shortened } from "./problem.ts";
import type { Answered, AnswerName, RequestCheck, RequestName } from "./schema.ts";

/** Stands where fastify expects a JSON schema. */
type Shape =
  | { readonly $id: `asked ${string}`; readonly asked: RequestName }
  | { readonly $id: `answered ${string}`; readonly answered: AnswerName; readonly many: boolean };

/** For a body or a query string. */
export function asked(name: RequestName): Shape {
  return { $id: `asked ${name}`, asked: name };
}

export function answered(name: AnswerName): Shape {
  return { $id: `answered ${name}`, answered: name, many: false };
}

/** An array of them. */
export function answeredList(name: AnswerName): Shape {
  return { $id: `answered ${name}[]`, answered: name, many: true };
}

/** An answer as JSON, for those who keep its text. It holds what the schema names, and nothing else. */
export function write<Name extends AnswerName>(name: Name, value: Answered<Name>): string {
  return writers[name](value);
}

export function writeList<Name extends AnswerName>(name: Name, values: readonly Answered<Name>[]): string {
  return `[${values.map((value) => writers[name](value)).join(",")}]`;
}

export const validatorCompiler: FastifySchemaCompiler<Shape> = ({ schema, httpPart }) => {
  if (!("asked" in schema)) throw new Error(`${schema.$id} stands where a request is checked`);
  const check = checks[schema.asked];
  return (value: unknown) => {
    const complaint = complaintAbout(value, check, httpPart ?? "body");
    return complaint === null ? { value } : { error: new Problem("E_USAGE", complaint) };
  };
};

export const serializerCompiler: FastifySerializerCompiler<Shape> = ({ schema }) => {
  if (!("answered" in schema)) throw new Error(`${schema.$id} stands where an answer is written`);
  const { answered: name, many } = schema;
  return many ? (values) => writeList(name, values) : (value) => write(name, value);
};

const compilersFactory = { buildValidator: () => validatorCompiler, buildSerializer: () => serializerCompiler };

/**
 * For the option of that name, which fastify types after the compilers that it has by itself. It has to be there when the
 * app is made: else fastify loads those, and in the bundle there are none (absent.ts).
 */
export const schemaController = { compilersFactory } as unknown as FastifyServerOptions["schemaController"] & object;

/** What is wrong, naming the field; null where nothing is. */
function complaintAbout(value: unknown, { must, fields }: RequestCheck, part: string): string | null {
  // Without a body there is nothing, which is all right where nothing has to be there.
  const given = value ?? (fields.some(({ required }) => required) ? null : {});
  if (typeof given !== "object" || given === null || Array.isArray(given)) return `${part}: must be ${must}`;
  const names = fields.map(({ name }) => name);
  const stranger = Object.keys(given).find((name) => !names.includes(name));
  if (stranger !== undefined) return `${shortened(stranger)}: is not known here${known(names)}`;
  for (const { name, required, must: mustBe, check } of fields) {
    const field = (given as Record<string, unknown>)[name];
    if (field === undefined) {
      if (required) return `${name}: is missing; it must be ${mustBe}`;
    } else if (part === "querystring" && Array.isArray(field)) {
      return `${name}: is given more than once`;
    } else if (!check(field)) {
      return `${name}: must be ${mustBe}`;
    }
  }
  return null;
}

function known(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `; ${names.join(" and ")} ${names.length === 1 ? "is" : "are"}`;
}
