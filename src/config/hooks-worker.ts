/**
 * The thread in which a configuration's `on` runs. It imports the compiled program, says that it has, and then answers each
 * event once `on` is done with it. Where the import fails the thread ends, and its host says so.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { SentryEvent } from "./events.ts";
import { importGiven, thrown, type ProgramCode } from "./thread.ts";

/** Null: it went well. Otherwise what was thrown, as text. */
export type Done = string | null;

const compiled = workerData as ProgramCode;
const [, options] = await importGiven(compiled);
const { on } = (options ?? {}) as { on?: (event: SentryEvent) => unknown };
if (typeof on !== "function") throw new TypeError("the configuration has no function `on` any more");

parentPort?.on("message", (event: SentryEvent) => void give(event));
answer(null);

async function give(event: SentryEvent): Promise<void> {
  try {
    await on?.(event);
    answer(null);
  } catch (error) {
    answer(thrown(error, compiled));
  }
}

function answer(done: Done): void {
  parentPort?.postMessage(done);
}
