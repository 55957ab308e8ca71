/**
 * What the threads have in common in which functions of a configuration run: how they come by the program, and the words for
 * what its functions throw.
 */
import { kindOf } from "./given.ts";
import { importable, legible, placesIn } from "./place.ts";
import { isProgram } from "./program.ts";
import { borrowRequire } from "./require.ts";

/** What each of them is given. */
export interface ProgramCode {
  /** The compiled program, from the configuration. */
  code: string;
  /** Where the configuration stands. */
  path: string;
}

/** What the program gave to `sentry`. It was checked when it was loaded; but it is a program, and may be another one today. */
export async function importGiven({ code, path }: ProgramCode): Promise<readonly unknown[]> {
  borrowRequire(path);
  const { default: exported } = await import(importable(code)) as { default?: unknown };
  return isProgram(exported) ? exported.given : [];
}

/** `Error: boo (sample.ts:5:8)` */
export function thrown(error: unknown, { code, path }: ProgramCode): string {
  if (!(error instanceof Error)) return `threw ${kindOf(error)}`;
  const [place] = placesIn(error.stack ?? "", code, path);
  return `${legible(`${error.name}: ${error.message}`, path)}${place === undefined ? "" : ` (${place})`}`;
}
