/**
 * Makes dist/openapi.json, which GET /openapi.json sends: OpenAPI 3.1, from the operations of interface.ts and the shapes of
 * schema.ts. `npm run dist` runs it.
 */
import { readFileSync } from "node:fs";

import { operations } from "./interface.ts";
import type { Answer, Operation } from "./interface.ts";
import { PROBLEMS } from "./problem.ts";
import { answers, requests } from "./schema.ts";
import type { RequestName } from "./schema.ts";

const ABOUT = `Sentry keeps programs running. Over its Unix socket everything can be asked. Over TCP what only reads is free on a
loopback address; all else asks for the token in Sentry's run folder.`;

const PARAMETERS: Readonly<Record<string, string>> = {
  id: "`entry:slot`, or the pid of the process",
  name: "name of the entry",
};

/** @param version of Sentry */
export function document(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = described(operation);
  const bodies = operations.flatMap(({ body }) => body ?? []);
  return {
    openapi: "3.1.0",
    info: {
      title: "Sentry", version, description: ABOUT.replace("\n", " "),
      license: { name: "BSD-3-Clause", identifier: "BSD-3-Clause" },
    },
    servers: [{ url: "http://127.0.0.1:8001", description: "where nothing else is configured" }],
    paths,
    components: {
      schemas: { ...answers, ...Object.fromEntries(bodies.map((name) => [name, requests[name]])) },
      responses: Object.fromEntries(statuses().map((status) => [status, problem(status)])),
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "the text of the file `token` in the run folder" } },
    },
  };
}

function described(operation: Operation): object {
  const { id, summary, open, query, headers = {}, body, form, answers: good } = operation;
  const parameters = [...inPath(operation.path), ...query === undefined ? [] : inQuery(query), ...inHeader(headers)];
  const problems = problemsOf(operation).map((status) => [status, { $ref: `#/components/responses/${status}` }]);
  const responses = Object.entries(good).map(([status, answer]) => [status, response(answer)]);
  return {
    operationId: id, summary,
    ...parameters.length > 0 && { parameters },
    ...body !== undefined && { requestBody: requestBody(body, form ? "application/x-www-form-urlencoded" : "application/json") },
    responses: Object.fromEntries([...responses, ...problems]),
    security: { always: [{}], reading: [{}, { token: [] }], token: [{ token: [] }] }[open],
  };
}

function inPath(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) =>
    ({ name, in: "path", required: true, description: PARAMETERS[name], schema: { type: "string" } }));
}

function inQuery(query: RequestName): object[] {
  return Object.entries(requests[query].properties).map(([name, { description, ...schema }]) =>
    ({ name, in: "query", description, schema }));
}

function inHeader(headers: Readonly<Record<string, string>>): object[] {
  return Object.entries(headers).map(([name, description]) =>
    ({ name, in: "header", description, schema: { type: "string" } }));
}

function requestBody(name: RequestName, media: string): object {
  const required = (requests[name].required ?? []).length > 0;
  return { required, content: { [media]: { schema: refTo(name) } } };
}

function response(answer: Answer): object {
  const content = "media" in answer
    ? Object.fromEntries(answer.media.map((media) => [media, { schema: { type: media === "application/json" ? "object" : "string" } }]))
    : { "application/json": { schema: answer.many ? { type: "array", items: refTo(answer.shape) } : refTo(answer.shape) } };
  return { description: answer.says, content };
}

function refTo(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

/** What else can become of it: beyond what it says itself, what follows from how it is asked. */
function problemsOf({ path, open, query, body, problems = [] }: Operation): number[] {
  const ofToken = open === "always" ? [] : [401];
  const ofQuery = query === undefined ? [] : [400];
  const ofPath = path.includes("{") ? [400, 404] : [];
  const ofBody = body === undefined ? [] : [400, 413, 415];
  const all = new Set([403, ...ofToken, ...ofQuery, ...ofPath, ...ofBody, ...problems]);
  return [...all].sort((a, b) => a - b);
}

/** All those that any operation has. */
function statuses(): number[] {
  return [...new Set(operations.flatMap(problemsOf))].sort((a, b) => a - b);
}

function problem(status: number): object {
  const codes = Object.entries(PROBLEMS).filter(([, [of]]) => of === status).map(([code, [, title]]) => `\`${code}\`: ${title}.`);
  return { description: codes.join(" "), content: { "application/problem+json": { schema: refTo("Problem") } } };
}

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  process.stdout.write(`${JSON.stringify(document(version))}\n`);
}
