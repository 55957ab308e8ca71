import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import type { SentryError } from "../../src/errors.ts";

/** The first line of most configurations here. */
export const door = 'import { entry, sentry } from "sentryd";';

/** A folder of its own, with these files in it, for as long as `use` takes. */
export async function inFolder<Result>(
  files: Record<string, string>, use: (folder: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sentry-test-")));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Loads `sample.ts` of these files. */
export function load(sample: string, others: Record<string, string> = {}): Promise<Configuration> {
  return inFolder({ ...others, "sample.ts": sample }, (folder) => loadConfig(join(folder, "sample.ts")));
}

/** What is said about a configuration that cannot be used. */
export async function complaint(sample: string, others: Record<string, string> = {}): Promise<string> {
  const error = await load(sample, others).then(() => null, (reason: SentryError) => reason);
  if (error === null) throw new Error("it was loaded");
  if (error.code !== "E_CONFIG_INVALID" || error.exitCode !== 7) throw error;
  return error.message;
}
