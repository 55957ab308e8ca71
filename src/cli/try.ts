/** The process in which a reload is tried (trial.ts): this program, as it is on disk now. */
import { writeSync } from "node:fs";

import { changesBetween } from "../config/changes.ts";
import { definitionOf } from "../config/definition.ts";
import { loadConfig } from "../config/load.ts";
import { loadAddon } from "../native/load.ts";
import { readText } from "../survival/snapshot.ts";
import { refuseTooMany } from "./descriptors.ts";
import { inForce } from "./in-force.ts";
import { ANSWER } from "./trial.ts";
import type { Question, Verdict } from "./trial.ts";

/** Reads the question from stdin, and answers it. Never throws: what goes wrong is the answer. */
export async function tryReload(): Promise<void> {
  let verdict: Verdict;
  try {
    verdict = await answer(JSON.parse(await read()) as Question);
  } catch (error) {
    verdict = { kind: "unusable", message: error instanceof Error ? error.message : String(error) };
  }
  const line = Buffer.from(JSON.stringify(verdict));
  for (let written = 0; written < line.length;) written += writeSync(ANSWER, line, written);
}

async function answer({ config, snapshot }: Question): Promise<Verdict> {
  const left = readText(snapshot);
  if (left.kind !== "ok") return { kind: "unusable", message: `this version of Sentry cannot take over from the running one: ${left.kind === "bad" ? left.why : "there is no state"}` };
  loadAddon();
  const configuration = await loadConfig(config);
  refuseTooMany(configuration);
  const changes = changesBetween(inForce(left.snapshot), configuration.entries.map(definitionOf));
  return { kind: "usable", configuration, changes, listen: configuration.entries.flatMap((entry) => entry.listen) };
}

async function read(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += String(chunk);
  return text;
}
