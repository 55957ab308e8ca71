/**
 * The process in which a configuration is compiled, run and checked: it starts for this, and ends with it. So a program
 * that throws, exits, hangs or fills the memory takes nothing down. What comes of it is one line of JSON on descriptor
 * 3: `{ configuration }` or `{ error }`.
 */
import { accessSync, constants, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { check } from "./check.ts";
import { compile } from "./compile.ts";
import { Complaint } from "./complaint.ts";
import { complete } from "./complete.ts";
import type { Configuration } from "./configuration.ts";
import { kindOf, readProgram } from "./given.ts";
import { checkOwnership } from "./ownership.ts";
import { importable, legible, placesIn } from "./place.ts";
import { borrowRequire } from "./require.ts";

/** What load.ts reads. */
export type Answer = { configuration: Configuration } | { error: string };

const path = process.argv[2] ?? "";
let code = "";

/** Nothing after the answer counts, and what the program left running (servers, timers) ends with this process. */
function answer(what: Answer): never {
  process.removeAllListeners("exit");
  const line = Buffer.from(`${JSON.stringify(what)}\n`);
  for (let written = 0; written < line.length;) written += writeSync(3, line, written);
  process.exit(0);
}

async function evaluate(): Promise<Configuration> {
  if (!statSync(path).isFile()) throw new Complaint(`${path} is no file`);
  accessSync(path, constants.R_OK);
  const compiled = await compile(path);
  if (process.geteuid?.() === 0) checkOwnership(compiled.inputs);
  code = compiled.code;
  // The program finds itself where it would be if it had been started alone.
  process.argv.splice(1, process.argv.length, path);
  borrowRequire(path);
  const program = await import(importable(code)) as { default?: unknown };
  if (!("default" in program)) throw new Complaint(`${path} has no default export: write \`export default sentry([...])\``);
  const given = readProgram(program.default, path);
  if (!check(given.asked)) throw (await import("./explain.ts")).explain(given);
  const completed = complete(path, dirname(path), given);
  const { entries, on } = completed;
  if (entries.some(({ schedule }) => schedule !== null)) (await import("./schedules.ts")).checkSchedules(entries, given.places);
  return { ...completed, code: on || entries.some(({ envFunction }) => envFunction) ? code : null };
}

/** One clear message for whatever went wrong. */
function messageOf(error: unknown): string {
  if (error instanceof Complaint) {
    const [place] = placesIn(error.place?.stack ?? "", code, path);
    return `${error.message}${place === undefined ? "" : ` (${place})`}${error.hint}`;
  }
  if (!(error instanceof Error)) return `${path} threw ${kindOf(error)}`;
  if (code === "") return `${path}: ${error.message}`;
  const [place, ...callers] = placesIn(error.stack ?? "", code, path);
  const what = `${path} threw ${legible(`${error.name}: ${error.message}`, path)}`;
  return [place === undefined ? what : `${what} (${place})`, ...callers.map((one) => `  from ${one}`)].join("\n");
}

const fail = (error: unknown): never => answer({ error: messageOf(error) });

process.on("uncaughtException", fail);
// The loop is empty, but the program has not come to its end.
process.on("beforeExit", () => answer({ error: `${path}: a top-level await waits for what never happens` }));
process.on("exit", (status) => {
  const [place] = placesIn(new Error().stack ?? "", code, path);
  return answer({ error: `${path} called process.exit(${status})${place === undefined ? "" : ` (${place})`}` });
});

await evaluate().then((configuration) => answer({ configuration }), fail);
