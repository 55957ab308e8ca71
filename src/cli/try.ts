/** The process in which a reload is tried (trial.ts): this program, as it is on disk now. */
import { writeSync } from "node:fs";

import { changesBetween } from "../config/changes.ts";
import { definitionOf } from "../config/definition.ts";
import { loadConfig } from "../config/load.ts";
import { addonFile, loadAddon } from "../native/load.ts";
import { readText } from "../survival/snapshot.ts";
import { refuseUnknownAccounts } from "./accounts.ts";
import { refuseTooMany } from "./descriptors.ts";
import { KNOWN_VERSIONS } from "./handover.ts";
import { keepAll } from "./late.ts";
import { inForce } from "./in-force.ts";
import { pathsOf } from "./log-files.ts";
import { ANSWER } from "./trial.ts";
import type { Question, Verdict } from "./trial.ts";
import { version } from "./version.ts";

/** Reads the question from stdin, and answers it. Never throws: what goes wrong is the answer. */
export async function tryReload(): Promise<void> {
  let verdict: Verdict;
  try {
    verdict = await answer(JSON.parse(await read()) as Question);
  } catch (error) {
    verdict = { kind: "unusable", message: error instanceof Error ? error.message : String(error) };
  }
  const line = Buffer.from(`${JSON.stringify(verdict)}\n`);
  for (let written = 0; written < line.length;) written += writeSync(ANSWER, line, written);
}

async function answer({ handover, config, snapshot }: Question): Promise<Verdict> {
  const unusable = (why: string): Verdict =>
    ({ kind: "unusable", message: `the Sentry on disk (version ${version()}) cannot go on from the running one: ${why}` });
  if (!KNOWN_VERSIONS.includes(handover)) return unusable(`that hands over in form ${handover}, and this one knows ${KNOWN_VERSIONS.join(", ")}`);
  const left = readText(snapshot);
  if (left.kind !== "ok") return unusable(left.kind === "bad" ? `its state ${left.why}` : "it has no state");
  loadAddon();
  keepAll();
  const configuration = await loadConfig(config);
  refuseUnknownAccounts(configuration);
  refuseTooMany(configuration);
  const changes = changesBetween(inForce(left.snapshot), configuration.entries.map(definitionOf));
  const { entries, http } = configuration;
  return {
    kind: "usable", configuration, changes, addon: addonFile(), listen: entries.flatMap(({ listen }) => listen), http,
    logFiles: entries.flatMap(pathsOf), logged: entries.filter(({ log }) => log !== null).map(({ law: { name } }) => name),
  };
}

async function read(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += String(chunk);
  return text;
}
