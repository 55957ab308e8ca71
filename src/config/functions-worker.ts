/**
 * The thread in which functions of a configuration run. It imports the compiled program once, and answers each call
 * with what the entry's `env` gives, or with what went wrong, as text.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Call, Returned } from "./functions.ts";
import { kindOf } from "./given.ts";
import { importable, legible, placesIn } from "./place.ts";
import { isProgram } from "./program.ts";
import { borrowRequire } from "./require.ts";

const { code, path } = workerData as { code: string; path: string };
type EnvFunction = (slot: Call) => unknown;

borrowRequire(path);
const program = import(importable(code)) as Promise<{ default?: unknown }>;
// Told with the first answer, and not as a rejection that nobody expects.
program.catch(() => undefined);

parentPort?.on("message", (call: Call) => {
  void answer(call).then((returned) => parentPort?.postMessage(returned));
});

async function answer(call: Call): Promise<Returned> {
  try {
    const env = functionOf((await program).default, call.entry);
    return { env: texts(await env({ ...call })) };
  } catch (error) {
    if (!(error instanceof Error)) return { error: `threw ${kindOf(error)}` };
    const [place] = placesIn(error.stack ?? "", code, path);
    return { error: `${legible(`${error.name}: ${error.message}`, path)}${place === undefined ? "" : ` (${place})`}` };
  }
}

/** The program was checked when the configuration was loaded; but it is a program, and may be another one today. */
function functionOf(exported: unknown, name: string): EnvFunction {
  const entries = isProgram(exported) ? exported.given[0] as { given: unknown[] }[] : [];
  const options = entries.find((entry) => entry.given[0] === name)?.given.at(-1) as { env?: unknown } | undefined;
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
