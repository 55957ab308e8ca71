/** What tests of reloads that meet trouble have in common. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

import { stateOf } from "./shown.ts";
import type { Site } from "./site.ts";

export const sleeper = 'entry("x", "sleep", ["1000"])';

export function isOver(pid: number): boolean {
  try {
    const state = stateOf(pid);
    return state === null || (state === "Z" && readdirSync(`/proc/${pid}/task`).length === 1); // the first thread may end before the others
  } catch {
    return true;
  }
}

/** The children of a process, each with the letter of its state and its words. */
export function childrenOf(parent: number): { pid: number; state: string; words: string }[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const [, state = "", ppid] = /\) (.) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return Number(ppid) === parent ? [{ pid: Number(name), state, words: readFileSync(`/proc/${name}/cmdline`, "utf8") }] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** A configuration with more program before its entries. */
export function program(site: Site, lines: readonly string[]): void {
  site.write("sample.ts", ['import { entry, sentry } from "sentryd";', ...lines, `export default sentry([${sleeper}], { http: false });\n`].join("\n"));
}

export async function reloads(site: Site): Promise<void> {
  const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
  assert.equal(code, 0, stderr);
}

export async function isRefused(site: Site): Promise<void> {
  const { code, stdout, stderr } = await site.sentry(["reload", "sample.ts"]);
  assert.deepEqual([code, stdout], [7, ""], stderr);
}

export async function startDetached(site: Site, node = process.execPath): Promise<number> {
  const { code, stderr } = await site.run(node, site.command("start", "-d", "sample.ts").slice(1));
  assert.equal(code, 0, stderr);
  return Number(readFileSync(site.path("sample.pid"), "utf8"));
}

export async function stops(site: Site): Promise<void> {
  const { code, stderr } = await site.sentry(["stop", "sample.ts"]);
  assert.equal(code, 0, stderr);
  await site.nobodyLeft();
}
