/**
 * The thread in which the functions `env` of a configuration run. It imports the compiled program once, and answers each
 * call with what the entry's `env` gives, or with what went wrong, as text.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Call, Returned } from "./functions.ts";
import { kindOf } from "./given.ts";
import { importGiven, thrown, type ProgramCode } from "./thread.ts";

type EnvFunction = (slot: Call) => unknown;

const compiled = workerData as ProgramCode;
const given = importGiven(compiled);
// Told with the first answer, and not as a rejection that nobody expects.
given.catch(() => undefined);

parentPort?.on("message", (call: Call) => {
  void answer(call).then((returned) => parentPort?.postMessage(returned));
});

async function answer(call: Call): Promise<Returned> {
  try {
    const env = functionOf(await given, call.entry);
    return { env: texts(await env({ ...call })) };
  } catch (error) {
    return { error: thrown(error, compiled) };
  }
}

function functionOf([entries]: readonly unknown[], name: string): EnvFunction {
  const entry = (entries as { given: unknown[] }[] | undefined)?.find(({ given: [known] }) => known === name);
  const options = entry?.given.at(-1) as { env?: unknown } | undefined;
  const env = options?.env;
  if (typeof env !== "function") throw new TypeError(`entry \`${name}\` has no function \`env\` any more`);
  return env as EnvFunction;
}

function texts(env: unknown): Record<string, string> {
  if (typeof env !== "object" || env === null || Array.isArray(env)) {
    throw new TypeError(`\`env\` gave ${kindOf(env)}, not an object`);
  }
  const given = Object.entries(env).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (name === "" || /[=\0]/.test(name)) throw new TypeError(`\`env\` gave a variable named ${kindOf(name)}`);
    if (typeof value === "string" && !value.includes("\0")) continue;
    throw new TypeError(`\`env\` gave ${kindOf(value)} for ${name}, not text`);
  }
  return Object.fromEntries(given);
}
