/** What a cell of the table says: three questions about one program in one column. */
import assert from "node:assert/strict";

import { Case } from "./case.ts";
import type { Column } from "./columns.ts";
import type { Process } from "./pen.ts";
import type { Program } from "./programs.ts";

/** "gone", or what is still there, and whether Sentry lists it as strays. */
type Verdict = string;

/** Whatever happens, nothing is left behind. */
export async function answer(program: Program, column: Column, name: string): Promise<string> {
  const clearing: (() => unknown)[] = [];
  const t = { after: (clear: () => unknown) => { clearing.unshift(clear); } };
  try {
    return await ask(new Case(t, program, column, name), program);
  } finally {
    for (const clear of clearing) await clear();
  }
}

async function ask(one: Case, program: Program): Promise<string> {
  await one.configure();
  await one.begin();
  if (await one.complete() === null) {
    // Sentry may have begun to start it anew.
    const daemon = one.members().filter(({ command }) => program.processes.some((process) => process.test(command)));
    return `not followed: ${await verdict(one, daemon)}`;
  }
  const verdicts: [string, Verdict][] = [
    ["stop", await stopped(one)], ["take-over", await stoppedAfterTakeOver(one)], ["main killed", await mainKilled(one)],
  ];
  await one.end();
  return inWords(verdicts);
}

async function stopped(one: Case): Promise<Verdict> {
  await one.down();
  return verdict(one, one.members());
}

async function stoppedAfterTakeOver(one: Case): Promise<Verdict> {
  await one.up();
  await one.complete();
  await one.crash();
  await one.begin();
  return stopped(one);
}

async function mainKilled(one: Case): Promise<Verdict> {
  await one.up();
  const main = await one.complete();
  assert(main !== null, "this time it is not followed");
  const before = one.members().map(({ pid }) => pid);
  await one.crash();
  process.kill(main, "SIGKILL");
  await one.gone(main);
  await one.begin();
  await one.started();
  const found = await verdict(one, one.members().filter(({ pid }) => before.includes(pid)));
  if (found === "gone") await one.complete(); // nothing is in its successor's way
  return found;
}

async function verdict(one: Case, left: readonly Process[]): Promise<Verdict> {
  if (left.length === 0) return "gone";
  const strays = await one.strays();
  const those = (listed: boolean): string[] =>
    [...new Set(left.filter(({ pid }) => strays.includes(pid) === listed).map(({ name }) => `\`${name}\``))];
  return [[those(true), "listed"] as const, [those(false), "left"] as const].filter(([names]) => names.length > 0)
    .map(([names, word]) => `${names.join(", ")} ${word}`).join(", ");
}

function inWords(verdicts: readonly [question: string, Verdict][]): string {
  const different = [...new Set(verdicts.map(([, verdict]) => verdict))];
  const [only, another] = different;
  if (only !== undefined && another === undefined) return only;
  const questions = (verdict: Verdict): string =>
    verdicts.filter(([, other]) => other === verdict).map(([question]) => question).join(", ");
  return different.map((verdict) => `${questions(verdict)}: ${verdict}`).join("; ");
}
